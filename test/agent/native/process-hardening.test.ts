// What the kernel says of a child after it has hardened itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { face, firstLine, runCode, startCode } from './child-program.ts';

describe('process hardening', () => {
  it('closes /proc/PID to the process’s own user when it is not dumpable, and opens it again', async () => {
    // Root sees through it, so as root the child is somebody else.
    const nobody = process.getuid?.() === 0 ? { uid: 65534 } : {};
    const child = startCode(
      `import { setDumpable } from '${face('process-hardening')}';
       setDumpable(false);
       process.stdin.once('data', () => { setDumpable(true); process.stdout.write('open\\n'); });
       process.stdout.write('closed\\n');`,
      nobody,
    );
    const owner = async (): Promise<number> => (await stat(`/proc/${child.pid}/environ`)).uid;
    assert.equal(await firstLine(child), 'closed');
    assert.equal(await owner(), 0);
    const opened = firstLine(child);
    child.stdin.write('open\n');
    assert.equal(await opened, 'open');
    assert.equal(await owner(), nobody.uid ?? process.getuid?.());
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('sets the limit for core dumps to nothing, for good', async () => {
    const { output } = await runCode(
      `import { disableCoreDumps } from '${face('process-hardening')}';
       import { readFileSync } from 'node:fs';
       disableCoreDumps();
       process.stdout.write(readFileSync('/proc/self/limits', 'utf8'));`,
    );
    assert.match(output, /^Max core file size +0 +0 +bytes/m);
  });

  it('ends with the process that started it', async () => {
    const grandchild = `import { setParentDeathSignal } from '${face('process-hardening')}';
      setParentDeathSignal('SIGKILL');
      setInterval(() => undefined, 1000);
      process.stdout.write(process.pid + '\\n');`;
    const parent = startCode(
      `import { spawn } from 'node:child_process';
       spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', ${JSON.stringify(grandchild)}],
         { stdio: ['ignore', 'inherit', 'inherit'] });`,
    );
    const pid = Number(await firstLine(parent));
    assert.match(await readFile(`/proc/${pid}/stat`, 'utf8'), new RegExp(`^${pid} `));
    // The grandchild holds the same pipe: 'close' comes only when it has ended too.
    const closed = once(parent, 'close');
    parent.kill('SIGKILL');
    await closed;
  });
});

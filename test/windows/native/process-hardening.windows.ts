// What others can do with a process before and after it has closed itself, and which libraries it takes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { disableCoreDumps, restrictLibraries, setParentDeathSignal } from '../../../agent/native/process-hardening.ts';
import { type Child, face, firstLine, runCode, startCode } from './windows-child.ts';

/** PROCESS_* and standard rights of winnt.h. */
const rights = {
  makeThread: 0x0002,
  readMemory: 0x0010,
  writeMemory: 0x0020,
  takeHandles: 0x0040,
  query: 0x1000,
  changeList: 0x40000,
  wait: 0x100000,
};

/** THREAD_*. */
const threadRights = {
  end: 0x0001,
  suspend: 0x0002,
  readContext: 0x0008,
  setContext: 0x0010,
  setToken: 0x0080,
  impersonate: 0x0100,
  wait: 0x100000,
};

describe('process hardening', () => {
  let child: Child | undefined;
  afterEach(() => {
    child?.kill();
    child = undefined;
  });

  it('ends a child with its parent, which is why no signal has to be asked for', async () => {
    setParentDeathSignal('SIGKILL');
    const parent = startCode(
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
       process.stdout.write(String(child.pid));
       setInterval(() => undefined, 1000);`,
    );
    const child = Number(await firstLine(parent));
    assert.ok(process.kill(child, 0));
    parent.kill();
    await once(parent, 'exit');
    const deadline = performance.now() + 5000;
    const isThere = (): boolean => {
      try {
        return process.kill(child, 0);
      } catch {
        return false;
      }
    };
    while (isThere() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isThere(), false);
  });

  it('keeps other programs of the user out of its memory, and lets them wait for it and end it', async () => {
    child = startCode(
      `import { setDumpable } from '${face('process-hardening')}';
       process.stdin.on('data', (order) => {
         setDumpable(order.toString() === 'true');
         process.stdout.write('done');
       });
       process.stdout.write('up');`,
    );
    await firstLine(child);
    const canOpen = (right: number): boolean => accessTool('open', child, right) === '0';
    const order = async (dumpable: boolean): Promise<void> => {
      child?.stdin.write(String(dumpable));
      await firstLine(child!);
    };
    assert.ok(canOpen(rights.readMemory));
    await order(false);
    for (const right of [rights.readMemory, rights.writeMemory, rights.makeThread, rights.takeHandles]) {
      assert.equal(canOpen(right), false, `right ${right.toString(16)}`);
    }
    // Wine gives the owner this right whatever the list says of OWNER RIGHTS.
    assert.equal(canOpen(rights.changeList), process.env['KORTBRO_WINE'] !== undefined);
    assert.ok(canOpen(rights.wait) && canOpen(rights.query));
    await order(true);
    assert.ok(canOpen(rights.readMemory));
    await order(false);
    process.kill(child.pid!);
    await once(child, 'exit');
  });

  it('keeps them out of its threads: of those that were there, and of those that have come since', async () => {
    child = startCode(
      `import { setDumpable } from '${face('process-hardening')}';
       import { readFile } from 'node:fs';
       import { Worker } from 'node:worker_threads';
       const threads = {
         closed: () => setDumpable(false),
         more: () => new Promise((resolve) => {
           for (let i = 0; i < 8; i++) readFile(process.execPath, () => undefined);
           new Worker('setInterval(() => undefined, 1000)', { eval: true }).once('online', resolve);
         }),
       };
       process.stdin.on('data', async (order) => {
         await threads[order.toString()]();
         process.stdout.write('done');
       });
       process.stdout.write('up');`,
    );
    await firstLine(child);
    const threads = (right: number): { all: number; opened: number } =>
      JSON.parse(accessTool('threads', child, right)) as { all: number; opened: number };
    const before = threads(threadRights.setContext);
    assert.ok(before.all > 1);
    assert.equal(before.opened, before.all);
    for (const order of ['closed', 'more']) {
      child.stdin.write(order);
      assert.equal(await firstLine(child), 'done');
      const { wait, ...taking } = threadRights;
      for (const [what, right] of Object.entries(taking)) assert.equal(threads(right).opened, 0, `${order}: ${what}`);
      const { all, opened } = threads(wait);
      assert.equal(opened, all);
      if (order === 'more') assert.ok(all > before.all, `${before.all} threads, then ${all}`);
    }
  });

  it('asks for no crash dialog and no report, and goes on', () => {
    disableCoreDumps();
  });

  it('takes libraries from good places only, and still loads what the system has', async () => {
    const refused = restrictLibraries();
    assert.ok(!refused.includes('current-directory'));
    const { output } = await runCode(
      `import { restrictLibraries } from '${face('process-hardening')}';
       import { proxyFor } from '${face('system-proxy')}';
       restrictLibraries();
       process.stdout.write(JSON.stringify(await proxyFor('https://example.se/')));`,
    );
    assert.equal(output, '[]');
  });
});

/** What another program of the user is told. */
function accessTool(what: 'open' | 'threads', child: Child | undefined, right: number): string {
  const words = [what, String(child?.pid), right.toString(16)];
  return execFileSync(join(dirname(process.execPath), 'access-tool.exe'), words, { encoding: 'utf8' }).trim();
}

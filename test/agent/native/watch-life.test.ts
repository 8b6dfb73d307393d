// The ends that a watch can meet without being stopped: a worker that is terminated, a listener that throws.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { runCode } from './child-program.ts';

const ADDON = fileURLToPath(new URL('../../../agent/native/build/Release/kortbro.node', import.meta.url));
/** No service and no bus: both threads are then waiting for their next attempt, or at it. */
const nothingThere = {
  PCSCLITE_CSOCK_NAME: '/nonexistent/pcscd.comm',
  DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus',
  XDG_SESSION_ID: 'c1',
};

describe('a watch at the end of its environment', () => {
  it('ends with the worker that started it, and leaves the process well', async () => {
    const worker = `const addon = require(${JSON.stringify(ADDON)});
      const { parentPort } = require('node:worker_threads');
      addon.startReaderWatch(() => parentPort.postMessage('reader'));
      addon.watchSession(() => parentPort.postMessage('session'));
      void addon.transmit('A reader', [Buffer.alloc(4)], 3);`;
    const { output, code, signal } = await runCode(
      `import { readdirSync } from 'node:fs';
       import { once } from 'node:events';
       import { Worker } from 'node:worker_threads';
       const round = async () => {
         const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
         await once(worker, 'message');
         await worker.terminate();
         return readdirSync('/proc/self/task').length;
       };
       const first = await round();
       let last = first;
       for (let i = 0; i < 9; ++i) last = await round();
       process.stdout.write(first + ' ' + last);`,
      { env: nothingThere },
    );
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    const [first, last] = output.split(' ').map(Number);
    assert.ok(last! <= first! + 2, `threads: ${first} after the first round, ${last} after ten`);
  });

  it('throws what its listener throws as an uncaught exception', async () => {
    const { output, code } = await runCode(
      `import { createRequire } from 'node:module';
       const addon = createRequire(import.meta.url)(${JSON.stringify(ADDON)});
       process.on('uncaughtException', (error) => { process.stdout.write(error.message); watch.stop(); });
       const watch = addon.startReaderWatch(() => { throw new Error('thrown by the listener'); });`,
      { env: nothingThere },
    );
    assert.deepEqual({ output, code }, { output: 'thrown by the listener', code: 0 });
  });

  it('can be stopped by its own listener', async () => {
    const { output, code } = await runCode(
      `import { createRequire } from 'node:module';
       const addon = createRequire(import.meta.url)(${JSON.stringify(ADDON)});
       const watch = addon.startReaderWatch((picture) => { process.stdout.write(picture.service); watch.stop(); });`,
      { env: nothingThere },
    );
    assert.deepEqual({ output, code }, { output: 'stopped', code: 0 });
  });

  it('loads without pulling in the PC/SC library or libsystemd', async () => {
    const { output } = await runCode(
      `import { createRequire } from 'node:module';
       import { readFileSync } from 'node:fs';
       createRequire(import.meta.url)(${JSON.stringify(ADDON)});
       process.stdout.write(readFileSync('/proc/self/maps', 'utf8'));`,
    );
    assert.ok(output.includes('kortbro.node'));
    assert.ok(!output.includes('libpcsclite'));
    assert.ok(!output.includes('libsystemd'));
  });

  it('answers "no-libsystemd" when that library cannot be loaded', async () => {
    const { output } = await runCode(
      `import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
       import { spawnSync } from 'node:child_process';
       import { tmpdir } from 'node:os';
       import { join } from 'node:path';
       const directory = mkdtempSync(join(tmpdir(), 'kortbro-library-'));
       writeFileSync(join(directory, 'libsystemd.so.0'), 'no library');
       const code = 'const a = require(process.argv[1]); process.stdout.write(String([a.sessionUnavailable(), a.watchSession(() => 0)]))';
       const { stdout } = spawnSync(process.execPath, ['-e', code, ${JSON.stringify(ADDON)}],
         { env: { ...process.env, LD_LIBRARY_PATH: directory } });
       rmSync(directory, { recursive: true });
       process.stdout.write(stdout);`,
    );
    assert.equal(output, 'no-libsystemd,');
  });
});

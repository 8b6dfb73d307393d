// The ends that a watch can meet without being stopped: a worker that is terminated, a listener that throws.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { runCode } from './windows-child.ts';

const ADDON = JSON.stringify(join(dirname(process.execPath), 'kortbro.node'));
const load = `import { createRequire } from 'node:module'; const addon = createRequire(import.meta.url)(${ADDON});`;

describe('a watch at the end of its environment', () => {
  it('ends with the worker that started it, and leaves the process well', async () => {
    const worker = `const addon = require(${ADDON});
      const { parentPort } = require('node:worker_threads');
      addon.startPipeServer('\\\\\\\\.\\\\pipe\\\\kortbro-worker-' + process.pid, () => undefined);
      addon.watchRegistry('SOFTWARE', () => parentPort.postMessage('registry'));
      addon.startReaderWatch(() => undefined);`;
    const { output, code } = await runCode(
      `import { once } from 'node:events';
       import { Worker } from 'node:worker_threads';
       for (let i = 0; i < 5; ++i) {
         const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
         await once(worker, 'message');
         await worker.terminate();
       }
       process.stdout.write('well');`,
    );
    assert.deepEqual({ output, code }, { output: 'well', code: 0 });
  });

  it('throws what its listener throws as an uncaught exception', async () => {
    const { output, code } = await runCode(
      `${load}
       process.on('uncaughtException', (error) => { process.stdout.write(error.message); watch.stop(); });
       const watch = addon.watchRegistry('SOFTWARE', () => { throw new Error('thrown by the listener'); });`,
    );
    assert.deepEqual({ output, code }, { output: 'thrown by the listener', code: 0 });
  });

  it('does not keep a process that exits with it running', async () => {
    const { output, code } = await runCode(
      `${load}
       addon.watchRegistry('SOFTWARE', () => { process.stdout.write('up'); process.exit(7); });
       addon.startReaderWatch(() => undefined);`,
    );
    assert.deepEqual({ output, code }, { output: 'up', code: 7 });
  });
});

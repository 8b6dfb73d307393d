// Where the thread's program is: beside the bundled agent, beside the executable on Windows, and in development its source.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type WorkerOptions } from 'node:worker_threads';

const name = 'signature-worker.mjs';

/** What `new Worker` wants to know. Nothing that the agent was started with is passed on (an inspector, a loader). */
export function workerProgram(): { program: string; options: Pick<WorkerOptions, 'execArgv' | 'eval'> } {
  if (process.platform === 'win32')
    return { program: join(dirname(process.execPath), name), options: { execArgv: [] } };
  const here = fileURLToPath(import.meta.url);
  if (!here.endsWith('.ts')) return { program: join(dirname(here), name), options: { execArgv: [] } };
  // Loaders that are named on a command line do not reach threads (Node 20).
  const tsx = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = pathToFileURL(join(dirname(tsx), 'dist/esm/api/index.mjs')).href;
  const source = pathToFileURL(join(dirname(here), 'signature-worker.ts')).href;
  const program = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); });`;
  return { program, options: { execArgv: [], eval: true } };
}

// Where the thread's program is: beside the bundled agent, within the agent's executable on Windows, and in development its source.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type WorkerOptions } from 'node:worker_threads';

const name = 'signature-worker.mjs';

/** What `new Worker` wants to know. Nothing that the agent was started with is passed on (an inspector, a loader). */
export function workerProgram(): { program: string; options: Pick<WorkerOptions, 'execArgv' | 'eval'> } {
  if (process.platform === 'win32') return { program: withinExecutable(), options: { execArgv: [], eval: true } };
  const here = fileURLToPath(import.meta.url);
  if (!here.endsWith('.ts')) return { program: join(dirname(here), name), options: { execArgv: [] } };
  // Loaders that are named on a command line do not reach threads (Node 20).
  const tsx = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = pathToFileURL(join(dirname(tsx), 'dist/esm/api/index.mjs')).href;
  const source = pathToFileURL(join(dirname(here), 'signature-worker.ts')).href;
  const program = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); });`;
  return { program, options: { execArgv: [], eval: true } };
}

/**
 * A few lines that load the thread's program from the executable, whose signature covers it; no file is read. It is an ES module and
 * asks what its own address is, so it gets one beside the executable, where nothing need stand. Node 24: module.registerHooks.
 */
function withinExecutable(): string {
  const address = JSON.stringify(pathToFileURL(join(dirname(process.execPath), name)).href);
  return `
    const source = require('node:sea').getAsset('${name}', 'utf8');
    require('node:module').registerHooks({
      resolve: (asked, context, next) => asked === ${address} ? { url: asked, format: 'module', shortCircuit: true } : next(asked, context),
      load: (asked, context, next) => asked === ${address} ? { format: 'module', source, shortCircuit: true } : next(asked, context),
    });
    import(${address});`;
}

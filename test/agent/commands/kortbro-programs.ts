// The programs as they are shipped, bundled once into a directory of the tests' own, and a user with a home, a session directory
// and a simulator in which a test runs them. Nothing of the machine's is used but Node and the built addon.
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { SimulatorControl } from '../../../agent/tokens/simulator/simulator-control.ts';
import { endpointFileName } from '../../../shared/names.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'kortbro-command-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** What the tests use of installer/bundle.mjs, which is plain JavaScript. */
interface Bundler {
  bundle: (options: { entry: string; outfile: string; development: boolean }) => Promise<string[]>;
  declareCommonJs: (directory: string) => Promise<void>;
}

let built: Promise<string> | undefined;

/** Bundles agent, module host, native host and command as installer/build.mjs does. @returns the directory */
export function builtPrograms(): Promise<string> {
  built ??= (async () => {
    const dist = join(scratch, 'dist');
    const { bundle, declareCommonJs } = (await import(here('../../../installer/bundle.mjs'))) as Bundler;
    await declareCommonJs(dist);
    const programs = [
      ['agent/main.ts', 'agent/main.js'],
      ['agent/tokens/module-host-main.ts', 'agent/module-host.js'],
      ['agent/signatures/worker/signature-worker.ts', 'agent/signature-worker.mjs'],
      ['native-host/main.ts', 'native-host/main.js'],
      ['agent/commands/main.ts', 'agent/kortbro.js'],
    ] as const;
    for (const [entry, outfile] of programs) {
      await bundle({ entry: here(`../../../${entry}`), outfile: join(dist, outfile), development: true });
    }
    copyFileSync(here('../../../agent/native/build/Release/kortbro.node'), join(dist, 'agent/kortbro.node'));
    copyFileSync(here('../../../agent/tokens/pkcs11/opensc.conf'), join(dist, 'agent/opensc.conf'));
    symlinkSync(here('../../../node_modules'), join(dist, 'node_modules'));
    return dist;
  })();
  return built;
}

/** How a command ended. */
export interface Run {
  code: number | null;
  output: string;
  errors: string;
}

/** A user of the programs. */
export interface TestUser {
  directory: string;
  home: string;
  simulator: SimulatorControl;
  simulatorDirectory: string;
  environment: Record<string, string>;
  policy: (content: unknown) => void;
  /** Starts the command and answers at once. */
  start: (
    words: readonly string[],
    environment?: Record<string, string>,
  ) => { process: ChildProcess; ended: Promise<Run> };
  /** Runs it to its end. */
  run: (words: readonly string[], environment?: Record<string, string>) => Promise<Run>;
  /** The process of the agent that runs for this user. */
  agentProcess: () => number;
  /** Ends the agent and removes everything. */
  remove: () => Promise<void>;
}

/** Makes a user whose policy names a simulator of their own, with no card in it. */
export async function newUser(): Promise<TestUser> {
  const dist = await builtPrograms();
  const directory = mkdtempSync(join(scratch, 'user-'));
  const inside = (name: string) => {
    mkdirSync(join(directory, name), { mode: 0o700 });
    return join(directory, name);
  };
  const [home, runtime, state, simulatorDirectory] = [inside('home'), inside('run'), inside('state'), inside('sim')];
  mkdirSync(join(simulatorDirectory, 'cards'), { mode: 0o700 });
  const policyPath = join(directory, 'policy.json');
  const policy = (content: unknown) =>
    writeFileSync(policyPath, typeof content === 'string' ? content : JSON.stringify(content));
  policy({ tokens: [{ type: 'simulator', directory: simulatorDirectory }] });
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: runtime,
    XDG_STATE_HOME: state,
    KORTBRO_DEVELOPMENT_POLICY: policyPath,
  };
  const agentProcess = () => {
    const file = readFileSync(join(runtime, 'kortbro/default', endpointFileName), 'utf8');
    return (JSON.parse(file) as { processId: number }).processId;
  };
  const start: TestUser['start'] = (words, more = {}) => {
    const child = spawn(process.execPath, [join(dist, 'agent/kortbro.js'), ...words], {
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const ended = Promise.all([code, text(child.stdout), text(child.stderr)]);
    return { process: child, ended: ended.then(([exit, output, errors]) => ({ code: exit, output, errors })) };
  };
  return {
    directory,
    home,
    simulator: new SimulatorControl(simulatorDirectory),
    simulatorDirectory,
    environment,
    policy,
    start,
    run: (words, more) => start(words, more).ended,
    agentProcess,
    remove: async () => {
      try {
        const process_ = agentProcess();
        // At once: what the agent does when it is asked to end is not the matter here.
        process.kill(process_, 'SIGKILL');
        await gone(process_);
      } catch {
        // No agent was started, or it has ended.
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves when the process is there no more. */
export async function gone(processId: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    try {
      process.kill(processId, 0);
    } catch {
      return;
    }
    if (performance.now() > deadline) throw new Error(`process ${processId} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The private directory of one run: everything that it writes lies below, and nothing is left when it ends. It holds a copy of
// the built product too, so that a rebuild changes nothing in a run, and each of its processes names the directory on its
// command line: by that what is left over can be found.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface DemoDirectory {
  readonly path: string;
  /** The built product. */
  readonly dist: string;
  /** A directory below, made, 0700. */
  make(name: string): string;
  /** Environment of every process of the run: ours, with the places in which the product keeps things put below. */
  environment(headless: boolean): Record<string, string>;
  remove(): void;
}

/** A process of the run. */
export interface DemoProcess {
  readonly processId: number;
  readonly parentId: number;
  readonly part: 'agent' | 'module-host' | 'native-host' | 'browser' | 'extension' | 'pinentry' | 'other';
}

/** @param dist the product as `npm run build` makes it. @throws Error when it has not been built */
export function makeDemoDirectory(dist: string): DemoDirectory {
  if (!existsSync(join(dist, 'agent/main.js'))) throw new Error(`${dist} has no agent: run npm run build first`);
  // A Unix socket's path has at most 107 bytes: the name is short.
  const path = mkdtempSync(join(tmpdir(), 'kortbro-demo-'));
  const make = (name: string) => {
    const made = join(path, name);
    mkdirSync(made, { recursive: true, mode: 0o700 });
    return made;
  };
  cpSync(dist, join(path, 'dist'), { recursive: true });
  // Native packages are no part of the bundle.
  const packages = dirname(dirname(createRequire(import.meta.url).resolve('pkcs11js/package.json')));
  symlinkSync(resolve(packages), join(path, 'node_modules'));
  return {
    path,
    dist: join(path, 'dist'),
    make,
    environment: (headless) => ({
      ...environment(make('run'), headless),
      XDG_STATE_HOME: make('state'),
      TMPDIR: make('tmp'),
    }),
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function environment(runtime: string, headless: boolean): Record<string, string> {
  const { WAYLAND_DISPLAY: wayland, XDG_RUNTIME_DIR: ours } = process.env;
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !(headless && ['DISPLAY', 'WAYLAND_DISPLAY'].includes(name)),
  );
  // A display server is found by its name in the runtime directory, which is another one here.
  if (!headless && wayland !== undefined && !wayland.startsWith('/') && ours !== undefined) {
    const place = join(runtime, wayland);
    if (!existsSync(place)) symlinkSync(join(ours, wayland), place);
  }
  return { ...(Object.fromEntries(kept) as Record<string, string>), XDG_RUNTIME_DIR: runtime };
}

/** Every running process with `directory` on its command line. Linux. */
export function processesOf(directory: string): DemoProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (!command.includes(`${directory}/`)) return [];
      // Fields of proc(5) stat after the program's name, which may hold anything: state, parent.
      const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state === 'Z' ? [] : [{ processId: Number(name), parentId: Number(parent), part: partOf(command) }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function partOf(command: string): DemoProcess['part'] {
  if (command.includes('/agent/module-host.js\0')) return 'module-host';
  if (command.includes('/agent/main.js\0')) return 'agent';
  if (command.includes('/native-host/main.js\0')) return 'native-host';
  if (command.includes('/scripted-pinentry\0')) return 'pinentry';
  if (command.includes('--extension-process')) return 'extension';
  return command.includes('--user-data-dir=') ? 'browser' : 'other';
}

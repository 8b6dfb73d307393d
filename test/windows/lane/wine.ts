// A Windows of a test's own: Wine 10 in the lane's Debian, in namespaces of its own. Every process in it ends with `end`, and with
// the process that started it. Its disk is the lane's, untouched: what is written goes with it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chrootPath } from './chroot.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The prefix that every Windows starts from, within the lane's Debian. */
const prefix = '/var/lib/kortbro/prefix';

/** What no test needs; to be kept by one that adds to WINEDLLOVERRIDES. */
export const dllOverrides = 'winemenubuilder.exe=d;mscoree=d;mshtml=d';

const environment: Readonly<Record<string, string>> = {
  PATH: '/usr/lib/wine:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  // Names of files beyond ASCII.
  LC_ALL: 'C.UTF-8',
  WINEPREFIX: prefix,
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  // For tests of what Wine cannot show.
  KORTBRO_WINE: '1',
  WINEDLLOVERRIDES: dllOverrides,
};

/**
 * $1 the lane's Debian; $2 the folder that is the prefix, or nothing for a passing copy of the lane's; then the folders to share, each
 * by its own path. Ends with its stdin.
 */
const enter = `set -e
root=$1 kept=$2; shift 2
mount -t tmpfs none "$root/tmp"
mount -t tmpfs none "$root/run"
mount -t proc none "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
if [ -n "$kept" ]; then
  mount --bind "$kept" "$root${prefix}"
else
  mkdir "$root/tmp/.above" "$root/tmp/.work"
  mount -t overlay overlay -o "lowerdir=$root${prefix},upperdir=$root/tmp/.above,workdir=$root/tmp/.work" "$root${prefix}"
fi
for folder; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
done
echo ready
while read -r line; do :; done`;

/** A program that runs. */
export interface WineProcess {
  /** What it has written to both streams so far. */
  output: () => string;
  /** Its exit code modulo 256, once it has ended. */
  readonly ended: Promise<number>;
  /** Ends it as the task manager does, and waits for that. */
  kill: () => Promise<void>;
}

export interface RunOptions {
  /** Added to the environment; DISPLAY for a program with windows that are to be seen. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After which the program is ended and the run fails; 120. */
  readonly seconds?: number;
}

export interface Wine {
  /** Shared by the same path, and `Z:` before it within; removed at the end. */
  readonly directory: string;
  /** Runs a Windows program to its end. Its output goes through a file: programs under Wine do not take Unix pipes. */
  run(words: readonly string[], options?: RunOptions): Promise<{ status: number; output: string }>;
  /** Starts a Windows program. */
  start(words: readonly string[], options?: Pick<RunOptions, 'environment'>): WineProcess;
  /** A process in there that lives as long as it does, by this machine's id. */
  readonly inside: number;
  /** The words by which this machine runs a program of the lane's Debian in there: `wine64 ...`, `Xvfb`, `xdotool ...`. */
  words(command: readonly string[], environment?: Readonly<Record<string, string>>): [string, ...string[]];
  end(): Promise<void>;
}

/** A path of ours as Windows programs have it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** Why there is no Wine here; undefined when there is. */
export function wineUnavailable(): string | undefined {
  if (process.getuid?.() !== 0) return 'Wine is run as root in namespaces of its own';
  return existsSync(join(chrootPath(), 'etc/kortbro-lane')) ? undefined : "the lane's Debian has not been made";
}

/**
 * Starts one, with the project to be read at its own path and `share` (folders, to be written) at theirs. `environment` is for all
 * programs in it.
 */
export async function startWine(
  options: { readonly share?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Wine> {
  await preparePrefix();
  const directory = await mkdtemp(join(tmpdir(), 'kortbro-wine-'));
  const place = await enterNamespaces('', [directory, project, ...(options.share ?? [])]);
  return new RunningWine(directory, place, options.environment ?? {});
}

/** Makes the prefix unless it is there. Two that make it at the same time make one each, and the first holds. */
async function preparePrefix(): Promise<void> {
  const finished = join(chrootPath(), prefix);
  if (existsSync(join(finished, 'system.reg'))) return;
  mkdirSync(finished, { recursive: true });
  const unfinished = await mkdtemp(`${finished}-`);
  try {
    const place = await enterNamespaces(unfinished, []);
    // With no screen to be had, windows are made all the same, and nobody sees them.
    const drivers = 'wine64 reg add "HKCU\\Software\\Wine\\Drivers" /v Graphics /d x11,null /f';
    // The prefix is whole when its server has written it down, which it does at its own end.
    const words = place.words(['sh', '-c', `wine64 wineboot --init; ${drivers}; wineserver --wait`], {});
    const { status, error } = spawnSync(words[0], words.slice(1), { stdio: 'ignore', timeout: 300_000 });
    await place.leave();
    if (error !== undefined) throw error;
    if (status !== 0 || !existsSync(join(unfinished, 'system.reg'))) throw new Error('Wine makes no prefix');
    // Takes the place of an empty folder, and of nothing else.
    await rename(unfinished, finished).catch((failure: unknown) => {
      if (!existsSync(join(finished, 'system.reg'))) throw failure;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** A set of namespaces with a program in it that keeps them. */
interface Place {
  readonly inside: number;
  /** The words that run a command in there. */
  words: (command: readonly string[], environment: Readonly<Record<string, string>>) => [string, ...string[]];
  leave: () => Promise<void>;
}

async function enterNamespaces(kept: string, share: readonly string[]): Promise<Place> {
  const root = chrootPath();
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
  const keeper = spawn('unshare', [...namespaces, 'sh', '-c', enter, 'sh', root, kept, ...share], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(keeper, 'exit');
  const complaints = text(keeper.stderr);
  const ready = await Promise.race([once(keeper.stdout, 'data'), ended.then(() => undefined)]);
  if (ready === undefined) throw new Error(`no namespaces for Wine: ${await complaints}`);
  const inside = childOf(keeper);
  return {
    inside,
    words: (command, more) => {
      const set = Object.entries({ ...environment, ...more }).map(([name, value]) => `${name}=${value}`);
      const enterThem = ['--target', String(inside), '--mount', '--pid'];
      return ['nsenter', ...enterThem, 'chroot', root, 'env', '-i', ...set, ...command];
    },
    leave: async () => {
      keeper.stdin.end();
      await ended;
    },
  };
}

/** The process as this machine sees it that unshare or nsenter (the first of `words`) has made: it has become the program. */
export function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

class RunningWine implements Wine {
  readonly directory: string;
  readonly #place: Place;
  readonly #environment: Readonly<Record<string, string>>;
  #outputs = 0;

  constructor(directory: string, place: Place, everywhere: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#place = place;
    this.#environment = everywhere;
  }

  start(words: readonly string[], options: Pick<RunOptions, 'environment'> = {}): WineProcess {
    const path = join(this.directory, `output-${++this.#outputs}`);
    const file = openSync(path, 'w');
    const [program, ...rest] = this.words(['wine64', ...words], options.environment);
    const child = spawn(program, rest, { stdio: ['ignore', file, file] });
    closeSync(file);
    const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1));
    return {
      output: () => readFileSync(path, 'utf8'),
      ended,
      kill: async () => {
        if (child.exitCode === null && child.signalCode === null) process.kill(childOf(child), 'SIGKILL');
        await ended;
      },
    };
  }

  get inside(): number {
    return this.#place.inside;
  }

  words(command: readonly string[], more: Readonly<Record<string, string>> = {}): [string, ...string[]] {
    return this.#place.words(command, { ...this.#environment, ...more });
  }

  async run(words: readonly string[], options: RunOptions = {}): Promise<{ status: number; output: string }> {
    const running = this.start(words, options);
    const seconds = options.seconds ?? 120;
    const limit = new AbortController();
    const late = sleep(seconds * 1000, undefined, { signal: limit.signal }).catch(() => undefined);
    const status = await Promise.race([running.ended, late]);
    limit.abort();
    if (status === undefined) {
      await running.kill();
      throw new Error(`${words[0] ?? ''} did not end within ${seconds} s:\n${running.output().slice(-2000)}`);
    }
    return { status, output: running.output() };
  }

  async end(): Promise<void> {
    await this.#place.leave();
    await rm(this.directory, { recursive: true, force: true });
  }
}

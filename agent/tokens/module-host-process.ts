// Starts the child process in which a driver runs: which program, in which environment. What goes in is a closed list, so that
// nothing in the user's environment (LD_PRELOAD, NODE_OPTIONS, the PKCS#11 spy) can put itself between driver and card.
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A running module host and our end of its fd 3. */
export interface HostChild {
  process: ChildProcess;
  channel: Socket;
}

/** Variables that are passed on: where pcscd is, whose home and language, and what a redirected PC/SC needs. */
const passedOn =
  /^(?:HOME|USER|LOGNAME|PATH|TMPDIR|LANG|LANGUAGE|LC_[A-Z]+|XDG_[A-Z_]+|PCSCLITE_CSOCK_NAME|CITRIX_SESSION_ID)$/;

/** The same for Windows, whose names know no case: where the system, programs and profiles are, and what a remote session says. */
const passedOnByWindows =
  /^(?:SYSTEM(?:ROOT|DRIVE)|WINDIR|TE?MP|USER(?:PROFILE|NAME|DOMAIN)|(?:LOCAL)?APPDATA|ALLUSERSPROFILE|COMPUTERNAME|PROGRAMDATA|(?:COMMON)?PROGRAM(?:FILES(?:\(X86\))?|W6432)|PROCESSOR_\w+|NUMBER_OF_PROCESSORS|CLIENTNAME|SESSIONNAME)$/i;

/**
 * Memory that a driver frees is overwritten at once (glibc; without the per-thread cache, which would skip that): OpenSC 0.23 frees
 * text in which it has written out the VERIFY command, PIN and all.
 */
const mallocTunables = 'glibc.malloc.perturb=165:glibc.malloc.tcache_count=0';

/** The child's environment, made from ours. `openscConfiguration` is the path of our own opensc.conf. Pure. */
export function hostEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
  openscConfiguration: string,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const isWindows = platform === 'win32';
  const environment: Record<string, string> = { OPENSC_CONF: openscConfiguration };
  if (!isWindows) environment['GLIBC_TUNABLES'] = mallocTunables;
  const pattern = isWindows ? passedOnByWindows : passedOn;
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && pattern.test(name)) environment[name] = value;
  }
  // What a driver loads by name alone is looked for along PATH as well: nobody but the system has anything there.
  if (isWindows) environment['PATH'] = systemPath(ours);
  return environment;
}

function systemPath(environment: Readonly<Record<string, string | undefined>>): string {
  const root = Object.entries(environment).find(([name]) => /^SYSTEMROOT$/i.test(name))?.[1] ?? 'C:\\Windows';
  return `${root}\\System32;${root}`;
}

/**
 * Starts a module host. It has not said anything yet; a start that fails is told by the process's 'error' event.
 * @throws Error when the system has no file descriptors left
 */
export function spawnHost(): HostChild {
  const { program, configuration } = hostFiles();
  const child = spawn(process.execPath, [...program, String(process.pid)], {
    // On Windows a pipe must be opened so that its far end can wait for it and do other things (`overlapped`); elsewhere the same.
    stdio: ['ignore', 'ignore', 'ignore', 'overlapped'],
    env: hostEnvironment(process.env, configuration),
    cwd: '/',
    windowsHide: true,
  });
  // Node makes a socket of every 'pipe' beyond the first three (child_process.spawn, options.stdio).
  const [, , , channel] = child.stdio;
  if (!(channel instanceof Socket)) throw new Error('no channel to the module host');
  return { process: child, channel };
}

/**
 * Source and bundle have different neighbours: beside the bundled agent stand module-host.js and opensc.conf. On Windows the agent's
 * own executable holds both bundles.
 */
function hostFiles(): { program: string[]; configuration: string } {
  if (process.platform === 'win32')
    return { program: ['--module-host'], configuration: join(dirname(process.execPath), 'opensc.conf') };
  const here = fileURLToPath(import.meta.url);
  const beside = (name: string): string => join(dirname(here), name);
  if (!here.endsWith('.ts')) return { program: [beside('module-host.js')], configuration: beside('opensc.conf') };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return {
    program: ['--import', loader, beside('module-host-main.ts')],
    configuration: beside('pkcs11/opensc.conf'),
  };
}

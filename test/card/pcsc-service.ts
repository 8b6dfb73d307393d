// A pcscd of the stack's own, with vpcd's two virtual readers and no others. It is started inside the stack's namespaces, where
// /run is the stack's directory. It dies with the program that started it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Names that PC/SC clients see, by slot. */
export const READERS = ['Virtual PCD 00 00', 'Virtual PCD 00 01'] as const;
/** Free by construction: the network namespace is the stack's own. The second slot listens on the next port. */
export const VPCD_PORT = 35_963;
/** Where pcscd listens, compiled into it. */
const SOCKET = '/run/pcscd/pcscd.comm';
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 3000;

export class PcscService {
  readonly #directory: string;
  #process: ChildProcess | undefined;

  /** `directory` holds vpcd.so and nodelay.so. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Settles when a client can connect. Fails with pcscd's own words when it ends instead. */
  async start(): Promise<void> {
    if (this.running) throw new Error('pcscd is running already');
    const configuration = join(this.#directory, 'reader.conf.d');
    await mkdir(configuration, { recursive: true });
    await writeFile(
      join(configuration, 'vpcd'),
      [
        'FRIENDLYNAME "Virtual PCD"',
        `DEVICENAME /dev/null:${VPCD_PORT}`,
        `LIBPATH ${join(this.#directory, 'vpcd.so')}`,
        `CHANNELID ${VPCD_PORT}`,
        '',
      ].join('\n'),
    );
    // A pcscd that was killed leaves both behind, and the next would take them for a running one.
    await rm('/run/pcscd', { recursive: true, force: true });
    const log = await open(join(this.#directory, 'pcscd.log'), 'w');
    // Errors only: with --apdu or --debug a PIN would stand in the log.
    const pcscd = ['pcscd', '--foreground', '--error', '--config', configuration];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...pcscd], {
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'], LD_PRELOAD: join(this.#directory, 'nodelay.so') },
    });
    await log.close();
    this.#process = child;
    for (const end of ['error', 'exit']) child.once(end, () => (this.#process = undefined));
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await answers(SOCKET))) {
      const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (ended || performance.now() > deadline) {
        const words = await readFile(join(this.#directory, 'pcscd.log'), 'utf8').catch(() => '');
        throw new Error(`pcscd did not start: ${words.trim() || 'it said nothing'}`);
      }
      await wait(10);
    }
  }

  /** Settles when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(insist);
    this.#process = undefined;
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

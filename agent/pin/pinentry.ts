// One run of a pinentry program: a dialog or a few after one another. The PIN is read from a pipe of our own into a Buffer of
// our own; whoever gets it zeroes it. The program is ended by its pid whatever happens.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { KortbroError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { allowForeground } from '../native/desktop.ts';
import { makePipe } from '../native/pipe.ts';
import { secretBuffer, zero } from '../native/secret-memory.ts';
import { escapeText, gpgError, maximumLine, parseAssuanLine, unescapeInto, type AssuanLine } from './assuan.ts';
import { type DialogText } from './prompt-texts.ts';

/** How to run a dialog: the program's absolute path, how long it waits, and what ends it early. */
export interface DialogOptions {
  program: string;
  seconds: number;
  signal: AbortSignal;
  environment: NodeJS.ProcessEnv;
}

/** Shows `text`, lets the PIN be typed. @throws KortbroError ERR_USER_CANCELLED, ERR_USER_TIMEOUT, ERR_PIN_PROMPT, ERR_PIN_FORMAT, the signal's reason. */
export async function askPin(options: DialogOptions, text: DialogText): Promise<Buffer> {
  return withPinentry(options, async (pinentry) => {
    await pinentry.describe(text);
    return pinentry.pin();
  });
}

/** Asks a question. @throws as askPin */
export async function askConfirmation(options: DialogOptions, text: DialogText): Promise<'ok' | 'not-ok'> {
  return withPinentry(options, async (pinentry) => {
    await pinentry.describe(text);
    return pinentry.confirm();
  });
}

/** Settles when the program that was run last has ended: no two dialogs are on the screen, not even for a moment. */
let previous: Promise<void> = Promise.resolve();

async function withPinentry<T>(options: DialogOptions, use: (pinentry: Pinentry) => Promise<T>): Promise<T> {
  await previous;
  options.signal.throwIfAborted();
  const pinentry = new Pinentry(options);
  previous = pinentry.ended;
  const stop = () => pinentry.fail(options.signal.reason);
  options.signal.addEventListener('abort', stop, { once: true });
  const overdue = setTimeout(() => pinentry.fail(new KortbroError('ERR_USER_TIMEOUT')), (options.seconds + 2) * 1000);
  try {
    await pinentry.greeting();
    return await use(pinentry);
  } finally {
    clearTimeout(overdue);
    options.signal.removeEventListener('abort', stop);
    pinentry.close();
  }
}

/** Talks to the program line by line; one command is open at a time. */
class Pinentry {
  /** Settles when the program has ended. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #output: Socket;
  readonly #buffer = Buffer.alloc(2 * maximumLine);
  readonly #seconds: number;
  #filled = 0;
  /** From GETPIN until its one D line. */
  #wantsPin = false;
  #pin: Buffer | undefined;
  #failure: { reason: unknown } | undefined;
  #waiting: { resolve: (line: AssuanLine) => void; reject: (reason: unknown) => void } | undefined;
  #early: AssuanLine | undefined;

  constructor({ program, seconds, environment }: DialogOptions) {
    this.#seconds = seconds;
    const chunk = Buffer.alloc(maximumLine);
    const pipe = makePipe();
    try {
      const [command = program, ...words] = boundToUs(program);
      this.#child = spawn(command, words, { stdio: ['pipe', pipe.write, 'ignore'], env: environment });
    } catch (error) {
      closeSync(pipe.read);
      throw new KortbroError('ERR_PIN_PROMPT', { cause: error });
    } finally {
      closeSync(pipe.write);
    }
    // Who has the front may hand it on: the browser to its host, the host to us, we to the dialog.
    if (process.platform === 'win32' && this.#child.pid !== undefined) allowForeground(this.#child.pid);
    // The constructor has taken onread since Node 12, as net.connect does; its type does not say so.
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd: pipe.read,
      readable: true,
      writable: false,
      onread: {
        buffer: chunk,
        callback: (length) => {
          this.#take(chunk.subarray(0, length));
          zero(chunk);
          return true;
        },
      },
    };
    this.#output = new Socket(options);
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve()).once('error', () => resolve());
    });
    const ended = () => this.fail(new KortbroError('ERR_PIN_PROMPT'));
    this.#output.on('error', ended).on('close', ended);
    this.#child.on('error', ended);
    this.#child.stdin?.on('error', ended);
  }

  /** The program's first OK. */
  async greeting(): Promise<void> {
    if ((await this.#answer()) !== undefined) throw new KortbroError('ERR_PIN_PROMPT');
  }

  async describe(text: DialogText): Promise<void> {
    const options: [string, string | undefined][] = [
      ['lc-ctype', 'C.UTF-8'],
      ['lc-messages', text.language === undefined ? undefined : locales[text.language]],
      // kortbro-pin.exe shows these apart from the description; other programs do not know them, and show the description.
      ['kortbro-site', text.site],
      ['kortbro-notice', text.notice],
    ];
    const commands: [string, string | undefined][] = [
      ['SETTITLE', text.title],
      ['SETDESC', text.description],
      ['SETPROMPT', text.prompt],
      ['SETOK', text.ok],
      ['SETNOTOK', text.notOk],
      ['SETCANCEL', text.cancel],
    ];
    for (const [name, value] of options) {
      if (value !== undefined) await this.#attempt(`OPTION ${name}=${escapeText(value)}`);
    }
    await this.#attempt(`SETTIMEOUT ${this.#seconds}`);
    for (const [command, argument] of commands) {
      if (argument !== undefined) await this.#attempt(`${command} ${escapeText(argument)}`);
    }
  }

  /** GETPIN: the PIN's bytes in a Buffer of exactly its length. */
  async pin(): Promise<Buffer> {
    this.#wantsPin = true;
    await this.#command('GETPIN');
    const pin = this.#pin;
    this.#pin = undefined;
    if (pin === undefined) throw new KortbroError('ERR_PIN_FORMAT');
    return pin;
  }

  async confirm(): Promise<'ok' | 'not-ok'> {
    return (await this.#command('CONFIRM')) === 'not-confirmed' ? 'not-ok' : 'ok';
  }

  /** Ends the dialog; whoever waits for it gets `reason`. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#waiting?.reject(this.#failure.reason);
    this.#waiting = undefined;
  }

  /** Ends the program and forgets what was read. */
  close(): void {
    this.fail(new KortbroError('ERR_PIN_PROMPT'));
    zero(this.#buffer);
    if (this.#pin !== undefined) zero(this.#pin);
    this.#pin = undefined;
    this.#output.destroy();
    this.#child.stdin?.destroy();
    const { pid, exitCode } = this.#child;
    if (pid === undefined || exitCode !== null) return;
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 500);
    this.#child.once('exit', () => clearTimeout(kill));
  }

  /** Settings that an older pinentry does not know are no reason to show no dialog. */
  async #attempt(command: string): Promise<void> {
    await this.#send(command);
  }

  async #command(command: string): Promise<'ok' | 'not-confirmed'> {
    const code = await this.#send(command);
    if (code === undefined) return 'ok';
    if (code === gpgError.notConfirmed) return 'not-confirmed';
    if (code === gpgError.cancelled) throw new KortbroError('ERR_USER_CANCELLED');
    if (code === gpgError.timeout) throw new KortbroError('ERR_USER_TIMEOUT');
    throw new KortbroError('ERR_PIN_PROMPT');
  }

  async #send(command: string): Promise<number | undefined> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    this.#child.stdin?.write(`${command}\n`);
    return this.#answer();
  }

  /** Waits for OK (undefined) or ERR (its code). */
  async #answer(): Promise<number | undefined> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    const early = this.#early;
    this.#early = undefined;
    const line = early ?? (await new Promise<AssuanLine>((resolve, reject) => (this.#waiting = { resolve, reject })));
    return line.kind === 'error' ? line.code : undefined;
  }

  #take(chunk: Uint8Array): void {
    if (this.#filled + chunk.length > this.#buffer.length) {
      this.fail(new KortbroError('ERR_PIN_PROMPT'));
      return;
    }
    this.#buffer.set(chunk, this.#filled);
    this.#filled += chunk.length;
    let start = 0;
    for (let end = this.#lineEnd(start); end >= 0; end = this.#lineEnd(start)) {
      this.#takeLine(this.#buffer.subarray(start, end));
      start = end + 1;
    }
    this.#buffer.copyWithin(0, start, this.#filled);
    zero(this.#buffer.subarray(this.#filled - start));
    this.#filled -= start;
  }

  #lineEnd(start: number): number {
    const end = this.#buffer.indexOf(0x0a, start);
    return end < this.#filled ? end : -1;
  }

  #takeLine(line: Uint8Array): void {
    const parsed = parseAssuanLine(line);
    if (parsed === undefined || (parsed.kind === 'secret' && !this.#wantsPin)) {
      this.fail(new KortbroError('ERR_PIN_PROMPT'));
    } else if (parsed.kind === 'secret') {
      this.#wantsPin = false;
      const target = secretBuffer(limits.pinMaximum);
      const length = unescapeInto(parsed.escaped, target);
      this.#pin = isPin(target, length) ? shrink(target, length) : undefined;
      zero(target);
    } else if (parsed.kind !== 'ignored') {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) waiting.resolve(parsed);
      else if (this.#early === undefined) this.#early = parsed;
      else this.fail(new KortbroError('ERR_PIN_PROMPT'));
    }
  }
}

/** The language of a dialog's own words. */
const locales = { sv: 'sv_SE.UTF-8', en: 'en_US.UTF-8' } as const;

/** util-linux: asks the kernel to end what it then becomes (the process id stays) when its parent dies (prctl PR_SET_PDEATHSIG). */
const setpriv = '/usr/bin/setpriv';

/**
 * A dialog must not outlive an agent that is killed: a pinentry does not notice, and nobody would take the PIN typed into it. On
 * Windows a child is in its parent's job.
 */
function boundToUs(program: string): string[] {
  return process.platform !== 'win32' && existsSync(setpriv)
    ? [setpriv, '--pdeathsig', 'TERM', '--', program]
    : [program];
}

/** Digits only: what cannot be a PIN must not cost a try. */
function isPin(bytes: Uint8Array, length: number): boolean {
  return length >= limits.pinMinimum && bytes.subarray(0, length).every((byte) => byte >= 0x30 && byte <= 0x39);
}

function shrink(source: Uint8Array, length: number): Buffer {
  const exact = secretBuffer(length);
  exact.set(source.subarray(0, length));
  return exact;
}

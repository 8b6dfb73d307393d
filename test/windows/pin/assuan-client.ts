// The other end of a pinentry's pipes: sends commands, takes what comes until the next OK or ERR.
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a program said to one command: its D line, if there was one, and how it ended. */
export interface Reply {
  data: string | undefined;
  end: string;
}

/** gpg-error codes with pinentry as their source. */
export const errors = {
  timeout: 'ERR 83886142 Timeout <Pinentry>',
  cancelled: 'ERR 83886179 Operation cancelled <Pinentry>',
  notConfirmed: 'ERR 83886194 Not confirmed <Pinentry>',
  lineTooLong: 'ERR 83886343 Line too long <Pinentry>',
  unknownCommand: 'ERR 83886355 Unknown IPC command <Pinentry>',
  syntax: 'ERR 83886356 IPC syntax error <Pinentry>',
  parameter: 'ERR 83886360 IPC parameter error <Pinentry>',
} as const;

export class AssuanClient {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  #text = '';
  #changed: (() => void) | undefined;
  #over = false;

  /** `process` has pipes as stdin and stdout. */
  constructor(process: ChildProcess) {
    this.process = process;
    this.ended = once(process, 'exit').then(([code]) => code as number | null);
    process.stdin?.on('error', () => undefined);
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      this.#changed?.();
    });
    process.stdout?.on('close', () => {
      this.#over = true;
      this.#changed?.();
    });
  }

  /** Sends lines (or bytes) and waits for nothing. */
  send(...lines: (string | Buffer)[]): void {
    for (const line of lines) this.process.stdin?.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
  }

  /** The next reply. Undefined: the program says no more. */
  async reply(): Promise<Reply | undefined> {
    for (;;) {
      const found = /^(?:D (.*)\n)?((?:OK|ERR)(?: .*)?)\n/.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found[0].length);
        return { data: found[1], end: found[2] ?? '' };
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** Sends one command and waits for its reply. */
  async ask(line: string | Buffer): Promise<Reply | undefined> {
    this.send(line);
    return this.reply();
  }

  /** Whether a reply has come that nobody has taken. */
  hasReply(): boolean {
    return this.#text.includes('\n');
  }

  /** The end of the program's input, as when its starter dies. */
  hangUp(): void {
    this.process.stdin?.end();
  }
}

// Starts pcsc-program.ts with a PC/SC service of the test's choice and speaks with it.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ReaderPicture } from '../../../agent/native/pcsc.ts';
import { EventLog } from './event-log.ts';

export interface SeenReader {
  readonly name: string;
  readonly eventState: number;
  /** In hex. */
  readonly atr: string;
}

export interface SeenPicture extends Omit<ReaderPicture, 'readers'> {
  readonly readers: readonly SeenReader[];
}

type Call =
  | {
      readonly what: 'transmit';
      readonly reader: string;
      readonly apdus: readonly string[];
      readonly protocol?: 'T=0' | 'T=1';
    }
  | { readonly what: 'reset'; readonly reader: string }
  | { readonly what: 'stop' }
  | { readonly what: 'exit'; readonly code: number };

export type PcscRequest = Call & { readonly id: number };
export type PcscMessage =
  | { readonly picture: SeenPicture }
  | { readonly id: number; readonly answers: readonly string[] }
  | { readonly id: number; readonly code: number; readonly text: string };

/** What a call in the child threw: `code` is PcscError's, or -1 for another error. */
export class ChildError extends Error {
  readonly code: number;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

export class PcscChild {
  readonly pictures = new EventLog<SeenPicture>();
  readonly #answers = new EventLog<Exclude<PcscMessage, { picture: SeenPicture }>>();
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  #id = 0;

  /** `environment`: PCSCLITE_CSOCK_NAME, where the child's service listens or would, and what else the test adds. */
  constructor(environment: Readonly<Record<string, string>>) {
    this.#process = fork(fileURLToPath(new URL('./pcsc-program.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, ...environment },
    });
    this.#exit = once(this.#process, 'exit');
    this.#process.on('message', (message: PcscMessage) => {
      if ('picture' in message) this.pictures.add(message.picture);
      else this.#answers.add(message);
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  async #call(call: Call): Promise<readonly string[]> {
    const id = ++this.#id;
    this.#process.send({ ...call, id });
    const answer = await this.#answers.next(`call ${id} is answered`, (candidate) => candidate.id === id, 15_000);
    if ('code' in answer) throw new ChildError(answer.code, answer.text);
    return answer.answers;
  }

  /** APDUs and answers in hex. */
  transmit(reader: string, apdus: readonly string[], protocol?: 'T=0' | 'T=1'): Promise<readonly string[]> {
    return this.#call({ what: 'transmit', reader, apdus, ...(protocol === undefined ? {} : { protocol }) });
  }

  async reset(reader: string): Promise<void> {
    await this.#call({ what: 'reset', reader });
  }

  /** Stops the watch; the child then has nothing left to do. */
  async stopWatch(): Promise<void> {
    await this.#call({ what: 'stop' });
  }

  /** Calls process.exit with the watch running. */
  exit(code: number): void {
    this.#process.send({ what: 'exit', code, id: ++this.#id });
  }

  /** Exit code and signal, once it has ended by itself. */
  async ended(): Promise<{ code: unknown; signal: unknown }> {
    const [code, signal] = await this.#exit;
    return { code, signal };
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }
}

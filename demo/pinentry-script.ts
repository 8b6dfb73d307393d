// The other side of `scripted-pinentry`: queues the answers that its dialogs will take, and tells what they have shown.
// A dialog is "open" until an answer is there, so that anything can be done to card and browser meanwhile.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** What a dialog is answered: typed, chosen, cancelled, left alone, or the program misbehaves. */
export type PinentryAnswer = `pin ${string}` | 'ok' | 'not-ok' | 'cancel' | 'timeout' | 'crash' | 'garbage';

/** A dialog as it was shown. Times are Unix time in milliseconds. */
export interface Dialog {
  kind: 'pin' | 'confirmation' | 'message';
  processId: number;
  /** The program's first act. */
  startedAt: number;
  openedAt: number;
  title: string;
  description: string;
  prompt: string;
  ok: string;
  notOk: string;
  cancel: string;
  timeoutSeconds: number;
  /** First word of the answer that it took; undefined while it is open, and for good if it was closed without one. */
  answer?: string;
}

const variable = 'KORTBRO_SCRIPTED_PINENTRY';
const kinds = { GETPIN: 'pin', CONFIRM: 'confirmation', MESSAGE: 'message' } as const;
const texts = {
  SETTITLE: 'title',
  SETDESC: 'description',
  SETPROMPT: 'prompt',
  SETOK: 'ok',
  SETNOTOK: 'notOk',
  SETCANCEL: 'cancel',
} as const;
const blank = { title: '', description: '', prompt: '', ok: '', notOk: '', cancel: '', timeoutSeconds: 0 };

export class PinentryScript {
  /** What the program needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #log: string;
  readonly #answers: number;
  #awaited = 0;

  /** @param directory an empty one of our own */
  constructor(directory: string) {
    this.environment = { [variable]: directory };
    this.#log = join(directory, 'shown.log');
    const fifo = join(directory, 'answers');
    execFileSync('mkfifo', ['-m', '600', fifo]);
    // Open both ways: so it never blocks here, and what is written waits in the pipe.
    this.#answers = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** Queues answers: each GETPIN or CONFIRM takes one, in order. */
  answer(...answers: PinentryAnswer[]): void {
    for (const answer of answers) writeSync(this.#answers, `${answer}\n`);
  }

  /** Forgets answers that no dialog has taken, and counts every dialog so far as awaited. */
  reset(): void {
    this.#awaited = this.shown().length;
    try {
      while (readSync(this.#answers, Buffer.alloc(4096)) > 0);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }

  /** Every dialog so far, oldest first. */
  shown(): Dialog[] {
    return parseLog(readLog(this.#log));
  }

  /** Dialogs since the last `waitForDialog` or `reset`. */
  unawaited(): Dialog[] {
    return this.shown().slice(this.#awaited);
  }

  /** The next dialog that has not been waited for yet. @throws Error when none opens within `milliseconds` */
  async waitForDialog(milliseconds = 10_000): Promise<Dialog> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const dialog = this.shown()[this.#awaited];
      if (dialog !== undefined) {
        this.#awaited += 1;
        return dialog;
      }
      if (performance.now() > deadline) throw new Error(`no dialog within ${milliseconds} ms`);
      await wait(10);
    }
  }

  /** A program that waits for an answer ends by itself. */
  close(): void {
    closeSync(this.#answers);
  }
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Lines are "<process id> <command> <argument>"; runs of the program may be interleaved. */
function parseLog(log: string): Dialog[] {
  const dialogs: Dialog[] = [];
  const runs = new Map<number, typeof blank & { startedAt: number }>();
  for (const line of log.split('\n').slice(0, -1)) {
    const [id = '', command = '', ...words] = line.split(' ');
    const processId = Number(id);
    const argument = words.join(' ');
    const run = runs.get(processId) ?? { ...blank, startedAt: 0 };
    if (command === 'START') runs.set(processId, { ...blank, startedAt: Number(argument) });
    else if (command === 'SETTIMEOUT') run.timeoutSeconds = Number(argument);
    else if (isKey(texts, command)) run[texts[command]] = decodeURIComponent(argument);
    else if (command === 'OPEN') {
      const [openedAt, kind = ''] = words;
      if (isKey(kinds, kind)) dialogs.push({ ...run, kind: kinds[kind], processId, openedAt: Number(openedAt) });
    } else if (command === 'ANSWER') {
      const dialog = dialogs.findLast((candidate) => candidate.processId === processId);
      if (dialog !== undefined) dialog.answer = argument;
    }
  }
  return dialogs;
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}

// The parent's end of the card program: questions out, answers back, in any order. The program does not keep the parent alive
// unless an answer is due, so a test that forgets to stop its stack still ends (and the stack with it).
import { type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type CardControl, type ControlAnswer, type ControlRequest, type SetUp } from './card-control.ts';

const ANSWER_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 8000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class CardProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #ended = false;
  #complaints = '';
  #lastId = 0;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) {
      if (stream instanceof Socket) stream.unref();
    }
    // Writing to a program that has ended is answered by the end below.
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => (this.#complaints = (this.#complaints + chunk.toString()).slice(-4000)));
    createInterface({ input: child.stdout }).on('line', (line) => this.#settle(JSON.parse(line) as ControlAnswer));
    this.#gone = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        this.#failAll(new Error(`the card program has ended: ${this.#complaints.trim() || 'it said nothing'}`));
        resolve();
      };
      child.once('close', end);
      child.once('error', end);
    });
  }

  async setUp(order: SetUp): Promise<void> {
    await this.#exchange(0, order);
  }

  /** Fails with the card program's own words. */
  async call<M extends keyof CardControl>(
    method: M,
    ...parameters: Parameters<CardControl[M]>
  ): Promise<Awaited<ReturnType<CardControl[M]>>> {
    return (await this.#request({ id: (this.#lastId += 1), method, parameters })) as Awaited<
      ReturnType<CardControl[M]>
    >;
  }

  /** Settles when every process is gone; the last resort is SIGKILL, by process id. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#child.ref();
    await this.#request({ id: (this.#lastId += 1), method: 'stop', parameters: [] }).catch(() => undefined);
    this.#child.ref();
    this.#child.stdin.end();
    await this.#gone;
    clearTimeout(insist);
  }

  #request(request: ControlRequest): Promise<unknown> {
    return this.#exchange(request.id, request);
  }

  #exchange(id: number, message: SetUp | ControlRequest): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error('the card program has ended'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle({ id, error: `no answer from the card program within ${ANSWER_TIMEOUT_MS} ms` });
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#child.ref();
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  }

  #settle(answer: ControlAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#forget(answer.id, waiting);
    if ('error' in answer) waiting.reject(new Error(answer.error));
    else waiting.resolve(answer.result);
  }

  #failAll(error: Error): void {
    for (const [id, waiting] of this.#waiting) {
      this.#forget(id, waiting);
      waiting.reject(error);
    }
  }

  #forget(id: number, { timer }: Waiting): void {
    clearTimeout(timer);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#child.unref();
  }
}

// Keeps one module host running: one call at a time, each with a time limit; a child that hangs is killed, one that ends is
// started again with longer and longer pauses. Nothing is ever sent twice: a call that was lost may have spent a PIN try.
import { EventEmitter } from 'node:events';
import { parseStrictJsonBytes } from '../../shared/strict-json.ts';
import { ask, drop, type HostQuestion, type Job } from './host-job.ts';
import { HostQueue } from './host-queue.ts';
import { frameHead, HostFrameReader, type HostFrame } from './module-host-frames.ts';
import { type HostChild, spawnHost } from './module-host-process.ts';
import { hostAnswer, type HostAnswer } from './module-host-protocol.ts';
import { restartPause, steadyAfter } from './restart-pause.ts';
import { TokenError, type TokenFailure } from './token.ts';

/** How a child ended. `restartIn`: milliseconds until the next one, or undefined when there will be none. */
export interface HostExit {
  reason: 'hung' | 'crashed' | 'stopped';
  code: number | null;
  signal: NodeJS.Signals | null;
  restartIn: number | undefined;
}

/** What is told without being asked. */
export interface HostEvents {
  /** A child has loaded its driver; every token has to be bound (again). */
  start: [];
  exit: [HostExit];
  readers: [Extract<HostAnswer, { readers: unknown }>['readers']];
}

/** A pause that a call may wait out; in a longer one it fails at once. */
const waitablePause = 1_000;
/** What a child gets to forget its cards' PINs when it is told to end. */
const endTime = 3_000;

export class SupervisedHost {
  readonly events = new EventEmitter<HostEvents>();
  readonly #source: Extract<HostQuestion, { call: 'open' }>['source'];
  readonly #callTime: number;
  readonly #pauseAfter: (failures: number) => number;
  #state: 'stopped' | 'starting' | 'ready' | 'ending' | 'pausing' | 'refused' = 'stopped';
  #child: HostChild | undefined;
  readonly #queue = new HostQueue();
  #current: { id: number; job: Job; timer: NodeJS.Timeout } | undefined;
  #lastId = 0;
  #opened: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #pauseIsLong = false;
  #refusal: TokenError | undefined;
  #hung = false;

  constructor(
    source: Extract<HostQuestion, { call: 'open' }>['source'],
    callTime: number,
    pauseAfter: (failures: number) => number = restartPause,
  ) {
    this.#source = source;
    this.#callTime = callTime;
    this.#pauseAfter = pauseAfter;
  }

  /** The child's process id, while there is one. */
  get processId(): number | undefined {
    return this.#child?.process.pid;
  }

  /** Starts the child if none runs; settles when its driver is loaded. @throws TokenError when that failed */
  start(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'refused') this.#spawn();
    return this.#opened;
  }

  /**
   * Sends one request when its turn comes, unless `signal` aborts before that. `read` checks the answer; if it throws, the child
   * is not to be trusted and ends.
   */
  call<T>(
    question: HostQuestion,
    bytes: Uint8Array,
    secret: boolean,
    read: (result: unknown, bytes: Buffer) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    const refusal = this.#refusalNow();
    if (refusal !== undefined) return Promise.reject(refusal);
    return ask(question, bytes, secret, read, (job) => {
      this.#queue.add(job, signal);
      this.#pump();
    });
  }

  /** Ends the child, which forgets its cards' PINs if it can, and fails what was asked of it. Settles when it is gone. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#pause);
    const child = this.#child;
    this.#failAll('ERR_AGENT_STOPPED', 'ERR_AGENT_STOPPED');
    if (child === undefined || child.process.exitCode !== null || child.process.signalCode !== null) return;
    await dismiss(child);
  }

  #refusalNow(): TokenError | undefined {
    if (this.#state === 'stopped') return new TokenError('ERR_AGENT_STOPPED');
    if (this.#state === 'refused') return this.#refusal;
    if (this.#state === 'pausing' && this.#pauseIsLong) return new TokenError('ERR_AGENT_DRIVER_CRASHED');
    return this.#queue.isFull ? new TokenError('ERR_AGENT_BUSY') : undefined;
  }

  #spawn(): void {
    let child: HostChild;
    try {
      child = spawnHost();
    } catch {
      this.#opened = Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
      this.#opened.catch(() => undefined);
      this.#restartLater('crashed', null, null);
      return;
    }
    this.#child = child;
    this.#state = 'starting';
    this.#hung = false;
    this.#startedAt = performance.now();
    const frames = new HostFrameReader();
    const worthless = (): void => {
      if (this.#state !== 'stopped' && this.#state !== 'refused') child.process.kill('SIGKILL');
    };
    child.channel.on('data', (chunk: Buffer) => this.#heard(child, frames, chunk));
    child.channel.on('error', worthless);
    child.channel.on('end', worthless);
    child.process.on('error', () => this.#ended(child, null, null));
    child.process.on('exit', (code, signal) => this.#ended(child, code, signal));
    const opened = (): void => {
      this.#state = 'ready';
    };
    const question = { call: 'open', source: this.#source } as const;
    this.#opened = ask(question, new Uint8Array(), false, opened, (job) => this.#send(job));
    this.#opened.then(
      () => this.events.emit('start'),
      (error: unknown) => {
        if (child === this.#child && this.#state === 'starting') this.#refuse(child, error);
      },
    );
  }

  /** The child itself said that this source cannot be opened: it is not started again by itself. */
  #refuse(child: HostChild, error: unknown): void {
    this.#state = 'refused';
    this.#refusal = error instanceof TokenError ? error : new TokenError('ERR_AGENT_INTERNAL');
    this.#queue.failAll(this.#refusal);
    void dismiss(child);
  }

  #pump(): void {
    if (this.#state !== 'ready' || this.#current !== undefined) return;
    const job = this.#queue.next();
    if (job === undefined) return;
    try {
      this.#send(job);
    } catch {
      // A question that does not fit a frame.
      drop(job, new TokenError('ERR_AGENT_INTERNAL'));
      this.#pump();
    }
  }

  #send(job: Job): void {
    const child = this.#child;
    if (child === undefined) return;
    const id = ++this.#lastId;
    const head = frameHead({ id, ...job.question }, job.bytes.length);
    const timer = setTimeout(() => this.#kill(child, 'ERR_AGENT_DRIVER_HUNG'), this.#callTime);
    this.#current = { id, job, timer };
    // Corked: head and bytes leave in one writev, so the bytes are copied by the kernel alone.
    child.channel.cork();
    child.channel.write(head);
    if (job.bytes.length > 0) {
      child.channel.write(job.bytes, () => {
        if (job.secret) job.bytes.fill(0);
      });
    }
    child.channel.uncork();
  }

  #heard(child: HostChild, frames: HostFrameReader, chunk: Buffer): void {
    // What a child says when it is over with it is heard no more: an answer may have been on its way.
    if (child !== this.#child || (this.#state !== 'starting' && this.#state !== 'ready')) return;
    try {
      for (const frame of frames.push(chunk)) this.#take(frame);
    } catch {
      this.#kill(child, 'ERR_AGENT_DRIVER_CRASHED');
    }
  }

  #take(frame: HostFrame): void {
    const answer = hostAnswer.parse(parseStrictJsonBytes(frame.json));
    if ('readers' in answer) {
      const { readers } = answer;
      // Not within the try around us: a listener's fault is not the child's.
      queueMicrotask(() => this.events.emit('readers', readers));
      return;
    }
    const current = this.#current;
    if (current?.id !== answer.id) throw new RangeError('an answer to nothing');
    current.job.settle(answer, frame.bytes);
    clearTimeout(current.timer);
    this.#current = undefined;
    this.#pump();
  }

  #kill(child: HostChild, failure: 'ERR_AGENT_DRIVER_HUNG' | 'ERR_AGENT_DRIVER_CRASHED'): void {
    if (child !== this.#child) return;
    child.process.kill('SIGKILL');
    this.#state = 'ending';
    this.#hung = failure === 'ERR_AGENT_DRIVER_HUNG';
    this.#failAll(failure, 'ERR_AGENT_DRIVER_CRASHED');
  }

  #ended(child: HostChild, code: number | null, signal: NodeJS.Signals | null): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    child.channel.destroy();
    if (this.#state === 'stopped' || this.#state === 'refused') {
      this.events.emit('exit', { reason: 'stopped', code, signal, restartIn: undefined });
      return;
    }
    const reason = this.#hung ? 'hung' : 'crashed';
    // Calls that came after a hang was noticed wait for the next child; those from before have failed already.
    if (this.#state !== 'ending') this.#failAll('ERR_AGENT_DRIVER_CRASHED', 'ERR_AGENT_DRIVER_CRASHED');
    if (performance.now() - this.#startedAt >= steadyAfter) this.#failures = 0;
    this.#restartLater(reason, code, signal);
  }

  #restartLater(reason: 'hung' | 'crashed', code: number | null, signal: NodeJS.Signals | null): void {
    this.#failures += 1;
    const restartIn = this.#pauseAfter(this.#failures);
    this.#state = 'pausing';
    this.#pauseIsLong = restartIn > waitablePause;
    if (this.#pauseIsLong) this.#failAll('ERR_AGENT_DRIVER_CRASHED', 'ERR_AGENT_DRIVER_CRASHED');
    this.#pause = setTimeout(() => this.#spawn(), restartIn);
    this.events.emit('exit', { reason, code, signal, restartIn });
  }

  #failAll(inFlight: TokenFailure, waiting: TokenFailure): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) {
      clearTimeout(current.timer);
      drop(current.job, new TokenError(inFlight));
    }
    this.#queue.failAll(new TokenError(waiting));
  }
}

/** Lets a child end by itself, which it does when its channel ends, and kills it when it does not. Settles when it is gone. */
async function dismiss({ process: child, channel }: HostChild): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = setTimeout(() => child.kill('SIGKILL'), endTime);
  channel.end();
  await gone;
  clearTimeout(kill);
}

// The agent's side of the thread for signatures: one job at a time, ended at once when it is called off, crashes, or is silent for
// too long. What the job asks for is answered here, by the very signer and surroundings that were given.
import { Worker } from 'node:worker_threads';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { SignatureError } from '../signature-error.ts';
import { type SignatureSurroundings, type Signer } from '../signer.ts';
import { ownBuffer } from './own-buffer.ts';
import { type Answers, type FromThread, type Question, type SignatureJob, type ToThread } from './signature-job.ts';
import { workerProgram } from './worker-program.ts';

/** How one job is going. */
interface Work {
  signer: Signer;
  surroundings: SignatureSurroundings;
  finish: (outcome: { result: Uint8Array } | { error: unknown }) => void;
  /** Questions that have no answer yet: as long as there are, the silence is not the thread's. */
  open: number;
  silence: { limit: number; timer: NodeJS.Timeout | undefined };
  hasSigned: boolean;
  /** What signer or surroundings threw: told as it was, whatever the thread makes of it. */
  failure?: { error: unknown };
}

export interface JobOptions {
  signal?: AbortSignal;
  /** How long the thread may be silent; default: limits.signatureSilence. */
  silence?: number;
}

/** A running thread. It holds no key, and of a job that is done nothing but memory that is used again. */
export class SignatureThread {
  readonly #worker: Worker;
  #work: Work | undefined;
  #ended = false;

  constructor(megabytes: number = limits.signatureThreadMemory) {
    const { program, options } = workerProgram();
    this.#worker = new Worker(program, {
      ...options,
      // What libraries print may quote a document: it goes nowhere.
      stdout: true,
      stderr: true,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: megabytes, stackSizeMb: 4 },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (cause) => this.#crash(cause));
    this.#worker.on('exit', () => this.#crash(new Error('the thread has ended')));
  }

  /** Nothing more can be asked of it. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /**
   * Makes what `job` asks for. One at a time.
   * @throws SignatureError for what the document or an answer is; what `signer` and `surroundings` throw, as it is; the reason of
   *   `signal`; KortbroError ERR_AGENT_INTERNAL when the thread crashed, hung or failed. All but the first end the thread.
   */
  make(
    job: SignatureJob,
    signer: Signer,
    surroundings: SignatureSurroundings,
    { signal, silence = limits.signatureSilence }: JobOptions = {},
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (this.#work !== undefined || this.#ended) throw new Error('the thread is not free');
    return new Promise((resolve, reject) => {
      const callOff = (): void => {
        this.end();
        this.#finish({ error: signal?.reason });
      };
      signal?.addEventListener('abort', callOff, { once: true });
      this.#work = {
        signer,
        surroundings,
        finish: (outcome) => {
          signal?.removeEventListener('abort', callOff);
          if ('result' in outcome) resolve(outcome.result);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as it was thrown or given
          else reject(outcome.error);
        },
        open: 0,
        silence: { limit: silence, timer: undefined },
        hasSigned: false,
      };
      this.#worker.ref();
      this.#start(job, signer, surroundings);
    });
  }

  /** Ends it, whatever it is doing. */
  end(): void {
    this.#ended = true;
    void this.#worker.terminate();
  }

  #start(job: SignatureJob, { certificate, chain, algorithm }: Signer, surroundings: SignatureSurroundings): void {
    const document = ownBuffer(job.document);
    this.#send(
      {
        type: 'job',
        job: { ...job, document },
        signer: { certificate: ownBuffer(certificate), chain: chain.map(ownBuffer), algorithm },
        now: surroundings.now,
        asks: { timeStamp: surroundings.timeStamp !== undefined, revocation: surroundings.revocation !== undefined },
      },
      [document.buffer],
    );
    this.#listen();
  }

  #send(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** The time for the next word of the thread starts anew, unless somebody else is being waited for. */
  #listen(): void {
    const { open, silence } = this.#work ?? {};
    clearTimeout(silence?.timer);
    if (silence === undefined || open !== 0) return;
    silence.timer = setTimeout(() => this.#crash(new Error('the thread is silent')), silence.limit);
  }

  #take(message: FromThread): void {
    const work = this.#work;
    if (work === undefined) return;
    switch (message.type) {
      case 'question':
        void this.#answer(work, message.id, message.question);
        break;
      case 'made':
        this.#finish({ result: message.result });
        break;
      case 'refused':
        this.#finish(work.failure ?? { error: new SignatureError(message.code, message.reason) });
        break;
      case 'failed':
        // What has failed by itself may be broken for good: WebAssembly out of memory, above all.
        if (work.failure === undefined) this.end();
        this.#finish(work.failure ?? { error: internal(new Error(message.error)) });
    }
  }

  async #answer(work: Work, id: number, question: Question): Promise<void> {
    work.open += 1;
    this.#listen();
    try {
      const answer = await answerTo(question, work);
      if (this.#work === work) this.#send({ type: 'answer', id, answer });
    } catch (error) {
      work.failure ??= { error };
      if (this.#work === work) this.#send({ type: 'no-answer', id });
    } finally {
      work.open -= 1;
      if (this.#work === work) this.#listen();
    }
  }

  #crash(cause: Error): void {
    this.end();
    this.#finish(this.#work?.failure ?? { error: internal(cause) });
  }

  #finish(outcome: { result: Uint8Array } | { error: unknown }): void {
    const work = this.#work;
    this.#work = undefined;
    clearTimeout(work?.silence.timer);
    this.#worker.unref();
    work?.finish(outcome);
  }
}

async function answerTo(question: Question, work: Work): Promise<Answers[keyof Answers]> {
  const { signer, surroundings } = work;
  switch (question.what) {
    case 'sign':
      // One document, one signature: what the holder agreed to.
      if (work.hasSigned) throw internal(new Error('a second signature'));
      work.hasSigned = true;
      return ownBuffer(await signer.sign(question.toBeSigned));
    case 'timeStamp':
      if (surroundings.timeStamp === undefined) throw internal(new Error('a time stamp that nobody gives'));
      return ownBuffer(await surroundings.timeStamp(question.hash, question.imprint));
    case 'revocation': {
      if (surroundings.revocation === undefined) throw internal(new Error('a revocation that nobody gives'));
      const { ofSigner, ofTimeStamp } = surroundings.revocation;
      const { token } = question;
      const { certificates, ocsp, crls } = await (token === undefined ? ofSigner() : ofTimeStamp(token));
      return { certificates: certificates.map(ownBuffer), ocsp: ocsp.map(ownBuffer), crls: crls.map(ownBuffer) };
    }
  }
}

function internal(cause: Error): KortbroError {
  return new KortbroError('ERR_AGENT_INTERNAL', { cause });
}

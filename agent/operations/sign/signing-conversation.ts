// What is said under the id of one request to sign: pieces in, what is to be shown, the holder's answer, signatures out. It
// answers reads of what it holds at any time; whatever comes out of turn ends the request.
import { type Clock } from '../../../shared/clock.ts';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type DocumentEntry, type Signed, type SigningConsent, type SigningMessage } from '../../../shared/signing.ts';
import { unlessAborted } from '../../cards/abort-wait.ts';
import { type RequestChannel } from '../context.ts';
import { DocumentIntake, type HeldDocument } from './document-store.ts';

type Piece = Extract<SigningMessage, { type: 'document' }>;
type ConsentAnswer = Extract<SigningMessage, { type: 'consent' }>;

/** What is waited for, and what takes it. */
type Expected =
  | { type: 'document'; take: (piece: Piece) => void }
  | { type: 'consent'; take: (answer: ConsentAnswer) => void }
  | { type: 'taken'; take: () => void };

export class SigningConversation {
  readonly #channel: RequestChannel;
  readonly #clock: Clock;
  /** Aborts with what has gone wrong; the request ends with it. */
  readonly #failure = new AbortController();
  readonly #stop = new AbortController();
  #documents: readonly HeldDocument[] = [];
  #signatures: readonly (Uint8Array | undefined)[] = [];
  #expected: Expected | undefined;
  #deadline: () => void = () => undefined;

  constructor(channel: RequestChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
    channel.hear((message) => {
      try {
        this.#hear(message);
      } catch (error) {
        this.#failure.abort(error);
      }
    });
  }

  /** Aborts when something was said out of turn, or nothing for too long. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Takes every document. @throws KortbroError ERR_DOCUMENT_INCOMPLETE, the signal's reason */
  async receive(entries: readonly DocumentEntry[], signal: AbortSignal): Promise<readonly HeldDocument[]> {
    const intake = new DocumentIntake(entries);
    this.#channel.tell({ type: 'signing', stage: 'receiving' });
    if (!intake.isComplete) {
      await this.#expect<true>(signal, limits.pieceTime, 'ERR_DOCUMENT_INCOMPLETE', (done) => ({
        type: 'document',
        take: ({ document, offset, data }) => {
          const next = intake.take(document, offset, decodePiece(data));
          this.#channel.tell({ type: 'document-taken', document, offset: next });
          if (intake.isComplete) done(true);
        },
      }));
    }
    this.#documents = intake.documents;
    return intake.documents;
  }

  /** Has the holder shown what is to be signed, and waits for the answer. @throws KortbroError ERR_USER_TIMEOUT, the signal's reason */
  async consent(consent: SigningConsent, signal: AbortSignal): Promise<ConsentAnswer> {
    this.#channel.tell({ type: 'signing', stage: 'consent', consent });
    try {
      return await this.#expect<ConsentAnswer>(signal, limits.readingTime, 'ERR_USER_TIMEOUT', (done) => ({
        type: 'consent',
        take: done,
      }));
    } finally {
      this.#documents = [];
    }
  }

  /** So many signatures are made. Aborts what it gives when the holder wants no more of them. */
  progress(done: number): AbortSignal {
    this.#channel.tell({ type: 'signing', stage: 'progress', done });
    this.#expected = {
      type: 'consent',
      take: ({ answer }) => {
        if (answer !== 'decline') throw new KortbroError('ERR_REQUEST_INVALID');
        this.#stop.abort(new KortbroError('ERR_USER_CANCELLED'));
      },
    };
    return AbortSignal.any([this.#stop.signal, this.#failure.signal]);
  }

  /** Has the signatures fetched. @throws KortbroError ERR_DOCUMENT_INCOMPLETE when nobody does, the signal's reason */
  async deliver(signed: Signed, signatures: readonly (Uint8Array | undefined)[], signal: AbortSignal): Promise<void> {
    this.#signatures = signatures;
    this.#channel.tell({ type: 'signing', stage: 'signed', signed });
    await this.#expect<true>(signal, limits.fetchTime, 'ERR_DOCUMENT_INCOMPLETE', (done) => ({
      type: 'taken',
      take: () => done(true),
    }));
  }

  /** Ends with the request, whatever came of it. */
  end(): void {
    this.#deadline();
    this.#channel.hear(() => undefined);
  }

  async #expect<T>(
    signal: AbortSignal,
    patience: number,
    tooLate: ErrorCode,
    expected: (done: (value: T) => void) => Expected,
  ): Promise<T> {
    const ended = AbortSignal.any([signal, this.#failure.signal]);
    ended.throwIfAborted();
    const wait = () => {
      this.#deadline();
      this.#deadline = this.#clock.after(patience, () => this.#failure.abort(new KortbroError(tooLate)));
    };
    this.#restart = wait;
    wait();
    try {
      return await unlessAborted(
        new Promise<T>((resolve) => {
          this.#expected = expected((value) => {
            // At once: what comes with it in one breath is out of turn.
            this.#expected = undefined;
            resolve(value);
          });
        }),
        ended,
      );
    } finally {
      this.#deadline();
      this.#expected = undefined;
    }
  }

  /** Each sign of life begins the time anew; not while the holder reads. */
  #restart: () => void = () => undefined;

  #hear(message: SigningMessage): void {
    if (message.type === 'read') {
      this.#answerRead(message);
      if (this.#expected?.type === 'taken') this.#restart();
      return;
    }
    const expected = this.#expected;
    // Said while the last signature was being made.
    if (message.type === 'consent' && message.answer === 'decline' && expected?.type === 'taken') return;
    if (expected?.type !== message.type) throw new KortbroError('ERR_REQUEST_INVALID');
    if (expected.type === 'document') this.#restart();
    (expected.take as (message: SigningMessage) => void)(message);
  }

  #answerRead({ what, document, offset }: Extract<SigningMessage, { type: 'read' }>): void {
    // Once the holder has answered, what was shown belongs to whoever signs it.
    if (what === 'document' && this.#documents.length === 0) return;
    const bytes = what === 'document' ? this.#documents[document]?.bytes : this.#signatures[document];
    if (bytes === undefined || offset >= bytes.length) throw new KortbroError('ERR_REQUEST_INVALID');
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .subarray(offset, offset + limits.documentPiece)
      .toString('base64');
    this.#channel.tell({ type: 'data', what, document, offset, data });
  }
}

/** Canonical base64, by Node's own decoder: shared/base64.ts takes 65 ms a piece in this process. @throws KortbroError */
function decodePiece(data: string): Uint8Array {
  const bytes = Buffer.from(data, 'base64');
  if (bytes.toString('base64') !== data) throw new KortbroError('ERR_REQUEST_INVALID');
  return bytes;
}

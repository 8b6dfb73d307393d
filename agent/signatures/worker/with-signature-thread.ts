// Which thread makes which signature: one is kept warm between the documents of a batch, and for a moment after it. It is not kept
// after a large document, whose memory it could not give back.
import { limits } from '../../../shared/limits.ts';
import { type SignatureSurroundings, type Signer } from '../signer.ts';
import { type SignatureJob } from './signature-job.ts';
import { SignatureThread } from './signature-thread.ts';

export interface ThreadOptions {
  signal?: AbortSignal;
  /** Of JavaScript objects, in a thread that is started for this job; default: limits.signatureThreadMemory. */
  megabytes?: number;
}

/** The thread that has nothing to do, and what ends it. */
let idle: { thread: SignatureThread; end: NodeJS.Timeout | undefined } | undefined;

/** How many have had one prepared that they have not released: until then it is kept, however long the holder reads. */
let prepared = 0;

/** Starts a thread ahead of its work, while the holder reads what he is to sign. @returns what releases it, to be called once */
export function prepareSignatureThread(): () => void {
  prepared += 1;
  keep(takeIdle() ?? new SignatureThread());
  return () => {
    prepared -= 1;
    const thread = takeIdle();
    if (thread !== undefined) keep(thread);
  };
}

/** Starts the next thread ahead of its work, where somebody has prepared one and a large document has ended it. */
export function keepThreadReady(): void {
  if (prepared > 0) keep(takeIdle() ?? new SignatureThread());
}

/**
 * Makes a signature in a thread of its own; `job.document` is empty afterwards if its buffer was all its own. Jobs at the same time
 * have a thread each.
 * @throws as SignatureThread.make
 */
export async function withSignatureThread(
  job: SignatureJob,
  signer: Signer,
  surroundings: SignatureSurroundings,
  { signal, megabytes }: ThreadOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const isLarge = job.document.length > limits.signatureThreadDocument;
  const thread = (megabytes === undefined ? takeIdle() : undefined) ?? new SignatureThread(megabytes);
  try {
    return await thread.make(job, signer, surroundings, signal === undefined ? {} : { signal });
  } finally {
    if (isLarge) thread.end();
    else keep(thread);
  }
}

/** Ends the thread that is kept, so that nothing of a document stays. */
export function endIdleSignatureThread(): void {
  takeIdle()?.end();
}

function takeIdle(): SignatureThread | undefined {
  const thread = idle?.thread;
  clearTimeout(idle?.end);
  idle = undefined;
  return thread?.hasEnded === true ? undefined : thread;
}

function keep(thread: SignatureThread): void {
  if (thread.hasEnded) return;
  endIdleSignatureThread();
  const end = prepared > 0 ? undefined : setTimeout(endIdleSignatureThread, limits.signatureThreadIdle).unref();
  idle = { thread, end };
}

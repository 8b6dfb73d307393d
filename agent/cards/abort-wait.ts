// Waiting for the end of an AbortSignal.
import { KortbroError } from '../../shared/errors.ts';

/** Resolves when `signal` aborts. */
export function endOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `work`, or the signal's reason when it aborts first. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const fail = () => (signal.reason instanceof Error ? signal.reason : new KortbroError('ERR_REQUEST_CANCELLED'));
  return Promise.race([
    work,
    endOf(signal).then(() => {
      throw fail();
    }),
  ]);
}

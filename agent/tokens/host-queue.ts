// What waits for its turn at a module host, first come first served. Whoever gives up while he waits leaves the queue, and what
// he asked is never sent.
import { drop, type Job } from './host-job.ts';
import { type TokenError } from './token.ts';

/** Calls that may wait: one for each reader and kind of call, and room; beyond it something is broken. */
const longestQueue = 64;

interface Place {
  job: Job;
  /** Stops listening for the end of the asker's patience. */
  leave: () => void;
}

export class HostQueue {
  readonly #places: Place[] = [];

  get isFull(): boolean {
    return this.#places.length >= longestQueue;
  }

  /** Takes a job that may be called off by `signal` until it is its turn; it fails with the signal's reason then. */
  add(job: Job, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) {
      drop(job, signal.reason);
      return;
    }
    const abandon = (): void => {
      this.#places.splice(this.#places.indexOf(place), 1);
      drop(job, signal?.reason);
    };
    const place: Place = { job, leave: () => signal?.removeEventListener('abort', abandon) };
    signal?.addEventListener('abort', abandon, { once: true });
    this.#places.push(place);
  }

  /** The job whose turn it is now: it cannot be called off any more. */
  next(): Job | undefined {
    const place = this.#places.shift();
    place?.leave();
    return place?.job;
  }

  /** Fails everything that waits. */
  failAll(error: TokenError): void {
    for (let job = this.next(); job !== undefined; job = this.next()) drop(job, error);
  }
}

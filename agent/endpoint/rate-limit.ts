// How often a connection may ask: shared/token-bucket.ts with a clock.
import { type Clock } from '../../shared/clock.ts';
import { takeOne, type Bucket } from '../../shared/token-bucket.ts';

/** Whether one more may pass now. */
export function rateLimit(clock: Clock, perSecond: number, burst: number): () => boolean {
  let bucket: Bucket = { left: burst, at: clock.now() };
  return () => {
    const next = takeOne(bucket, { perSecond, burst }, clock.now());
    if (next === undefined) return false;
    bucket = next;
    return true;
  };
}

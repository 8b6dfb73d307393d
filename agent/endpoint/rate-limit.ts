// A token bucket: a burst passes, a flood does not. Pure but for the clock that is handed in.
import { type Clock } from '../../shared/clock.ts';

/** Whether one more may pass now. */
export function rateLimit(clock: Clock, perSecond: number, burst: number): () => boolean {
  let level = burst;
  let last = clock.now();
  return () => {
    const now = clock.now();
    level = Math.min(burst, level + ((now - last) / 1000) * perSecond);
    last = now;
    if (level < 1) return false;
    level -= 1;
    return true;
  };
}

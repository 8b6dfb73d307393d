// A clock that stands still until it is told to go on, and the timers that hang on it.
import { type Clock, type Schedule } from '../../relying-party/src/index.ts';

export interface FakeTime {
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** Lets time pass: every timer that comes due is called in its turn, and what it has begun is finished. */
  advance(ms: number): Promise<void>;
  /** How many timers run. */
  timers(): number;
}

export function fakeTime(): FakeTime {
  let now = Date.parse('2026-03-02T12:00:00Z');
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    clock: () => now,
    schedule: (run, ms) => {
      const timer = { at: now + Math.max(ms, 0), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        now = Math.max(now, next.at);
        timers.delete(next);
        next.run();
        await settled();
      }
      now = end;
    },
    timers: () => timers.size,
  };
}

/** Promises that wait for nothing but each other are through after this. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

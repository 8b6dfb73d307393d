// Time comes from outside, so that a test or a replay can name it.

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Calls `run` once after `ms` milliseconds. What it returns calls that off. */
export type Schedule = (run: () => void, ms: number) => () => void;

/** Timers that keep no process alive. One that is further away than Node can count comes early: whoever is called looks again. */
export const systemSchedule: Schedule = (run, ms) => {
  const timer = setTimeout(run, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS)).unref();
  return () => clearTimeout(timer);
};

const LONGEST_TIMER_MS = 2 ** 31 - 1;

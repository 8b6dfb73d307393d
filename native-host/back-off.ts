// How long the native host waits before it tries to reach the agent again. Pure: no clock, no randomness.
import { limits } from '../shared/limits.ts';

/** A connection that lived this long (milliseconds) proves that the agent works: what went wrong before is forgotten. */
export const settledAfter = limits.reconnectPauseCap;

/**
 * Attempts in a row that came to nothing, after one more attempt.
 * @param lived how long its connection was in use, in milliseconds; 0 when there was none
 */
export function failuresAfter(failures: number, lived: number): number {
  return lived >= settledAfter ? 0 : failures + 1;
}

/** Milliseconds to wait after `failures` attempts in a row that came to nothing. */
export function pauseAfter(failures: number): number {
  const doublings = Math.max(0, failures - 1);
  return Math.min(limits.reconnectPause * 2 ** doublings, limits.reconnectPauseCap);
}

// When a call that failed is made again. Pure.
import { limits } from '../../shared/limits.ts';

/**
 * Milliseconds until the next attempt after `failures` of them (1 or more), doubling up to a cap; undefined: it is given up.
 * `age`: milliseconds since the logout was ordered, over restarts of the agent; the last attempt is made when patience ends.
 */
export function pauseAfter(failures: number, age: number): number | undefined {
  const left = limits.callPatience - Math.max(0, age);
  if (left <= 0) return undefined;
  return Math.min(limits.callPause * 2 ** (failures - 1), limits.callPauseCap, left);
}

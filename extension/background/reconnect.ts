// When to try the native host again, and what its end means. Pure.
import { type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

/** A host that lived this long was well: its end starts the pauses anew. */
export const settledAfter = 10_000;

/** Attempts to find a host that is not installed; after them only a request, the popup or a new start tries again. */
const attemptsWhenAbsent = 5;

/** A request that waits shortens a pause to this, counted from the last attempt: a page cannot start a row of processes. */
export const shortestPause = 1_000;

/**
 * Milliseconds until the next attempt after `failures` (>= 1) in a row, or undefined for not by itself. The cap of
 * the pauses is well below 30 s, after which an idle worker would be ended before the next attempt.
 */
export function reconnectPause(failures: number, absent: boolean): number | undefined {
  if (absent && failures >= attemptsWhenAbsent) return undefined;
  return Math.min(limits.reconnectPauseCap, limits.reconnectPause * 2 ** (failures - 1));
}

/** Whether Chromium's words (native_message_process_host, message_service) mean that no host could be started. */
export function isAbsent(lastError: string | undefined): boolean {
  return lastError !== undefined && /not found|forbidden|failed to start|not registered|disabled/i.test(lastError);
}

/** What a request is told when the way to the agent ends. `sent`: it had been handed to a connected agent. */
export function lostCode(sent: boolean, told: ErrorCode | undefined): ErrorCode {
  if (sent) return 'ERR_AGENT_STOPPED';
  return told === undefined || told === 'ERR_AGENT_STOPPED' ? 'ERR_AGENT_NOT_RUNNING' : told;
}

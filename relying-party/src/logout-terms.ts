// How long logouts, leases and sessions last, as a site configures them.
import { FIVE_MINUTES_MS, HOUR_MS } from './nonces.ts';
import { type LogoutTerms } from './logout-state.ts';

export interface LogoutTermsOptions {
  /**
   * A presence lease: a session that the holder's agent does not renew for this long, plus `toleranceMs`, ends by itself (power
   * cut, destroyed virtual desktop). Whole seconds, 10 to 3600; the agent renews at a third. Default: no lease.
   */
  readonly leaseSeconds?: number;
  /** For slow networks and clocks that differ. Default 10 seconds; at most 10 minutes. */
  readonly toleranceMs?: number;
  /** The longest life of one of your sessions: it is ended then. Default 12 hours; at most 30 days. */
  readonly sessionLifetimeMs?: number;
  /** As given to `createNonces`. Default 5 minutes. */
  readonly lifetimeMs?: number;
  /** How long a call that comes again is known to be done. Default 24 hours, as long as the agent repeats one; at most 30 days. */
  readonly rememberMs?: number;
}

const SECOND_MS = 1000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
/** From the nonce's use to the session. */
const VERIFICATION_MS = 60 * SECOND_MS;

/** @throws TypeError */
export function readLogoutTerms(options: LogoutTermsOptions): LogoutTerms {
  const { leaseSeconds, toleranceMs = 10 * SECOND_MS, sessionLifetimeMs = DAY_MS / 2 } = options;
  const { lifetimeMs = FIVE_MINUTES_MS, rememberMs = DAY_MS } = options;
  if (leaseSeconds !== undefined && !(Number.isInteger(leaseSeconds) && leaseSeconds >= 10 && leaseSeconds <= 3600)) {
    throw new TypeError('leaseSeconds must be a whole number from 10 to 3600.');
  }
  assertBetween('toleranceMs', toleranceMs, 0, 600 * SECOND_MS);
  assertBetween('sessionLifetimeMs', sessionLifetimeMs, SECOND_MS, MONTH_MS);
  assertBetween('lifetimeMs', lifetimeMs, SECOND_MS, HOUR_MS);
  assertBetween('rememberMs', rememberMs, SECOND_MS, MONTH_MS);
  return {
    attemptMs: lifetimeMs + VERIFICATION_MS,
    leaseMs: leaseSeconds === undefined ? undefined : leaseSeconds * SECOND_MS + toleranceMs,
    sessionMs: sessionLifetimeMs,
    rememberMs,
  };
}

function assertBetween(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw new TypeError(`${name} must be between ${least} and ${most}.`);
}

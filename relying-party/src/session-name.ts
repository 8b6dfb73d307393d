// How a site's sessions are named here: any text of its own, within a bound.
import { TokenError } from './token-error.ts';

const MAX_SESSION_LENGTH = 1024;

/** @throws TokenError ERR_SESSION_INVALID */
export function assertSession(session: unknown): asserts session is string {
  if (!isSession(session)) throw new TokenError('ERR_SESSION_INVALID');
}

export function isSession(session: unknown): session is string {
  return typeof session === 'string' && session.length > 0 && session.length <= MAX_SESSION_LENGTH;
}

// Whether the card may be used in this OS session now. Pure.
import { type SessionSnapshot } from './native/session-events.ts';

/**
 * Locked, switched away from, about to sleep or ended: no card handle and no PIN then. `before`: what held until now; while
 * logind cannot be asked it goes on to hold, so that nothing opens because a service is gone.
 */
export function isSuspended(session: SessionSnapshot, before: boolean): boolean {
  if (session.ended || session.suspending) return true;
  return session.connected ? session.locked === true || session.active === false : before;
}

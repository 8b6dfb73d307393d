// Whether the card may be used in this OS session now. Pure.
import { type SessionSnapshot } from './native/session-events.ts';

/** `locked`: by the screen lock, while asleep, or ended; `away`: another session has the screen, or it is disconnected. */
export type SessionUse = 'active' | 'locked' | 'away';

/**
 * In any use but `active` no card handle is held and no PIN asked. `before`: what held until now; while logind cannot be
 * asked it goes on to hold, so that nothing opens because a service is gone.
 */
export function sessionUse(session: SessionSnapshot, before: SessionUse): SessionUse {
  if (session.ended || session.suspending) return 'locked';
  if (!session.connected) return before;
  if (session.active === false) return 'away';
  return session.locked === true ? 'locked' : 'active';
}

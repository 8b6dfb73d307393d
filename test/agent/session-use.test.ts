// When a session may use the card: a table.
import assert from 'node:assert/strict';
import { type SessionSnapshot } from '../../agent/native/session-events.ts';
import { sessionUse, type SessionUse } from '../../agent/session-use.ts';

const used: SessionSnapshot = { locked: false, active: true, suspending: false, connected: true, ended: false };
const unreachable: SessionSnapshot = { ...used, locked: undefined, active: undefined, connected: false };

const cases: [string, SessionSnapshot, SessionUse, SessionUse][] = [
  ['in use', used, 'active', 'active'],
  ['in use again', used, 'locked', 'active'],
  ['locked', { ...used, locked: true }, 'active', 'locked'],
  ['locked and not active', { ...used, locked: true, active: false }, 'active', 'away'],
  ['not active: another user, or disconnected', { ...used, active: false }, 'active', 'away'],
  ['about to sleep', { ...used, suspending: true }, 'active', 'locked'],
  ['ended', { ...used, ended: true, active: false }, 'active', 'locked'],
  ['ended, as seen last', { ...unreachable, ended: true }, 'active', 'locked'],
  ['about to sleep when logind went', { ...unreachable, suspending: true }, 'active', 'locked'],
  ['not to be asked after, and in use before', unreachable, 'active', 'active'],
  ['not to be asked after, and locked before', unreachable, 'locked', 'locked'],
  ['not to be asked after, and away before', unreachable, 'away', 'away'],
];

describe('A session', () => {
  for (const [name, session, before, use] of cases) {
    it(`is ${use}: ${name}`, () => assert.equal(sessionUse(session, before), use));
  }
});

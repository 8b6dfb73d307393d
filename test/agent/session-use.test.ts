// When a session may use the card: a table.
import assert from 'node:assert/strict';
import { type SessionSnapshot } from '../../agent/native/session-events.ts';
import { isSuspended } from '../../agent/session-use.ts';

const used: SessionSnapshot = { locked: false, active: true, suspending: false, connected: true, ended: false };
const unreachable: SessionSnapshot = { ...used, locked: undefined, active: undefined, connected: false };

const cases: [string, SessionSnapshot, boolean, boolean][] = [
  ['in use', used, false, false],
  ['in use again', used, true, false],
  ['locked', { ...used, locked: true }, false, true],
  ['locked and not active', { ...used, locked: true, active: false }, false, true],
  ['not active: another user, or disconnected', { ...used, active: false }, false, true],
  ['about to sleep', { ...used, suspending: true }, false, true],
  ['ended', { ...used, ended: true, active: false }, false, true],
  ['ended, as seen last', { ...unreachable, ended: true }, false, true],
  ['about to sleep when logind went', { ...unreachable, suspending: true }, false, true],
  ['not to be asked after, and in use before', unreachable, false, false],
  ['not to be asked after, and locked before', unreachable, true, true],
];

describe('A session', () => {
  for (const [name, session, before, suspended] of cases) {
    it(`${suspended ? 'may not' : 'may'} use the card: ${name}`, () =>
      assert.equal(isSuspended(session, before), suspended));
  }
});

// Who we are, beside what another program of the system says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { ownIdentity } from '../../../agent/native/own-identity.ts';

describe('the own identity', () => {
  it('is the SID of the user and the number of a session that people sit at', () => {
    const { user, session } = ownIdentity();
    assert.match(user, /^S-1-5-21(-\d+){4}$/);
    assert.ok(session > 0);
  });

  it('names the same user as whoami does', () => {
    const output = execFileSync('whoami', ['/user'], { encoding: 'utf8' });
    assert.equal(/\bS-[\d-]+/.exec(output)?.[0], ownIdentity().user);
  });
});

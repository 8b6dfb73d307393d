// What comes to the logout address may come from anybody: it is a call in its one form, or it is refused and changes nothing.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseLogoutCall } from '../../relying-party/src/logout-call.ts';
import { limits } from '../../shared/limits.ts';
import { logoutBody, logoutSite, renewBody, stateOf } from './logout-site.ts';

const token = 'Ab-_'.repeat(10) + 'xyz';
const call = { token, event: 'logout', reason: 'card-removed' };

describe('the body of a call to the logout address', () => {
  it('is a logout or a renewal', () => {
    assert.deepEqual(parseLogoutCall(logoutBody(token)), call);
    assert.deepEqual(parseLogoutCall(renewBody(token)), { token, event: 'renew' });
  });

  it('may be spaced and ordered as JSON likes', () => {
    const body = `\n{ "reason" : "card-removed",\t"token":"${token}", "event": "logout" } `;
    assert.deepEqual(parseLogoutCall(body), call);
  });

  for (const [what, body] of Object.entries({
    'no JSON': 'token=abc',
    nothing: '',
    'a list': JSON.stringify([call]),
    'no object': 'null',
    'a text': JSON.stringify(JSON.stringify(call)),
    'a further field': JSON.stringify({ ...call, session: 'x' }),
    'the fields of both': JSON.stringify({ ...call, seconds: 60 }),
    'a field too few': JSON.stringify({ token, event: 'logout' }),
    'a prototype': `{"__proto__":{"token":"${token}"},"event":"logout","reason":"card-removed"}`,
    'another event': JSON.stringify({ ...call, event: 'login' }),
    'a list for a token': JSON.stringify({ ...call, token: [token] }),
    'a short token': JSON.stringify({ ...call, token: token.slice(1) }),
    'a long token': JSON.stringify({ ...call, token: `${token}a` }),
    'a token with a line break': JSON.stringify({ ...call, token: `${token}\n` }),
    'padded base64': JSON.stringify({ ...call, token: `${token.slice(1)}=` }),
    'a reason that is no word': JSON.stringify({ ...call, reason: '<b>' }),
    'a long reason': JSON.stringify({ ...call, reason: 'a'.repeat(41) }),
    'no reason': JSON.stringify({ ...call, reason: null }),
    'a lease that is no number': JSON.stringify({ token, event: 'renew', seconds: '60' }),
    'half a second': JSON.stringify({ token, event: 'renew', seconds: 60.5 }),
    'a lease too short': JSON.stringify({ token, event: 'renew', seconds: limits.leaseMinimum - 1 }),
    'a lease too long': JSON.stringify({ token, event: 'renew', seconds: limits.leaseMaximum + 1 }),
    'too many characters': `${' '.repeat(1024)}${JSON.stringify(call)}`,
  })) {
    it(`is refused as ${what}`, async () => {
      assert.equal(parseLogoutCall(body), undefined);
      assert.equal(stateOf(await logoutSite().logouts.receive(body)), '400 malformed');
    });
  }

  it('takes the leases that the agent takes', () => {
    for (const seconds of [limits.leaseMinimum, limits.leaseMaximum]) {
      assert.ok(parseLogoutCall(JSON.stringify({ token, event: 'renew', seconds })));
    }
  });

  it('that is anything at all is answered, and ends nobody', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    const { session } = await site.logIn();
    const field = fc.oneof(fc.constantFrom('token', 'event', 'reason', 'seconds', '__proto__'), fc.string());
    const value = fc.oneof(fc.constantFrom('logout', 'renew', 'card-removed', token, 60), fc.jsonValue());
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(field, value).map((fields) => JSON.stringify(fields)),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        assert.match(stateOf(await site.logouts.receive(text)), /^(400 malformed|404 unknown)$/);
      }),
      { numRuns: 500 },
    );
    assert.equal(stateOf(await site.logouts.receive(undefined as unknown as string)), '400 malformed');
    assert.equal(await site.logouts.isLive(session), true);
    assert.deepEqual(site.ended, []);
    assert.deepEqual(site.errors, []);
  });

  it('with one character changed ends nobody else', async () => {
    const site = logoutSite();
    const { token: held, session } = await site.logIn();
    const body = logoutBody(held);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 42 }), fc.constantFrom('a', 'Z', '0', '9', '-', '_'), async (at, character) => {
        const changed = held.slice(0, at) + character + held.slice(at + 1);
        fc.pre(changed !== held);
        assert.equal(stateOf(await site.logouts.receive(body.replace(held, changed))), '404 unknown');
      }),
    );
    assert.equal(await site.logouts.isLive(session), true);
  });
});

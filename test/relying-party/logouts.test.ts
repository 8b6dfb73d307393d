// A token goes out with the nonce and comes back when the holder has left: it ends its session, that session alone, once.
import assert from 'node:assert/strict';
import { createLogouts, createNonces, TokenError } from '../../relying-party/src/index.ts';
import { LOGOUT_REASONS } from '../../relying-party/src/logout-state.ts';
import { logoutReasons } from '../../shared/logout.ts';
import { settled } from './fake-time.ts';
import { assertRefused } from './login-fixture.ts';
import { logoutBody, logoutSite, newNonce, stateOf } from './logout-site.ts';

const HOUR_MS = 3_600_000;

describe('logout tokens', () => {
  it('are 256 bits in 43 characters that fit into a header or an address, never the same', async () => {
    const { logouts } = logoutSite();
    const tokens = await Promise.all(
      Array.from({ length: 100 }, async () => (await logouts.register(newNonce())).token),
    );
    assert.equal(new Set(tokens).size, 100);
    for (const token of tokens) assert.match(token, /^[\w-]{43}$/);
  });

  it('are for the nonces that this package issues, one for each', async () => {
    const { logouts } = logoutSite();
    const nonce = await createNonces().issue('session');
    await logouts.register(nonce);
    await assert.rejects(logouts.register(nonce), TypeError);
    for (const wrong of ['', 'session-1', `${nonce}=`]) await assert.rejects(logouts.register(wrong), TypeError);
  });

  it('end the session that was opened with them, and no other', async () => {
    const site = logoutSite();
    const [anna, bertil] = [await site.logIn(), await site.logIn()];
    assert.equal(await site.logOut(anna.token), '200 ended');
    assert.deepEqual(site.ended, [{ session: anna.session, reason: 'card-removed' }]);
    assert.equal(await site.logouts.isLive(anna.session), false);
    assert.equal(await site.logouts.isLive(bertil.session), true);
  });

  it('end it once, however often they come', async () => {
    const site = logoutSite();
    const { token } = await site.logIn();
    const answers = await Promise.all(Array.from({ length: 10 }, () => site.logOut(token)));
    answers.push(await site.logOut(token, 'unknown'));
    assert.deepEqual(new Set(answers), new Set(['200 ended']));
    assert.equal(site.ended.length, 1);
  });

  it('tell the reason, and take one that is new for "unknown"', async () => {
    const site = logoutSite();
    for (const reason of [...LOGOUT_REASONS, 'something-new']) {
      await site.logOut((await site.logIn()).token, reason);
    }
    assert.deepEqual(
      site.ended.map(({ reason }) => reason),
      [...LOGOUT_REASONS, 'unknown'],
    );
    assert.deepEqual(LOGOUT_REASONS, logoutReasons);
  });

  it('are known for a day after the end, then no more', async () => {
    const site = logoutSite();
    const { token } = await site.logIn();
    await site.logOut(token);
    await site.advance(24 * HOUR_MS - 1);
    assert.equal(await site.logOut(token), '200 ended');
    await site.advance(1);
    assert.equal(await site.logOut(token), '404 unknown');
    assert.equal(site.ended.length, 1);
  });

  it('that nobody has registered are not known', async () => {
    const site = logoutSite();
    assert.equal(await site.logOut('A'.repeat(43)), '404 unknown');
    assert.equal(await site.renew('A'.repeat(43)), '404 unknown');
  });

  it('end nothing more once the site has logged the holder out itself', async () => {
    const site = logoutSite();
    const { token, session } = await site.logIn();
    await site.logouts.close(session);
    assert.equal(await site.logouts.isLive(session), false);
    assert.equal(await site.logOut(token), '200 ended');
    assert.equal(await site.renew(token), '410 ended');
    assert.deepEqual(site.ended, []);
    await site.logouts.close(session);
    await site.logouts.close('never opened');
  });
});

describe('a login whose holder leaves before it is finished', () => {
  it('makes no session', async () => {
    const site = logoutSite();
    const nonce = newNonce();
    const { token } = await site.logouts.register(nonce);
    assert.equal(await site.logOut(token), '200 ended');
    await assertRefused(site.logouts.open(nonce, 'late'), 'ERR_LOGGED_OUT');
    await assertRefused(site.logouts.open(nonce, 'later'), 'ERR_LOGGED_OUT');
    assert.equal(await site.logouts.isLive('late'), false);
    assert.deepEqual(site.ended, []);
  });

  it('says nothing about the next login in the same browser', async () => {
    const site = logoutSite();
    const { token } = await site.logouts.register(newNonce());
    await site.logOut(token);
    const next = await site.logIn();
    assert.equal(await site.logouts.isLive(next.session), true);
  });

  it('finds its token as long as the nonce lives and the verification takes', async () => {
    const site = logoutSite({ lifetimeMs: 120_000 });
    const [early, late] = [newNonce(), newNonce()];
    await site.logouts.register(early);
    const { token } = await site.logouts.register(late);
    await site.advance(179_999);
    await site.logouts.open(early, 'early');
    await site.advance(1);
    await assertRefused(site.logouts.open(late, 'late'), 'ERR_LOGOUT_UNKNOWN');
    assert.equal(await site.logOut(token), '404 unknown');
  });
});

describe('a session that is opened', () => {
  it('needs a token that is registered and that no session has', async () => {
    const site = logoutSite();
    await assertRefused(site.logouts.open(newNonce(), 'session'), 'ERR_LOGOUT_UNKNOWN');
    const { nonce } = await site.logIn();
    await assertRefused(site.logouts.open(nonce, 'another'), 'ERR_LOGOUT_UNKNOWN');
    assert.equal(await site.logouts.isLive('another'), false);
  });

  it('is opened by one of many simultaneous logins with the same nonce', async () => {
    const site = logoutSite();
    const nonce = newNonce();
    await site.logouts.register(nonce);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => site.logouts.open(nonce, `session-${index}`)),
    );
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('has a name of its own', async () => {
    const site = logoutSite();
    const { session, token } = await site.logIn();
    const nonce = newNonce();
    await site.logouts.register(nonce);
    await assert.rejects(site.logouts.open(nonce, session), TypeError);
    await site.logOut(token);
    assert.deepEqual(site.ended, [{ session, reason: 'card-removed' }]);
  });

  it('has a name at all', async () => {
    const site = logoutSite();
    const nonce = newNonce();
    await site.logouts.register(nonce);
    for (const session of ['', 'x'.repeat(1025), undefined as unknown as string]) {
      await assertRefused(site.logouts.open(nonce, session), 'ERR_SESSION_INVALID');
      await assertRefused(site.logouts.isLive(session), 'ERR_SESSION_INVALID');
      await assertRefused(site.logouts.close(session), 'ERR_SESSION_INVALID');
    }
  });

  it('is ended when its longest life is over', async () => {
    const site = logoutSite({ sessionLifetimeMs: HOUR_MS });
    const { session, token } = await site.logIn();
    await site.advance(HOUR_MS - 1);
    assert.equal(await site.logouts.isLive(session), true);
    await site.advance(1);
    assert.deepEqual(site.ended, [{ session, reason: 'session-expired' }]);
    assert.equal(await site.logOut(token), '200 ended');
    assert.equal(site.timers(), 0);
  });
});

describe('a site that cannot end a session just now', () => {
  it('is asked again by the next call, and the session is over from the first', async () => {
    let isBroken = true;
    const told: string[] = [];
    const failure = new Error('the session store is away');
    const site = logoutSite({
      endSession: (session) => {
        told.push(session);
        return isBroken ? Promise.reject(failure) : Promise.resolve();
      },
    });
    const { token, session } = await site.logIn();
    assert.equal(await site.logOut(token), '503 unavailable');
    assert.deepEqual(site.errors, [failure]);
    assert.equal(await site.logouts.isLive(session), false);
    isBroken = false;
    assert.equal(await site.logOut(token), '200 ended');
    assert.equal(await site.logOut(token), '200 ended');
    assert.deepEqual(told, [session, session]);
  });

  it('lets calls for the same token wait for the one that is under way', async () => {
    let finish: () => void = () => undefined;
    let begun = 0;
    const site = logoutSite({
      endSession: () => {
        begun += 1;
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const { token } = await site.logIn();
    const answers = [site.logOut(token), site.logOut(token)];
    const first = await Promise.race([...answers, settled().then(() => 'nobody yet')]);
    assert.equal(first, 'nobody yet');
    finish();
    assert.deepEqual(await Promise.all(answers), ['200 ended', '200 ended']);
    assert.equal(begun, 1);
  });
});

describe('logouts that are configured wrongly', () => {
  const endSession = () => undefined;
  for (const [name, values] of Object.entries({
    leaseSeconds: [9, 3601, 60.5, Number.NaN],
    toleranceMs: [-1, 600_001],
    sessionLifetimeMs: [999, 30 * 24 * HOUR_MS + 1],
    lifetimeMs: [999, HOUR_MS + 1],
    rememberMs: [0, Number.POSITIVE_INFINITY],
  })) {
    it(`say what is wrong with ${name}`, () => {
      for (const value of values) assert.throws(() => createLogouts({ endSession, [name]: value }), new RegExp(name));
    });
  }

  it('work without clocks and timers of the test', async () => {
    const ended: string[] = [];
    const logouts = createLogouts({ endSession: (session) => void ended.push(session), leaseSeconds: 60 });
    const nonce = newNonce();
    const { token, leaseSeconds } = await logouts.register(nonce);
    assert.equal(leaseSeconds, 60);
    await logouts.open(nonce, 'session');
    assert.equal(stateOf(await logouts.receive(logoutBody(token))), '200 ended');
    assert.deepEqual(ended, ['session']);
    logouts.stop();
    await assert.rejects(logouts.open(nonce, 'again'), TokenError);
  });
});

// A presence lease: the session lives as long as the holder's agent says that he is there, by the server's own clock.
import assert from 'node:assert/strict';
import { createMemoryLogoutStore, type LogoutStore } from '../../relying-party/src/index.ts';
import { logoutSite, newNonce } from './logout-site.ts';

const HOUR_MS = 3_600_000;

describe('a presence lease', () => {
  it('is told to the page with the token', async () => {
    const { logouts } = logoutSite({ leaseSeconds: 60 });
    assert.equal((await logouts.register(newNonce())).leaseSeconds, 60);
    assert.deepEqual(Object.keys(await logoutSite().logouts.register(newNonce())), ['token']);
  });

  it('that nobody renews ends the session by itself, after the tolerance', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    const { session } = await site.logIn();
    await site.advance(69_999);
    assert.deepEqual(site.ended, []);
    assert.equal(await site.logouts.isLive(session), true);
    await site.advance(1);
    assert.deepEqual(site.ended, [{ session, reason: 'lease-expired' }]);
    assert.equal(await site.logouts.isLive(session), false);
  });

  it('lasts from its last renewal', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    const { session, token } = await site.logIn();
    for (let turn = 0; turn < 30; turn += 1) {
      await site.advance(20_000);
      assert.equal(await site.renew(token), '200 live');
    }
    await site.advance(69_999);
    assert.equal(await site.logouts.isLive(session), true);
    await site.advance(1);
    assert.deepEqual(site.ended, [{ session, reason: 'lease-expired' }]);
    assert.equal(site.timers(), 0);
  });

  it('that has run out cannot be renewed', async () => {
    const site = logoutSite({ leaseSeconds: 60, toleranceMs: 0 });
    const { token } = await site.logIn();
    site.logouts.stop(); // as if the timer were late
    await site.advance(60_000);
    assert.equal(await site.renew(token), '410 ended');
    assert.equal(await site.renew(token), '410 ended');
    assert.equal(site.ended.length, 1);
  });

  it('that has run out is noticed by the next request, whatever the timers do', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    const { session } = await site.logIn();
    site.logouts.stop();
    await site.advance(70_000);
    assert.deepEqual(site.ended, []);
    assert.equal(await site.logouts.isLive(session), false);
    assert.deepEqual(site.ended, [{ session, reason: 'lease-expired' }]);
  });

  it('begins when the login is finished: a renewal before changes nothing', async () => {
    const site = logoutSite({ leaseSeconds: 10, toleranceMs: 0 });
    const nonce = newNonce();
    const { token } = await site.logouts.register(nonce);
    await site.advance(60_000);
    assert.equal(await site.renew(token), '202 waiting');
    await site.logouts.open(nonce, 'session');
    await site.advance(9_999);
    assert.equal(await site.logouts.isLive('session'), true);
  });

  it('is over when the holder leaves', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    const { token } = await site.logIn();
    await site.logOut(token);
    assert.equal(await site.renew(token), '410 ended');
    assert.equal(site.timers(), 0);
  });

  it('keeps no session beyond its longest life', async () => {
    const site = logoutSite({ leaseSeconds: 60, sessionLifetimeMs: HOUR_MS });
    const { session, token } = await site.logIn();
    for (let turn = 0; turn < 179; turn += 1) {
      await site.advance(20_000);
      assert.equal(await site.renew(token), '200 live');
    }
    await site.advance(20_000);
    assert.deepEqual(site.ended, [{ session, reason: 'session-expired' }]);
    assert.equal(await site.renew(token), '410 ended');
  });

  it('that is not asked for may be renewed without effect', async () => {
    const site = logoutSite({ sessionLifetimeMs: HOUR_MS });
    const { session, token } = await site.logIn();
    assert.equal(await site.renew(token), '200 live');
    await site.advance(HOUR_MS);
    assert.deepEqual(site.ended, [{ session, reason: 'session-expired' }]);
  });

  it('is looked after until the site has really ended the session', async () => {
    let failures = 3;
    let told = 0;
    const site = logoutSite({
      leaseSeconds: 60,
      endSession: () => {
        told += 1;
        return (failures -= 1) >= 0 ? Promise.reject(new Error('away')) : Promise.resolve();
      },
    });
    await site.logIn();
    await site.advance(70_000);
    assert.deepEqual([told, site.errors.length], [1, 1]);
    await site.advance(30_000);
    assert.deepEqual([told, site.errors.length], [4, 3]);
    assert.equal(site.timers(), 0);
  });

  it('is looked after through a failure of the store', async () => {
    const memory = createMemoryLogoutStore();
    let isAway = false;
    const away = () => Promise.reject(new Error('away'));
    const store: LogoutStore = {
      find: (...where) => (isAway ? away() : memory.find(...where)),
      replace: (...change) => (isAway ? away() : memory.replace(...change)),
    };
    const site = logoutSite({ leaseSeconds: 60, store });
    const { session } = await site.logIn();
    isAway = true;
    await site.advance(70_000);
    assert.deepEqual(site.ended, []);
    isAway = false;
    await site.advance(10_000);
    assert.deepEqual(site.ended, [{ session, reason: 'lease-expired' }]);
  });

  it('is taken over by another server that shares the store', async () => {
    const store = createMemoryLogoutStore();
    const [first, second] = [logoutSite({ leaseSeconds: 60, store }), logoutSite({ leaseSeconds: 60, store })];
    const { session, token } = await first.logIn();
    first.logouts.stop(); // that server is gone
    await second.advance(20_000);
    assert.equal(await second.renew(token), '200 live');
    await second.advance(70_000);
    assert.deepEqual(second.ended, [{ session, reason: 'lease-expired' }]);
  });

  it('is taken over by a server that sees the session in a request', async () => {
    const store = createMemoryLogoutStore();
    const [first, second] = [logoutSite({ leaseSeconds: 60, store }), logoutSite({ leaseSeconds: 60, store })];
    const { session } = await first.logIn();
    first.logouts.stop();
    assert.equal(await second.logouts.isLive(session), true);
    await second.advance(70_000);
    assert.deepEqual(second.ended, [{ session, reason: 'lease-expired' }]);
  });

  it('leaves no timer behind when the site stops', async () => {
    const site = logoutSite({ leaseSeconds: 60 });
    await Promise.all([site.logIn(), site.logIn()]);
    assert.equal(site.timers(), 2);
    site.logouts.stop();
    assert.equal(site.timers(), 0);
    await site.logIn();
    assert.equal(site.timers(), 0);
  });
});

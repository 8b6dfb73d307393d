// Where tokens wait: bounded under floods, compare-and-set, and somebody else's code where it is shared.
import assert from 'node:assert/strict';
import { createMemoryLogoutStore, type LogoutStore, type StoredLogout } from '../../relying-party/src/index.ts';
import { assertRefused } from './login-fixture.ts';
import { logoutSite, newNonce } from './logout-site.ts';

const hash = (digit: string) => digit.repeat(64);
const entry = { state: 'waiting', token: hash('a'), attempt: hash('b'), version: 1, endsAt: Infinity } as const;
const open = { ...entry, state: 'open', version: 2, session: 's', lastsUntil: Infinity } as const;

describe('the memory store of logouts', () => {
  it('writes an entry that is new, and one in the place of what it was', async () => {
    const store = createMemoryLogoutStore();
    assert.equal(await store.replace(undefined, entry), true);
    assert.equal(await store.replace(entry, open), true);
    for (const [by, value] of [
      ['token', entry.token],
      ['attempt', entry.attempt],
      ['session', 's'],
    ] as const) {
      assert.deepEqual(await store.find(by, value), open);
    }
  });

  it('writes nothing in the place of what it is no more', async () => {
    const store = createMemoryLogoutStore();
    assert.equal(await store.replace(entry, open), false);
    await store.replace(undefined, entry);
    assert.equal(await store.replace(undefined, entry), false);
    assert.equal(await store.replace(undefined, { ...entry, token: hash('c') }), false, 'the attempt is there');
    await store.replace(entry, open);
    assert.equal(await store.replace(entry, { ...open, session: 'other' }), false);
    const next: StoredLogout = { ...entry, token: hash('c'), attempt: hash('d') };
    await store.replace(undefined, next);
    assert.equal(await store.replace(next, { ...next, ...open, token: hash('c'), attempt: hash('d') }), false);
    assert.deepEqual(await store.find('session', 's'), open);
  });

  it('forgets the session of an entry that has none any more', async () => {
    const store = createMemoryLogoutStore();
    await store.replace(undefined, entry);
    await store.replace(entry, open);
    await store.replace(open, { ...entry, state: 'ended', version: 3, reason: 'closed' });
    assert.equal(await store.find('session', 's'), undefined);
    assert.equal((await store.find('attempt', entry.attempt))?.state, 'ended');
  });

  it('keeps every open session through a flood of nonces', async () => {
    const site = logoutSite({}, { limit: 10 });
    const { session, token } = await site.logIn();
    const first = newNonce();
    await site.logouts.register(first);
    for (let count = 0; count < 10; count += 1) await site.logouts.register(newNonce());
    await assertRefused(site.logouts.open(first, 'late'), 'ERR_LOGOUT_UNKNOWN');
    assert.equal(await site.logouts.isLive(session), true);
    assert.equal(await site.logOut(token), '200 ended');
    assert.equal(site.ended.length, 1);
  });

  it('keeps what the site has still to end through a flood of nonces that are logged out', async () => {
    let isBroken = true;
    const ended: string[] = [];
    const endSession = (session: string) => {
      if (isBroken) throw new Error('away');
      ended.push(session);
    };
    const site = logoutSite({ endSession }, { limit: 10 });
    const { session, token } = await site.logIn();
    assert.equal(await site.logOut(token), '503 unavailable');
    for (let count = 0; count < 20; count += 1) {
      const { token: own } = await site.logouts.register(newNonce());
      assert.equal(await site.logOut(own), '200 ended');
    }
    isBroken = false;
    assert.equal(await site.logOut(token), '200 ended');
    assert.deepEqual(ended, [session]);
  });

  it('remembers so many ended sessions, and forgets the oldest', async () => {
    const site = logoutSite({}, { limit: 3 });
    const logins = [await site.logIn(), await site.logIn(), await site.logIn(), await site.logIn()];
    for (const { token } of logins) await site.logOut(token);
    const again = await Promise.all(logins.map(({ token }) => site.logOut(token)));
    assert.deepEqual(again, ['404 unknown', '200 ended', '200 ended', '200 ended']);
    assert.equal(site.ended.length, 4);
  });

  it('refuses further sessions when it is full, and has room again when one has ended', async () => {
    const site = logoutSite({}, { sessions: 2 });
    const [first] = [await site.logIn(), await site.logIn()];
    await assertRefused(site.logIn('third'), 'ERR_LOGOUT_STORE_UNAVAILABLE');
    assert.equal(await site.logouts.isLive(first.session), true);
    await site.logOut(first.token);
    await site.logIn('third');
  });

  it('throws away what has expired', async () => {
    const kept: StoredLogout[] = [];
    const store = createMemoryLogoutStore({ clock: () => 1_000 });
    for (const [digit, endsAt] of [
      ['1', 999],
      ['2', 2_000],
    ] as const) {
      await store.replace(undefined, { ...entry, token: hash(digit), attempt: hash(digit), endsAt });
    }
    await store.replace(undefined, { ...entry, endsAt: 3_000 });
    for (const digit of ['1', '2', 'a']) kept.push(...[await store.find('token', hash(digit))].filter((e) => !!e));
    assert.deepEqual(
      kept.map(({ endsAt }) => endsAt),
      [2_000, 3_000],
    );
  });

  it('has limits that are positive whole numbers', () => {
    for (const bound of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => createMemoryLogoutStore({ limit: bound }), TypeError);
      assert.throws(() => createMemoryLogoutStore({ sessions: bound }), TypeError);
    }
  });
});

describe('a logout store that fails', () => {
  const cause = new Error('connection refused');
  const away = () => Promise.reject(cause);

  it('fails the login with a code and the cause, and lets the agent call again', async () => {
    const site = logoutSite({ store: { find: away, replace: away } });
    const nonce = newNonce();
    for (const attempt of [
      () => site.logouts.register(nonce),
      () => site.logouts.open(nonce, 's'),
      () => site.logouts.isLive('s'),
      () => site.logouts.close('s'),
    ]) {
      await assert.rejects(attempt, { code: 'ERR_LOGOUT_STORE_UNAVAILABLE', cause });
    }
    assert.equal(await site.logOut('A'.repeat(43)), '503 unavailable');
    assert.equal(await site.renew('A'.repeat(43)), '503 unavailable');
    assert.equal(site.errors.length, 2);
  });

  it('is not believed when it answers nonsense', async () => {
    for (const nonsense of [
      7,
      '',
      {},
      { ...entry, token: 'short' },
      { ...entry, attempt: undefined },
      { ...entry, version: 0 },
      { ...entry, endsAt: 'later' },
      { ...entry, state: 'gone' },
      { ...open, session: '' },
      { ...open, lastsUntil: null },
      { ...entry, state: 'ended', reason: 'because' },
      { ...entry, state: 'ended', reason: 'closed', session: 7 },
      Object.create(open) as unknown,
    ]) {
      const store = { find: () => Promise.resolve(nonsense), replace: () => Promise.resolve(true) };
      const { logouts } = logoutSite({ store: store as unknown as LogoutStore });
      await assertRefused(logouts.isLive('s'), 'ERR_LOGOUT_STORE_UNAVAILABLE');
    }
  });

  it('is not believed when it answers with an entry that was not asked for', async () => {
    const store: LogoutStore = { find: () => Promise.resolve(open), replace: () => Promise.resolve(true) };
    const { logouts } = logoutSite({ store });
    await assertRefused(logouts.isLive('other'), 'ERR_LOGOUT_STORE_UNAVAILABLE');
  });

  it('may say null for what is not there, as databases do', async () => {
    const memory = createMemoryLogoutStore();
    const store = {
      find: async (...where: Parameters<LogoutStore['find']>) => {
        const found = await memory.find(...where);
        if (found === undefined) return null;
        return { session: null, lastsUntil: null, reason: null, ...found };
      },
      replace: (...change: Parameters<LogoutStore['replace']>) => memory.replace(...change),
    } as unknown as LogoutStore;
    const site = logoutSite({ store });
    const { token, session } = await site.logIn();
    assert.equal(await site.logOut(token), '200 ended');
    assert.equal(await site.logOut(token), '200 ended');
    assert.deepEqual(site.ended, [{ session, reason: 'card-removed' }]);
  });

  it('that never lets anything be written is given up', async () => {
    const memory = createMemoryLogoutStore();
    let isStuck = false;
    const store: LogoutStore = {
      find: (...where) => memory.find(...where),
      replace: (...change) => (isStuck ? Promise.resolve(false) : memory.replace(...change)),
    };
    const site = logoutSite({ store });
    const { token, session } = await site.logIn();
    isStuck = true;
    assert.equal(await site.logOut(token), '503 unavailable');
    await assertRefused(site.logouts.close(session), 'ERR_LOGOUT_STORE_UNAVAILABLE');
  });
});

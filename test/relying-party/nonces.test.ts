import assert from 'node:assert/strict';
import { createMemoryNonceStore, createNonces, type NonceStore } from '../../relying-party/src/index.ts';
import { assertRefused } from './login-fixture.ts';

describe('login nonces', () => {
  const fakeClock = () => {
    let now = Date.parse('2026-03-02T12:00:00Z');
    return { clock: () => now, advance: (ms: number) => (now += ms) };
  };

  it('are 256 bits in 44 characters of base64, never the same', async () => {
    const nonces = createNonces();
    const issued = await Promise.all(Array.from({ length: 100 }, (_, index) => nonces.issue(`session-${index}`)));
    assert.equal(new Set(issued).size, 100);
    for (const nonce of issued) {
      assert.equal(nonce.length, 44);
      assert.equal(Buffer.from(nonce, 'base64').length, 32);
    }
  });

  it('belong to one session and are used once', async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue('anna');
    await assertRefused(nonces.consume('bertil'), 'ERR_NONCE_UNKNOWN');
    assert.equal(await nonces.consume('anna'), nonce);
    await assertRefused(nonces.consume('anna'), 'ERR_NONCE_UNKNOWN');
  });

  it('are replaced by the next of the same session', async () => {
    const nonces = createNonces();
    await nonces.issue('anna');
    const second = await nonces.issue('anna');
    assert.equal(await nonces.consume('anna'), second);
    await assertRefused(nonces.consume('anna'), 'ERR_NONCE_UNKNOWN');
  });

  it('live for five minutes', async () => {
    const { clock, advance } = fakeClock();
    const nonces = createNonces({ clock });
    const nonce = await nonces.issue('anna');
    await nonces.issue('bertil');
    advance(299_999);
    assert.equal(await nonces.consume('anna'), nonce);
    advance(1);
    await assertRefused(nonces.consume('bertil'), 'ERR_NONCE_EXPIRED');
    await assertRefused(nonces.consume('bertil'), 'ERR_NONCE_UNKNOWN');
  });

  it('live as long as the site says, between a second and an hour', async () => {
    const { clock, advance } = fakeClock();
    const nonces = createNonces({ clock, lifetimeMs: 1000 });
    await nonces.issue('anna');
    advance(1000);
    await assertRefused(nonces.consume('anna'), 'ERR_NONCE_EXPIRED');
    for (const lifetimeMs of [0, 999, 3_600_001, Number.NaN])
      assert.throws(() => createNonces({ lifetimeMs }), TypeError);
  });

  it('are handed to one of many simultaneous takers', async () => {
    const nonces = createNonces();
    await nonces.issue('anna');
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => nonces.consume('anna')));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('are bounded in number: the oldest is forgotten', async () => {
    const { clock } = fakeClock();
    const nonces = createNonces({ clock, store: createMemoryNonceStore({ limit: 3, clock }) });
    await nonces.issue('a');
    await nonces.issue('b');
    await nonces.issue('c');
    await nonces.issue('a'); // is the newest now
    await nonces.issue('d');
    await assertRefused(nonces.consume('b'), 'ERR_NONCE_UNKNOWN');
    for (const session of ['a', 'c', 'd']) assert.equal((await nonces.consume(session)).length, 44);
  });

  it('of other sessions stay when one session asks again at the limit', async () => {
    const nonces = createNonces({ store: createMemoryNonceStore({ limit: 2 }) });
    const first = await nonces.issue('a');
    await nonces.issue('b');
    await nonces.issue('b');
    assert.equal(await nonces.consume('a'), first);
  });

  it('are cleared away when they have expired', async () => {
    const { clock, advance } = fakeClock();
    const nonces = createNonces({ clock });
    await nonces.issue('anna');
    advance(300_000);
    await nonces.issue('bertil');
    await assertRefused(nonces.consume('anna'), 'ERR_NONCE_UNKNOWN');
  });

  it('are for sessions that have an identifier', async () => {
    const nonces = createNonces();
    for (const session of ['', 'x'.repeat(1025)]) {
      await assertRefused(nonces.issue(session), 'ERR_SESSION_INVALID');
      await assertRefused(nonces.consume(session), 'ERR_SESSION_INVALID');
    }
    const missing = undefined as unknown as string;
    await assertRefused(nonces.issue(missing), 'ERR_SESSION_INVALID');
  });

  it('say so when their store fails, with the cause', async () => {
    const cause = new Error('connection refused');
    const store: NonceStore = { put: () => Promise.reject(cause), take: () => Promise.reject(cause) };
    const nonces = createNonces({ store });
    await assertRefused(nonces.issue('anna'), 'ERR_NONCE_STORE_UNAVAILABLE');
    await assert.rejects(nonces.consume('anna'), { code: 'ERR_NONCE_STORE_UNAVAILABLE', cause });
  });

  it('say so when their store answers nonsense', async () => {
    const later = Date.now() + 60_000;
    const good = Buffer.alloc(32).toString('base64');
    for (const nonsense of [
      '',
      7,
      {},
      { nonce: 'short', expiresAt: later },
      { nonce: good, expiresAt: 'later' },
      { nonce: good },
    ]) {
      const store = { put: () => Promise.resolve(), take: () => Promise.resolve(nonsense) } as unknown as NonceStore;
      await assertRefused(createNonces({ store }).consume('anna'), 'ERR_NONCE_STORE_UNAVAILABLE');
    }
  });
});

// Login with the PIN: what is asked, what is sent to the card, and what is refused before either.
import assert from 'node:assert/strict';
import { authenticate } from '../../../agent/operations/authenticate.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { certificateOf } from '../certificates/der.ts';
import { gate, kortbroError, tokenError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { assertTokenOf, cancelled, inNewWorlds, staysOpen } from './login-checks.ts';
import {
  anna,
  barred,
  cardKey,
  journal,
  nonce,
  type OperationWorld,
  settings,
  type CardKey,
} from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let personal: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, personal } = cards);
  });

  describe('with the PIN', () => {
    it('asks for it once, logs in once, signs once', async () => {
      const token = await world.insert([hsa]);
      const login = await world.login();
      assertTokenOf(hsa, journal, login);
      assert.equal(login.from, token);
      assert.deepEqual(world.kinds, ['pin']);
      assert.deepEqual(world.driver.calls, ['login handle of A', 'sign handle of A 45 ES256']);
      assert.deepEqual(world.driver.pins, ['123456']);
      assert.equal(world.context.pinSso.isOpen(token), true);
      assert.deepEqual(world.events, ['pin-sso-started']);
    });

    it('costs the card nothing before the PIN is typed', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const asker = new AbortController();
      const login = world.login(journal, asker.signal);
      login.catch(() => undefined);
      await world.dialogs(1);
      assert.deepEqual(world.driver.calls, []);
      asker.abort(cancelled());
      await assert.rejects(login);
    });

    it('says who asks and whose card it is', async () => {
      await world.insert([hsa]);
      await world.login();
      const text = world.pinentry.text(0);
      for (const part of [journal, 'Anna Testsson', 'SE0000000000-1ABC']) assert.ok(text.includes(part), part);
    });

    it('speaks the language of the request', async () => {
      await world.insert([hsa]);
      await world.login();
      assert.ok(world.pinentry.heard.includes('SETOK Legitimera'));
    });

    it('leaves no PIN in its Buffer, whatever the driver does with it', async () => {
      await world.insert([hsa]);
      let seen: Uint8Array | undefined;
      world.driver.login = (_handle, pin) => {
        seen = pin;
        return Promise.reject(new TokenError('ERR_PIN_WRONG'));
      };
      await assert.rejects(world.login(), tokenError('ERR_PIN_WRONG'));
      assert.deepEqual([...(seen ?? [1])], [0, 0, 0, 0, 0, 0]);
    });

    it('waits for a card that is read anew in the very moment in which it is looked for', async () => {
      await world.insert([hsa]);
      const settled = world.cards.settled.bind(world.cards);
      let isFirst = true;
      world.cards.settled = async (signal) => {
        await settled(signal);
        if (isFirst) void world.cards.rebind('A', true);
        isFirst = false;
      };
      assertTokenOf(hsa, journal, await world.login());
    });

    it('waits for a card that is being read', async () => {
      const reading = gate<[]>();
      world.driver.bindInstead = () => reading.promise;
      world.place([hsa]);
      const login = world.login();
      await settle();
      assert.deepEqual(world.kinds, []);
      world.driver.bindInstead = undefined;
      void world.cards.rebind('A', true);
      assertTokenOf(hsa, journal, await login);
    });
  });

  describe('is refused before anything is asked or touched', () => {
    const login = (origin: string) => world.login(origin);
    const cases: [string, () => Promise<unknown>, string][] = [
      ['a site that policy refuses', () => login(barred), 'ERR_POLICY_ORIGIN'],
      ['a page without https', () => login('http://journal.example.se'), 'ERR_REQUEST_ORIGIN'],
      ['an origin with a slash', () => login(`${journal}/`), 'ERR_REQUEST_ORIGIN'],
      ['no origin', () => login('null'), 'ERR_REQUEST_ORIGIN'],
    ];
    for (const [name, attempt, code] of cases) {
      it(`${name}: ${code}`, async () => {
        await world.insert([hsa]);
        await assert.rejects(attempt(), kortbroError(code));
        assert.deepEqual([world.kinds, world.driver.calls], [[], []]);
      });
    }

    it('a locked PIN: ERR_PIN_LOCKED, and no PIN is asked or sent', async () => {
      await world.insert([hsa], { pin: { state: 'locked', triesLeft: 0 } });
      world.driver.statusInstead = () => ({ state: 'locked', triesLeft: 0 });
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.deepEqual(world.driver.calls, ['status handle of A']);
      assert.deepEqual([world.kinds, world.logins], [[], []]);
    });

    it('a reader with a PIN pad: ERR_PIN_PAD_UNSUPPORTED', async () => {
      await world.insert([hsa], { protectedAuthenticationPath: true });
      await assert.rejects(world.login(), kortbroError('ERR_PIN_PAD_UNSUPPORTED'));
      assert.deepEqual([world.kinds, world.logins], [[], []]);
    });

    it('a locked session: ERR_AGENT_SESSION_LOCKED', async () => {
      await world.insert([hsa]);
      world.suspend();
      await assert.rejects(world.login(), kortbroError('ERR_AGENT_SESSION_LOCKED'));
      assert.deepEqual(world.kinds, []);
    });

    it('a machine without the pinentry program: ERR_PIN_PROMPT', async () => {
      world.policy = world.policyOf({ ...settings, pin: { program: '/nonexistent/pinentry' } });
      await world.insert([hsa]);
      await assert.rejects(world.login(), kortbroError('ERR_PIN_PROMPT'));
      assert.deepEqual(world.logins, []);
    });

    const weak: [string, () => CardKey[], string][] = [
      ['no certificate', () => [], 'ERR_CARD_NO_CERTIFICATE'],
      ['only one that does not parse', () => [{ ...hsa, der: Buffer.from('x') }], 'ERR_CARD_CERTIFICATE_INVALID'],
      ['only the other identity', () => [personal], 'ERR_CARD_NO_CERTIFICATE'],
      ['a key that cannot be used', () => [{ ...hsa, der: certificateOf() }], 'ERR_CARD_NO_CERTIFICATE'],
    ];
    for (const [name, keys, code] of weak) {
      it(`a card with ${name}: ${code}`, async () => {
        await world.insert(keys(), name === 'a key that cannot be used' ? { mechanisms: ['CKM_RSA_PKCS'] } : {});
        await assert.rejects(world.login(), kortbroError(code));
        assert.deepEqual([world.kinds, world.logins], [[], []]);
      });
    }

    it('a card whose level is too low: ERR_POLICY_ASSURANCE', async () => {
      world.policy = world.policyOf({ sites: [{ origin: journal, access: 'silent', minimumAssuranceLevel: 3 }] });
      await world.insert([hsa]);
      await assert.rejects(world.login(), kortbroError('ERR_POLICY_ASSURANCE'));
      assert.deepEqual(world.kinds, []);
    });

    it('a certificate that has expired: ERR_CARD_CERTIFICATE_INVALID', async () => {
      const notAfter = new Date('2026-03-01T12:00:00Z');
      await world.insert([await cardKey('45', anna, { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter })]);
      await assert.rejects(world.login(), kortbroError('ERR_CARD_CERTIFICATE_INVALID'));
      assert.deepEqual(world.kinds, []);
    });
  });

  it('reads a card again that the driver failed at, with a reset, before it gives up', async () => {
    world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
    world.place([hsa]);
    await settle();
    await assert.rejects(world.login(), kortbroError('ERR_AGENT_DRIVER_CRASHED'));
    assert.deepEqual(world.driver.calls, ['bind A', 'bind A reset']);
    world.driver.bindInstead = undefined;
    assertTokenOf(hsa, journal, await world.login());
  });

  it('refuses a nonce that is none before anything is asked', async () => {
    await world.insert([hsa]);
    const call = { language: 'en', signal: new AbortController().signal, profile: 'p' } as const;
    for (const bad of ['', nonce.slice(1), `${nonce} `]) {
      await assert.rejects(
        authenticate(world.context, call, journal, { nonce: bad }),
        kortbroError('ERR_REQUEST_NONCE'),
      );
    }
    assert.deepEqual([world.kinds, world.driver.calls], [[], []]);
  });
});

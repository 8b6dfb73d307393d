// Login, branch by branch: when the holder is asked and what, what is sent to the card, and what becomes of PIN-SSO.
import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { authenticate } from '../../../agent/operations/authenticate.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { parseResult } from '../../../shared/messages.ts';
import { certificateOf } from '../certificates/der.ts';
import { gate, kortbroError, tokenError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { refusals, say, sayPin } from '../pin/scripted-pinentry.ts';
import { waitUntil } from '../../native-host/within.ts';
import {
  anna,
  another,
  barred,
  bertil,
  cardKey,
  journal,
  nonce,
  OperationWorld,
  prescriptions,
  settings,
  signedBytes,
  stranger,
  type CardKey,
} from './operation-world.ts';

const staysOpen = 'exec sleep 60';
const cancelled = () => new KortbroError('ERR_REQUEST_CANCELLED');
type Login = Awaited<ReturnType<OperationWorld['login']>>;

/** A token that the card of `key` signed for `origin`. */
function assertTokenOf({ der }: CardKey, origin: string, { token }: Login): void {
  assert.deepEqual(parseResult('authenticate', token), token);
  assert.equal(token.unverifiedCertificate, Buffer.from(der).toString('base64'));
  const key = { key: new X509Certificate(der).publicKey, dsaEncoding: 'ieee-p1363' as const };
  assert.ok(
    verify('sha256', signedBytes(origin), key, Buffer.from(token.signature, 'base64')),
    'not signed for this login',
  );
}

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let personal: CardKey;
  let bertils: CardKey;
  const logins = () => world.driver.callsOf('login');
  const signatures = () => world.driver.callsOf('sign');
  const kinds = () => world.pinentry.dialogs.map((dialog) => (dialog === 'GETPIN' ? 'pin' : 'question'));
  const events = () => world.log.map(({ event }) => event);

  before(async () => {
    hsa = await cardKey('45');
    personal = await cardKey('46', anna, { identity: 'personal-number' });
    bertils = await cardKey('47', bertil);
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  describe('with the PIN', () => {
    it('asks for it once, logs in once, signs once', async () => {
      const token = await world.insert([hsa]);
      const login = await world.login();
      assertTokenOf(hsa, journal, login);
      assert.equal(login.from, token);
      assert.deepEqual(kinds(), ['pin']);
      assert.deepEqual(world.driver.calls, ['login handle of A', 'sign handle of A 45 ES256']);
      assert.deepEqual(world.driver.pins, ['123456']);
      assert.equal(world.context.pinSso.isOpen(token), true);
      assert.deepEqual(events(), ['pin-sso-started']);
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

    it('waits for a card that is being read', async () => {
      const reading = gate<[]>();
      world.driver.bindInstead = () => reading.promise;
      world.place([hsa]);
      const login = world.login();
      await settle();
      assert.deepEqual(kinds(), []);
      world.driver.bindInstead = undefined;
      void world.cards.rebind('A', true);
      assertTokenOf(hsa, journal, await login);
    });
  });

  describe('within PIN-SSO', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });

    it('is silent at a site that policy lets in: one signature, nothing else', async () => {
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(kinds(), ['pin']);
      assert.deepEqual(world.driver.calls, ['sign handle of A 45 ES256']);
    });

    it('asks the holder once at any other site', async () => {
      for (let i = 0; i < 3; i++) assertTokenOf(hsa, stranger, await world.login(stranger));
      assert.deepEqual(kinds(), ['pin', 'question']);
      assert.ok(world.pinentry.text(1).includes(stranger));
      assert.deepEqual(logins(), []);
      await world.login(another);
      assert.deepEqual(kinds(), ['pin', 'question', 'question']);
      assert.deepEqual(world.log.filter(({ event }) => event === 'consent-given').length, 2);
    });

    it('asks anew in the next session', async () => {
      await world.login(stranger);
      world.context.pinSso.endAll('forgotten');
      await world.login(journal);
      await world.login(stranger);
      assert.deepEqual(kinds(), ['pin', 'question', 'pin', 'question']);
    });

    it('does not ask at the site for which the PIN was typed', async () => {
      world.context.pinSso.endAll('forgotten');
      await world.login(stranger);
      await world.login(stranger);
      assert.deepEqual(kinds(), ['pin', 'pin']);
    });

    it('signs nothing when the holder says no, and asks again next time', async () => {
      world.pinentry.is({ confirm: say(refusals.notConfirmed) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_DECLINED'));
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_DECLINED'));
      assert.deepEqual(signatures(), []);
      assert.equal(world.context.visitors.has(stranger), false);
      assert.deepEqual(events().slice(-2), ['consent-refused', 'consent-refused']);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
    });

    it('signs nothing when the holder cancels or does not answer', async () => {
      world.pinentry.is({ confirm: say(refusals.cancelled) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_CANCELLED'));
      world.pinentry.is({ confirm: say(refusals.timeout) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_TIMEOUT'));
      assert.deepEqual(signatures(), []);
    });

    for (const [name, reply] of [
      ['cancels', refusals.cancelled],
      ['says no', refusals.notConfirmed],
    ] as const) {
      it(`asks no more for a while when the holder ${name} three times`, async () => {
        world.pinentry.is({ confirm: say(reply) });
        for (let i = 0; i < limits.cancelsBeforeMute; i++) await assert.rejects(world.login(stranger));
        await assert.rejects(world.login(stranger), kortbroError('ERR_POLICY_MUTED'));
        assert.equal(world.pinentry.dialogs.length, 1 + limits.cancelsBeforeMute);
        assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
        world.clock.advance(limits.muteTime);
        world.pinentry.is({});
        assertTokenOf(hsa, stranger, await world.login(stranger));
      });
    }

    it('is over after the idle limit: the card is reset, and the PIN is asked again', async () => {
      world.clock.advance(120 * 60_000);
      assert.deepEqual(world.ends, ['idle-limit']);
      await world.login(prescriptions);
      assert.deepEqual(kinds(), ['pin', 'pin']);
      assert.ok(world.driver.calls.includes('bind A reset'));
    });

    it('lives on while it is used', async () => {
      for (let i = 0; i < 3; i++) {
        world.clock.advance(119 * 60_000);
        await world.login(prescriptions);
      }
      assert.deepEqual(kinds(), ['pin']);
    });

    it('is over when the same card was pulled and put back', async () => {
      world.pull();
      await world.insert([hsa]);
      await world.login(prescriptions);
      assert.deepEqual([kinds(), world.ends], [['pin', 'pin'], ['card-removed']]);
    });

    it('is over when the card was exchanged between two looks', async () => {
      world.place([bertils]);
      await settle();
      assertTokenOf(bertils, prescriptions, await world.login(prescriptions));
      assert.deepEqual([kinds(), world.ends], [['pin', 'pin'], ['card-changed']]);
      assert.ok(world.pinentry.text(1).includes('Bertil Provsson'));
    });

    it('follows policy at once: a site that is refused now gets nothing', async () => {
      world.policy = world.policyOf({ sites: [{ origin: prescriptions, access: 'refuse' }], otherSites: 'ask' });
      await assert.rejects(world.login(prescriptions), kortbroError('ERR_POLICY_ORIGIN'));
      world.policy = { ok: false, path: 'p', line: 1, reason: 'x' };
      await assert.rejects(world.login(journal), kortbroError('ERR_POLICY_INVALID'));
      assert.deepEqual(world.driver.calls, []);
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
        assert.deepEqual([kinds(), world.driver.calls], [[], []]);
      });
    }

    it('a locked PIN: ERR_PIN_LOCKED, and no PIN is asked or sent', async () => {
      await world.insert([hsa], { pin: { state: 'locked', triesLeft: 0 } });
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.deepEqual([kinds(), logins()], [[], []]);
    });

    it('a reader with a PIN pad: ERR_PIN_PAD_UNSUPPORTED', async () => {
      await world.insert([hsa], { protectedAuthenticationPath: true });
      await assert.rejects(world.login(), kortbroError('ERR_PIN_PAD_UNSUPPORTED'));
      assert.deepEqual([kinds(), logins()], [[], []]);
    });

    it('a locked session: ERR_AGENT_SESSION_LOCKED', async () => {
      await world.insert([hsa]);
      world.suspend();
      await assert.rejects(world.login(), kortbroError('ERR_AGENT_SESSION_LOCKED'));
      assert.deepEqual(kinds(), []);
    });

    it('a machine without the pinentry program: ERR_PIN_PROMPT', async () => {
      world.policy = world.policyOf({ ...settings, pin: { program: '/nonexistent/pinentry' } });
      await world.insert([hsa]);
      await assert.rejects(world.login(), kortbroError('ERR_PIN_PROMPT'));
      assert.deepEqual(logins(), []);
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
        assert.deepEqual([kinds(), logins()], [[], []]);
      });
    }

    it('a card whose level is too low: ERR_POLICY_ASSURANCE', async () => {
      world.policy = world.policyOf({ sites: [{ origin: journal, access: 'silent', minimumAssuranceLevel: 3 }] });
      await world.insert([hsa]);
      await assert.rejects(world.login(), kortbroError('ERR_POLICY_ASSURANCE'));
      assert.deepEqual(kinds(), []);
    });

    it('a certificate that has expired: ERR_CARD_CERTIFICATE_INVALID', async () => {
      const notAfter = new Date('2026-03-01T12:00:00Z');
      await world.insert([await cardKey('45', anna, { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter })]);
      await assert.rejects(world.login(), kortbroError('ERR_CARD_CERTIFICATE_INVALID'));
      assert.deepEqual(kinds(), []);
    });
  });

  describe('with several certificates', () => {
    beforeEach(() => {
      world.policy = world.policyOf({
        sites: [
          { origin: journal, access: 'silent', identity: 'any' },
          { origin: prescriptions, access: 'silent', identity: 'any' },
        ],
      });
    });
    const secondOne = (remembered: string) =>
      `if [ -e '${remembered}' ]; then ${say('OK')}; else touch '${remembered}'; ${say(refusals.notConfirmed)}; fi`;

    it('lets the holder choose, and remembers it for the site until the session ends', async () => {
      await world.insert([hsa, personal]);
      world.pinentry.is({ confirm: secondOne(`${world.pinentry.directory}/once`) });
      assertTokenOf(personal, journal, await world.login());
      assert.deepEqual(kinds(), ['question', 'question', 'pin']);
      assert.ok(world.pinentry.text(0).includes('1 av 2') && world.pinentry.text(1).includes('2 av 2'));
      assert.ok(world.pinentry.text(1).includes('199001012385') && world.pinentry.text(2).includes('199001012385'));
      assertTokenOf(personal, journal, await world.login());
      assert.equal(world.pinentry.dialogs.length, 3);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(kinds().slice(3), ['question']);
      world.context.pinSso.endAll('forgotten');
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(kinds().slice(4), ['question', 'pin']);
    });

    it('takes none when the holder wants none', async () => {
      await world.insert([hsa, personal]);
      world.pinentry.is({ confirm: say(refusals.notConfirmed) });
      await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
      assert.deepEqual(kinds(), ['question', 'question']);
      world.pinentry.is({ confirm: say(refusals.cancelled) });
      await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
      assert.deepEqual(kinds(), ['question', 'question', 'question']);
      assert.deepEqual(world.driver.calls, []);
    });

    it('on two cards, logs in to the chosen one', async () => {
      await world.insert([hsa]);
      await world.insert([bertils], {}, 'B');
      world.pinentry.is({ confirm: secondOne(`${world.pinentry.directory}/once`) });
      assertTokenOf(bertils, journal, await world.login());
      assert.deepEqual(logins(), ['login handle of B']);
      assertTokenOf(bertils, journal, await world.login());
      assert.equal(world.pinentry.dialogs.length, 3);
    });

    it('never takes the card whose PIN is given just because it is', async () => {
      await world.insert([hsa]);
      await world.login();
      await world.insert([bertils], {}, 'B');
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(kinds(), ['pin', 'question']);
    });

    it('of which one cannot be used takes the other without a question', async () => {
      await world.insert([{ ...personal, der: Buffer.from('broken') }, hsa]);
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(kinds(), ['pin']);
    });

    it('ends the choice when one of the cards is pulled', async () => {
      await world.insert([hsa]);
      await world.insert([bertils], {}, 'B');
      world.pinentry.is({ confirm: staysOpen });
      const login = world.login();
      login.catch(() => undefined);
      await world.dialogs(1);
      world.pull('B');
      await assert.rejects(login, kortbroError('ERR_CARD_REMOVED'));
    });
  });

  describe('with a wrong PIN', () => {
    const wrong = (triesLeft?: number) => () =>
      Promise.reject(new TokenError('ERR_PIN_WRONG', triesLeft === undefined ? {} : { triesLeft }));

    it('tells so with the tries left, sends nothing twice, and opens nothing', async () => {
      const token = await world.insert([hsa], { pin: { state: 'ok', triesLeft: 3 } });
      world.driver.loginInstead = wrong(2);
      await assert.rejects(
        world.login(),
        (error) => tokenError('ERR_PIN_WRONG')(error) && (error as TokenError).triesLeft === 2,
      );
      assert.deepEqual([kinds(), logins(), signatures()], [['pin'], ['login handle of A'], []]);
      assert.equal(world.context.pinSso.isOpen(token), false);
      assert.deepEqual(world.context.visitors.sites, []);
    });

    it('says in the next dialog how many tries are left, if the card told', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong(2);
      await assert.rejects(world.login());
      world.driver.loginInstead = undefined;
      await world.login();
      assert.match(world.pinentry.text(1), /(?<!\d)2 försök/);
    });

    it('names no number that the card did not tell', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong();
      await assert.rejects(world.login());
      await assert.rejects(world.login());
      assert.notEqual(world.pinentry.text(1), world.pinentry.text(0));
      assert.doesNotMatch(world.pinentry.text(1), /\d försök/);
    });

    it('wants a second confirmation when it was the last but one', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong(1);
      await assert.rejects(world.login());
      world.driver.loginInstead = undefined;
      await world.login();
      assert.deepEqual(kinds(), ['pin', 'question', 'pin']);
      assert.deepEqual(logins(), ['login handle of A', 'login handle of A final']);
    });

    it('is locked when it was the last, and nothing more is asked', async () => {
      await world.insert([hsa], { pin: { state: 'final', triesLeft: 1 } });
      world.driver.loginInstead = wrong(0);
      await assert.rejects(world.login(), tokenError('ERR_PIN_WRONG'));
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.equal(logins().length, 1);
      assert.deepEqual(kinds(), ['question', 'pin']);
    });

    it('that has locked the card: ERR_PIN_LOCKED, and from then on without a login', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 }));
      await assert.rejects(world.login(), tokenError('ERR_PIN_LOCKED'));
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.deepEqual([logins().length, kinds()], [1, ['pin']]);
    });

    it('does not have the card reset: the try is spent, the card is as it was', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong(2);
      await assert.rejects(world.login());
      await settle();
      assert.deepEqual(world.driver.callsOf('bind'), []);
    });

    for (const [name, getPin] of [
      ['letters', sayPin('12345x')],
      ['nothing', say('OK')],
      ['too much', sayPin('1'.repeat(13))],
    ] as const) {
      it(`that is none (${name}) spends no try: ERR_PIN_FORMAT`, async () => {
        await world.insert([hsa]);
        world.pinentry.is({ getPin });
        await assert.rejects(world.login(), kortbroError('ERR_PIN_FORMAT'));
        assert.deepEqual([logins(), kinds()], [[], ['pin']]);
      });
    }
  });

  describe('at the last try', () => {
    beforeEach(async () => {
      await world.insert([hsa], { pin: { state: 'final' } });
    });

    it('asks for a confirmation before the PIN, and tells the driver that it was given', async () => {
      await world.login();
      assert.deepEqual(kinds(), ['question', 'pin']);
      assert.deepEqual(logins(), ['login handle of A final']);
      assert.match(world.pinentry.text(0), /ett försök/i);
      assert.match(world.pinentry.text(1), /sista försöket/i);
    });

    for (const reply of [refusals.cancelled, refusals.notConfirmed]) {
      it(`asks for no PIN without it (${reply.slice(4, 12)})`, async () => {
        world.pinentry.is({ confirm: say(reply) });
        await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
        assert.deepEqual([kinds(), logins()], [['question'], []]);
      });
    }

    it('asks anew when only the driver knew: the PIN of the first dialog goes nowhere', async () => {
      world = new OperationWorld();
      await world.insert([hsa]);
      world.driver.loginInstead = () => {
        world.driver.loginInstead = undefined;
        return Promise.reject(new TokenError('final-try-unconfirmed', { triesLeft: 1 }));
      };
      await world.login();
      assert.deepEqual(kinds(), ['pin', 'question', 'pin']);
      assert.deepEqual(logins(), ['login handle of A', 'login handle of A final']);
    });
  });

  describe('while its dialog is open', () => {
    let login: Promise<Login>;
    const statusRead = 700;
    beforeEach(async () => {
      await world.insert([hsa], { pin: { state: 'low', triesLeft: 2 } });
      world.pinentry.is({ getPin: staysOpen });
      login = world.login();
      login.catch(() => undefined);
      await world.dialogs(1);
    });
    afterEach(() => waitUntil(() => world.pinentry.alive.length === 0, 'the end of every dialog', 2_000));
    const refusedWith = async (code: string) => {
      await assert.rejects(login, kortbroError(code));
      await settle();
      assert.deepEqual([logins(), signatures()], [[], []]);
    };

    it('the card is pulled: ERR_CARD_REMOVED, and no PIN is sent', async () => {
      world.pull();
      await refusedWith('ERR_CARD_REMOVED');
    });

    it('the card is exchanged: ERR_CARD_CHANGED, and no PIN is sent', async () => {
      world.place([bertils]);
      await refusedWith('ERR_CARD_CHANGED');
    });

    it('the session is locked: ERR_AGENT_SESSION_LOCKED', async () => {
      world.suspend();
      await refusedWith('ERR_AGENT_SESSION_LOCKED');
    });

    it('the driver stops: ERR_AGENT_DRIVER_CRASHED', async () => {
      world.cards.driverStopped(world.driver);
      await refusedWith('ERR_AGENT_DRIVER_CRASHED');
    });

    it('another program has locked the PIN: the dialog goes, ERR_PIN_LOCKED', async () => {
      world.driver.statusInstead = () => ({ state: 'locked', triesLeft: 0 });
      world.clock.advance(statusRead);
      await refusedWith('ERR_PIN_LOCKED');
      assert.deepEqual(kinds(), ['pin']);
    });

    it('another program has left one try: the dialog is shown anew, with the confirmation', async () => {
      world.driver.statusInstead = () => ({ state: 'final', triesLeft: 1 });
      world.pinentry.is({});
      world.clock.advance(statusRead);
      assertTokenOf(hsa, journal, await login);
      assert.deepEqual(kinds(), ['pin', 'question', 'pin']);
      assert.deepEqual(logins(), ['login handle of A final']);
    });

    it('the state is read once, not at the beginning, and an unchanged one changes nothing', async () => {
      world.driver.statusInstead = () => ({ state: 'low', triesLeft: 2 });
      world.clock.advance(statusRead - 1);
      assert.deepEqual(world.driver.callsOf('status'), []);
      world.clock.advance(60_000);
      await settle();
      assert.deepEqual(world.driver.callsOf('status'), ['status handle of A']);
      assert.deepEqual([kinds(), world.pinentry.alive.length], [['pin'], 1]);
      world.pull();
      await refusedWith('ERR_CARD_REMOVED');
    });

    it('the state cannot be read: the dialog stays', async () => {
      world.driver.statusInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
      world.clock.advance(statusRead);
      await settle();
      assert.equal(world.pinentry.alive.length, 1);
      world.pull();
      await refusedWith('ERR_CARD_REMOVED');
    });
  });

  it('that is answered quickly never waits for the state of the PIN', async () => {
    await world.insert([hsa]);
    await world.login();
    world.clock.advance(60_000);
    await settle();
    assert.deepEqual(world.driver.callsOf('status'), []);
  });

  describe('can be cancelled', () => {
    const cancelAt = async (prepare: () => Promise<void> | void, isTime: () => boolean, origin = journal) => {
      await prepare();
      const asker = new AbortController();
      const login = world.login(origin, asker.signal);
      login.catch(() => undefined);
      await waitUntil(isTime, 'the right moment', 5_000);
      asker.abort(cancelled());
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      await waitUntil(() => world.pinentry.alive.length === 0, 'the end of the dialog', 2_000);
    };
    const nextOneWorks = async () => {
      world.pinentry.is({});
      world.driver.bindInstead = undefined;
      world.driver.loginInstead = undefined;
      assertTokenOf(hsa, journal, await world.login());
    };

    it('before it begins', async () => {
      await world.insert([hsa]);
      const signal = AbortSignal.abort(cancelled());
      await assert.rejects(world.login(journal, signal), kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual([kinds(), world.driver.calls], [[], []]);
      await nextOneWorks();
    });

    it('while the card is being read', async () => {
      world.driver.bindInstead = () => new Promise(() => undefined);
      await cancelAt(
        () => world.place([hsa]),
        () => true,
      );
      world.driver.bindInstead = undefined;
      void world.cards.rebind('A', true);
      await nextOneWorks();
    });

    it('while a card that failed is being read again', async () => {
      world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
      await cancelAt(
        async () => {
          world.place([hsa]);
          await settle();
          world.driver.bindInstead = () => new Promise(() => undefined);
        },
        () => world.driver.callsOf('bind').length === 2,
      );
    });

    it('while the PIN dialog is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa]);
          world.pinentry.is({ getPin: staysOpen });
        },
        () => world.pinentry.dialogs.length === 1,
      );
      assert.deepEqual(logins(), []);
      await nextOneWorks();
    });

    it('while the last confirmation is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa], { pin: { state: 'final' } });
          world.pinentry.is({ confirm: staysOpen });
        },
        () => world.pinentry.dialogs.length === 1,
      );
      await nextOneWorks();
    });

    it('while the question of consent is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa]);
          await world.login();
          world.pinentry.is({ confirm: staysOpen });
        },
        () => world.pinentry.dialogs.length === 2,
        stranger,
      );
      assert.equal(world.context.pinSso.hasSite(world.cards.tokens[0]!, stranger), false);
    });

    it('while another dialog is open', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const first = world.login();
      first.catch(() => undefined);
      await world.dialogs(1);
      const asker = new AbortController();
      const second = world.login(prescriptions, asker.signal);
      await settle();
      asker.abort(cancelled());
      await assert.rejects(second, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.equal(world.pinentry.alive.length, 1);
      world.pull();
      await assert.rejects(first, kortbroError('ERR_CARD_REMOVED'));
    });

    it('while the PIN is at the card: the login is not lost, and the next site needs no PIN', async () => {
      const door = gate();
      await world.insert([hsa]);
      world.driver.loginInstead = () => door.promise;
      const asker = new AbortController();
      const login = world.login(journal, asker.signal);
      login.catch(() => undefined);
      await waitUntil(() => logins().length === 1, 'the login', 5_000);
      asker.abort(cancelled());
      door.open();
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual(signatures(), []);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual([kinds(), logins().length], [['pin'], 1]);
    });

    it('while the card signs: nobody gets the signature', async () => {
      const door = gate<Uint8Array>();
      await world.insert([hsa]);
      const { signer } = world.driver;
      world.driver.signer = () => door.promise;
      await cancelAt(
        () => undefined,
        () => signatures().length === 1,
      );
      door.open(new Uint8Array(64));
      world.driver.signer = signer;
      await settle();
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(kinds(), ['pin']);
    });
  });

  describe('when the card lost the login', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });
    const losing = (times: number) => {
      const { signer } = world.driver;
      world.driver.signer = (...call) => {
        if (times-- > 0) throw new TokenError('login-lost', { native: 'CKR_USER_NOT_LOGGED_IN (0x101)' });
        return signer(...call);
      };
    };

    it('asks for the PIN again, once, and says why', async () => {
      losing(1);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(kinds(), ['pin', 'pin']);
      assert.match(world.pinentry.text(1), /annat program/);
      assert.doesNotMatch(world.pinentry.text(0), /annat program/);
      assert.deepEqual(world.ends, ['login-lost']);
      assert.deepEqual(world.driver.calls, [
        'sign handle of A 45 ES256',
        'bind A reset',
        'login handle of A',
        'sign handle of A 45 ES256',
      ]);
    });

    it('gives up when it is lost again: two PINs at most, and the session is over', async () => {
      losing(9);
      await assert.rejects(world.login(prescriptions), tokenError('login-lost'));
      assert.deepEqual(kinds(), ['pin', 'pin']);
      assert.deepEqual(world.ends, ['login-lost', 'login-lost']);
      assert.equal(signatures().length, 2);
    });

    it('signs nothing when the holder does not want to type it again', async () => {
      losing(1);
      world.pinentry.is({ getPin: say(refusals.cancelled) });
      await assert.rejects(world.login(prescriptions), kortbroError('ERR_USER_CANCELLED'));
      assert.equal(signatures().length, 1);
    });
  });

  describe('whose signature goes wrong', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });

    it('is refused when it is not the certificate\u2019s: nothing is released, PIN-SSO ends, the card is reset', async () => {
      const { signer } = world.driver;
      world.driver.signer = async (...call) => {
        const signature = await signer(...call);
        return signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
      };
      await assert.rejects(world.login(prescriptions), tokenError('ERR_CARD_FAILED'));
      assert.equal(world.ends.length, 1);
      await settle();
      assert.deepEqual(world.driver.calls, ['sign handle of A 45 ES256', 'bind A reset']);
      world.driver.signer = signer;
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(kinds(), ['pin', 'pin']);
    });

    it('is refused when another card made it (an unseen swap)', async () => {
      const honest = new OperationWorld();
      await honest.insert([{ ...bertils, id: '45' }]);
      world.driver.signer = honest.driver.signer;
      await assert.rejects(world.login(prescriptions), tokenError('ERR_CARD_FAILED'));
      assert.equal(world.context.pinSso.endAll('forgotten'), 0);
      honest.pinentry.remove();
    });

    for (const failure of [
      'ERR_AGENT_DRIVER_CRASHED',
      'ERR_AGENT_DRIVER_HUNG',
      'ERR_CARD_FAILED',
      'ERR_CARD_REMOVED',
    ] as const) {
      it(`fails with ${failure}, is not tried again by itself, and PIN-SSO ends`, async () => {
        const { signer } = world.driver;
        world.driver.signer = () => Promise.reject(new TokenError(failure));
        await assert.rejects(world.login(prescriptions), tokenError(failure));
        assert.equal(signatures().length, 1);
        assert.equal(world.ends.length, 1);
        world.driver.signer = signer;
        await settle();
        assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
        assert.deepEqual(kinds(), ['pin', 'pin']);
      });
    }

    it('is called off when the card is pulled meanwhile: ERR_CARD_REMOVED, at once', async () => {
      world.driver.signer = () => new Promise(() => undefined);
      const login = world.login(prescriptions);
      login.catch(() => undefined);
      await waitUntil(() => signatures().length === 1, 'the signature');
      world.pull();
      await assert.rejects(login, kortbroError('ERR_CARD_REMOVED'));
    });
  });

  describe('beside others', () => {
    it('shares one PIN dialog', async () => {
      await world.insert([hsa]);
      const [first, second, third] = await Promise.all([world.login(), world.login(prescriptions), world.login()]);
      assertTokenOf(hsa, journal, first);
      assertTokenOf(hsa, prescriptions, second);
      assertTokenOf(hsa, journal, third);
      assert.deepEqual([kinds(), logins().length], [['pin'], 1]);
    });

    it('shares the PIN, not the consent', async () => {
      await world.insert([hsa]);
      await Promise.all([world.login(stranger), world.login(another)]);
      assert.deepEqual(kinds(), ['pin', 'question']);
    });

    it('has at most one dialog open', async () => {
      await world.insert([hsa]);
      const busy = `${world.pinentry.directory}/busy`;
      const alone = (reply: string) =>
        `if ! mkdir '${busy}' 2>/dev/null; then touch '${busy}.twice'; fi; sleep 0.03; rmdir '${busy}' 2>/dev/null; ${reply}`;
      world.pinentry.is({ getPin: alone(sayPin('123456')), confirm: alone(say('OK')) });
      await Promise.all([world.login(stranger), world.login(another), world.login(), world.login(stranger)]);
      assert.ok(!world.pinentry.heard.includes('twice'));
      assert.deepEqual(kinds(), ['pin', 'question']);
    });

    it('asks each for itself when the first PIN was wrong', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => {
        world.driver.loginInstead = undefined;
        return Promise.reject(new TokenError('ERR_PIN_WRONG', { triesLeft: 2 }));
      };
      const [first, second] = await Promise.allSettled([world.login(), world.login(prescriptions)]);
      assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled']);
      assert.deepEqual(kinds(), ['pin', 'pin']);
      assert.match(world.pinentry.text(1), /(?<!\d)2 försök/);
    });

    it('is told that the session is locked, not that there is no card, when it waited for a dialog', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const both = [world.login(), world.login(prescriptions)];
      for (const login of both) login.catch(() => undefined);
      await world.dialogs(1);
      world.suspend();
      for (const login of both) await assert.rejects(login, kortbroError('ERR_AGENT_SESSION_LOCKED'));
    });

    it('is told that there is no card when the card was pulled while it waited', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const [first, second] = [world.login(), world.login(prescriptions)];
      for (const login of [first, second]) login.catch(() => undefined);
      await world.dialogs(1);
      world.pull();
      await assert.rejects(first, kortbroError('ERR_CARD_REMOVED'));
      await assert.rejects(second, kortbroError('ERR_CARD_ABSENT'));
      assert.deepEqual(kinds(), ['pin']);
    });

    it('is busy when too many wait', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const waiting = Array.from({ length: 1 + limits.waitingForDialog }, () => world.login());
      for (const login of waiting) login.catch(() => undefined);
      await world.dialogs(1);
      await assert.rejects(world.login(), kortbroError('ERR_AGENT_BUSY'));
      world.pull();
      await Promise.allSettled(waiting);
      assert.deepEqual(kinds(), ['pin']);
    });

    it('is muted while it waits when the dialogs before it are cancelled', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: say(refusals.cancelled) });
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => world.login()));
      const codes = outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as KortbroError).code);
      assert.deepEqual(codes.slice(0, 3), ['ERR_USER_CANCELLED', 'ERR_USER_CANCELLED', 'ERR_USER_CANCELLED']);
      assert.deepEqual(codes.slice(3), ['ERR_POLICY_MUTED', 'ERR_POLICY_MUTED', 'ERR_POLICY_MUTED']);
      assert.equal(kinds().length, 3);
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
    const call = { language: 'en', signal: new AbortController().signal } as const;
    for (const bad of ['', nonce.slice(1), `${nonce} `]) {
      await assert.rejects(authenticate(world.context, call, journal, bad), kortbroError('ERR_REQUEST_NONCE'));
    }
    assert.deepEqual([kinds(), world.driver.calls], [[], []]);
  });
});

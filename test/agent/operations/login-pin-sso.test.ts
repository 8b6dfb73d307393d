// Login within PIN-SSO: silent where policy says so, one question elsewhere, and the ends of it.
import assert from 'node:assert/strict';
import { TokenError } from '../../../agent/tokens/token.ts';
import { type KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { refusals, say, sayPin } from '../pin/scripted-pinentry.ts';
import { assertTokenOf, inNewWorlds, staysOpen } from './login-checks.ts';
import { another, journal, type OperationWorld, prescriptions, stranger, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, bertils } = cards);
  });

  describe('within PIN-SSO', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });

    it('is silent at a site that policy lets in: one signature, nothing else', async () => {
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds, ['pin']);
      assert.deepEqual(world.driver.calls, ['sign handle of A 45 ES256']);
    });

    it('asks the holder once at any other site', async () => {
      for (let i = 0; i < 3; i++) assertTokenOf(hsa, stranger, await world.login(stranger));
      assert.deepEqual(world.kinds, ['pin', 'question']);
      assert.ok(world.pinentry.text(1).includes(stranger));
      assert.deepEqual(world.logins, []);
      await world.login(another);
      assert.deepEqual(world.kinds, ['pin', 'question', 'question']);
      assert.deepEqual(world.log.filter(({ event }) => event === 'consent-given').length, 2);
    });

    it('asks anew in the next session', async () => {
      await world.login(stranger);
      world.context.pinSso.endAll('forgotten');
      await world.login(journal);
      await world.login(stranger);
      assert.deepEqual(world.kinds, ['pin', 'question', 'pin', 'question']);
    });

    it('does not ask at the site for which the PIN was typed', async () => {
      world.context.pinSso.endAll('forgotten');
      await world.login(stranger);
      await world.login(stranger);
      assert.deepEqual(world.kinds, ['pin', 'pin']);
    });

    it('signs nothing when the holder says no, and asks again next time', async () => {
      world.pinentry.is({ confirm: say(refusals.notConfirmed) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_DECLINED'));
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_DECLINED'));
      assert.deepEqual(world.signatures, []);
      assert.equal(world.holders.cardAt(stranger), undefined);
      assert.deepEqual(world.events.slice(-2), ['consent-refused', 'consent-refused']);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
    });

    it('signs nothing when the holder cancels or does not answer', async () => {
      world.pinentry.is({ confirm: say(refusals.cancelled) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_CANCELLED'));
      world.pinentry.is({ confirm: say(refusals.timeout) });
      await assert.rejects(world.login(stranger), kortbroError('ERR_USER_TIMEOUT'));
      assert.deepEqual(world.signatures, []);
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
      assert.deepEqual(world.kinds, ['pin', 'pin']);
      assert.ok(world.driver.calls.includes('bind A reset'));
    });

    it('lives on while it is used', async () => {
      for (let i = 0; i < 3; i++) {
        world.clock.advance(119 * 60_000);
        await world.login(prescriptions);
      }
      assert.deepEqual(world.kinds, ['pin']);
    });

    it('is over when the same card was pulled and put back', async () => {
      world.pull();
      await world.insert([hsa]);
      await world.login(prescriptions);
      assert.deepEqual([world.kinds, world.ends], [['pin', 'pin'], ['card-removed']]);
    });

    it('is over when the card was exchanged between two looks', async () => {
      world.place([bertils]);
      await settle();
      assertTokenOf(bertils, prescriptions, await world.login(prescriptions));
      assert.deepEqual([world.kinds, world.ends], [['pin', 'pin'], ['card-changed']]);
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

  describe('beside others', () => {
    it('shares one PIN dialog', async () => {
      await world.insert([hsa]);
      const [first, second, third] = await Promise.all([world.login(), world.login(prescriptions), world.login()]);
      assertTokenOf(hsa, journal, first);
      assertTokenOf(hsa, prescriptions, second);
      assertTokenOf(hsa, journal, third);
      assert.deepEqual([world.kinds, world.logins.length], [['pin'], 1]);
    });

    it('shares the PIN, not the consent', async () => {
      await world.insert([hsa]);
      await Promise.all([world.login(stranger), world.login(another)]);
      assert.deepEqual(world.kinds, ['pin', 'question']);
    });

    it('has at most one dialog open', async () => {
      await world.insert([hsa]);
      const busy = `${world.pinentry.directory}/busy`;
      const alone = (reply: string) =>
        `if ! mkdir '${busy}' 2>/dev/null; then touch '${busy}.twice'; fi; sleep 0.03; rmdir '${busy}' 2>/dev/null; ${reply}`;
      world.pinentry.is({ getPin: alone(sayPin('123456')), confirm: alone(say('OK')) });
      await Promise.all([world.login(stranger), world.login(another), world.login(), world.login(stranger)]);
      assert.ok(!world.pinentry.heard.includes('twice'));
      assert.deepEqual(world.kinds, ['pin', 'question']);
    });

    it('asks each for itself when the first PIN was wrong', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => {
        world.driver.loginInstead = undefined;
        return Promise.reject(new TokenError('ERR_PIN_WRONG', { triesLeft: 2 }));
      };
      const [first, second] = await Promise.allSettled([world.login(), world.login(prescriptions)]);
      assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled']);
      assert.deepEqual(world.kinds, ['pin', 'pin']);
      assert.match(world.pinentry.text(1), /(?<!\d)2\u00a0försök/);
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
      assert.deepEqual(world.kinds, ['pin']);
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
      assert.deepEqual(world.kinds, ['pin']);
    });

    it('is muted while it waits when the dialogs before it are cancelled', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: say(refusals.cancelled) });
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => world.login()));
      const codes = outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as KortbroError).code);
      assert.deepEqual(codes.slice(0, 3), ['ERR_USER_CANCELLED', 'ERR_USER_CANCELLED', 'ERR_USER_CANCELLED']);
      assert.deepEqual(codes.slice(3), ['ERR_POLICY_MUTED', 'ERR_POLICY_MUTED', 'ERR_POLICY_MUTED']);
      assert.equal(world.kinds.length, 3);
    });
  });
});

// Login with a wrong PIN and with few tries left: one PIN is sent once, and the last one is asked for twice.
import assert from 'node:assert/strict';
import { TokenError } from '../../../agent/tokens/token.ts';
import { kortbroError, tokenError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { refusals, say, sayPin } from '../pin/scripted-pinentry.ts';
import { waitUntil } from '../../native-host/within.ts';
import { assertTokenOf, inNewWorlds, staysOpen, type Login } from './login-checks.ts';
import { journal, OperationWorld, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, bertils } = cards);
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
      assert.deepEqual([world.kinds, world.logins, world.signatures], [['pin'], ['login handle of A'], []]);
      assert.equal(world.context.pinSso.isOpen(token), false);
      assert.equal(world.holders.cardAt(journal), undefined);
    });

    it('says in the next dialog how many tries are left, if the card told', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong(2);
      await assert.rejects(world.login());
      world.driver.loginInstead = undefined;
      await world.login();
      assert.match(world.pinentry.text(1), /(?<!\d)2\u00a0försök/);
    });

    it('names no number that the card did not tell', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong();
      await assert.rejects(world.login());
      await assert.rejects(world.login());
      assert.notEqual(world.pinentry.text(1), world.pinentry.text(0));
      assert.doesNotMatch(world.pinentry.text(1), /\d\sförsök/);
    });

    it('wants a second confirmation when it was the last but one', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = wrong(1);
      await assert.rejects(world.login());
      world.driver.loginInstead = undefined;
      await world.login();
      assert.deepEqual(world.kinds, ['pin', 'question', 'pin']);
      assert.deepEqual(world.logins, ['login handle of A', 'login handle of A final']);
    });

    it('is locked when it was the last, and nothing more is asked', async () => {
      await world.insert([hsa], { pin: { state: 'final', triesLeft: 1 } });
      world.driver.loginInstead = wrong(0);
      world.driver.statusInstead = () => ({ state: 'locked', triesLeft: 0 });
      await assert.rejects(world.login(), tokenError('ERR_PIN_WRONG'));
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.equal(world.logins.length, 1);
      assert.deepEqual(world.kinds, ['question', 'pin']);
    });

    it('that has locked the card: ERR_PIN_LOCKED, and from then on without a login', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 }));
      world.driver.statusInstead = () => ({ state: 'locked', triesLeft: 0 });
      await assert.rejects(world.login(), tokenError('ERR_PIN_LOCKED'));
      await assert.rejects(world.login(), kortbroError('ERR_PIN_LOCKED'));
      assert.deepEqual([world.logins.length, world.kinds], [1, ['pin']]);
    });

    it('that has locked the card, which then cannot be asked: it is read anew, and may be unlocked', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 }));
      await assert.rejects(world.login(), tokenError('ERR_PIN_LOCKED'));
      // As a driver does after any failure: what it had bound is gone.
      world.driver.statusInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
      await assert.rejects(world.login(), tokenError('ERR_CARD_FAILED'));
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A reset']);
      world.driver.loginInstead = undefined;
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual([world.logins.length, world.kinds], [2, ['pin', 'pin']]);
    });

    it('that has locked the card is forgotten when the holder has unlocked it in another program', async () => {
      await world.insert([hsa]);
      world.driver.loginInstead = () => Promise.reject(new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 }));
      await assert.rejects(world.login(), tokenError('ERR_PIN_LOCKED'));
      world.driver.loginInstead = undefined;
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual([world.logins.length, world.kinds], [2, ['pin', 'pin']]);
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
        assert.deepEqual([world.logins, world.kinds], [[], ['pin']]);
      });
    }
  });

  describe('at the last try', () => {
    beforeEach(async () => {
      await world.insert([hsa], { pin: { state: 'final' } });
    });

    it('asks for a confirmation before the PIN, and tells the driver that it was given', async () => {
      await world.login();
      assert.deepEqual(world.kinds, ['question', 'pin']);
      assert.deepEqual(world.logins, ['login handle of A final']);
      assert.match(world.pinentry.text(0), /ett försök/i);
      assert.match(world.pinentry.text(1), /sista försöket/i);
    });

    for (const reply of [refusals.cancelled, refusals.notConfirmed]) {
      it(`asks for no PIN without it (${reply.slice(4, 12)})`, async () => {
        world.pinentry.is({ confirm: say(reply) });
        await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
        assert.deepEqual([world.kinds, world.logins], [['question'], []]);
      });
    }

    it('asks anew when only the driver knew: the PIN of the first dialog goes nowhere', async () => {
      world.pinentry.remove();
      world = new OperationWorld();
      await world.insert([hsa]);
      world.driver.loginInstead = () => {
        world.driver.loginInstead = undefined;
        return Promise.reject(new TokenError('final-try-unconfirmed', { triesLeft: 1 }));
      };
      await world.login();
      assert.deepEqual(world.kinds, ['pin', 'question', 'pin']);
      assert.deepEqual(world.logins, ['login handle of A', 'login handle of A final']);
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
      assert.deepEqual([world.logins, world.signatures], [[], []]);
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
      assert.deepEqual(world.kinds, ['pin']);
    });

    it('another program has left one try: the dialog is shown anew, with the confirmation', async () => {
      world.driver.statusInstead = () => ({ state: 'final', triesLeft: 1 });
      world.pinentry.is({});
      world.clock.advance(statusRead);
      assertTokenOf(hsa, journal, await login);
      assert.deepEqual(world.kinds, ['pin', 'question', 'pin']);
      assert.deepEqual(world.logins, ['login handle of A final']);
    });

    it('the state is read once, not at the beginning, and an unchanged one changes nothing', async () => {
      world.driver.statusInstead = () => ({ state: 'low', triesLeft: 2 });
      world.clock.advance(statusRead - 1);
      assert.deepEqual(world.driver.callsOf('status'), []);
      world.clock.advance(60_000);
      await settle();
      assert.deepEqual(world.driver.callsOf('status'), ['status handle of A']);
      assert.deepEqual([world.kinds, world.pinentry.alive.length], [['pin'], 1]);
      world.pull();
      await refusedWith('ERR_CARD_REMOVED');
    });

    it('the card cannot be asked any more: the dialog goes, and no PIN is sent', async () => {
      world.driver.statusInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
      world.clock.advance(statusRead);
      await assert.rejects(login, tokenError('ERR_CARD_FAILED'));
      assert.deepEqual([world.logins, world.signatures], [[], []]);
    });

    it('policy stops letting the site in: the PIN that is typed then is not sent', async () => {
      world.pull();
      await assert.rejects(login);
      await world.insert([hsa]);
      world.pinentry.is({ getPin: `sleep 0.2; ${sayPin('123456')}` });
      const next = world.login();
      next.catch(() => undefined);
      await world.dialogs(2);
      world.policy = world.policyOf({ otherSites: 'refuse' });
      await assert.rejects(next, kortbroError('ERR_POLICY_ORIGIN'));
      assert.deepEqual([world.logins, world.signatures], [[], []]);
    });
  });

  it('that is answered quickly never waits for the state of the PIN', async () => {
    await world.insert([hsa]);
    await world.login();
    world.clock.advance(60_000);
    await settle();
    assert.deepEqual(world.driver.callsOf('status'), []);
  });
});

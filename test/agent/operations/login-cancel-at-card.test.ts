// Login called off while the card is at work: what was not sent is not sent any more, and a PIN that arrived too late for its asker
// opens nothing.
import assert from 'node:assert/strict';
import { type BoundToken } from '../../../agent/cards/bound-token.ts';
import { type TokenBackend, TokenError } from '../../../agent/tokens/token.ts';
import { gate, kortbroError, tokenError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { waitUntil } from '../../native-host/within.ts';
import { assertTokenOf, cancelled, inNewWorlds, type Login } from './login-checks.ts';
import { journal, type OperationWorld, prescriptions, stranger, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, bertils } = cards);
  });

  describe('that is cancelled while the PIN is at the card', () => {
    let token: BoundToken;
    let atCard: ReturnType<typeof gate<void>>;
    let login: Promise<Login>;
    const cancel = async () => {
      const asker = new AbortController();
      login = world.login(journal, asker.signal);
      login.catch(() => undefined);
      await waitUntil(() => world.logins.length === 1, 'the login', 5_000);
      asker.abort(cancelled());
      await settle();
    };
    beforeEach(async () => {
      token = await world.insert([hsa]);
      atCard = gate();
      world.driver.loginInstead = () => atCard.promise;
    });

    it('opens nothing, and has the card reset as soon as the driver is back', async () => {
      await cancel();
      assert.deepEqual(world.driver.calls, ['login handle of A']);
      atCard.open();
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual(world.driver.calls, ['login handle of A', 'bind A reset']);
      assert.equal(token.gone.aborted, true);
      assert.equal(world.cards.tokens.length, 1);
      assert.deepEqual(
        world.cards.tokens.map((one) => world.context.pinSso.isOpen(one)),
        [false],
      );
      assert.deepEqual(world.events, []);
    });

    it('leaves the next one to ask for the PIN again', async () => {
      await cancel();
      atCard.open();
      await assert.rejects(login);
      world.driver.loginInstead = undefined;
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds, ['pin', 'pin']);
    });

    it('lets the next one wait until the card has forgotten the PIN', async () => {
      await cancel();
      const reset = gate<[]>();
      world.driver.bindInstead = () => reset.promise;
      const next = world.login(prescriptions);
      next.catch(() => undefined);
      await settle();
      atCard.open();
      await settle();
      assert.deepEqual([world.kinds, world.logins.length], [['pin'], 1]);
      reset.open([]);
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(next, kortbroError('ERR_CARD_UNSUPPORTED'));
    });

    it('does not touch a card in another reader', async () => {
      const other = await world.insert([bertils], {}, 'B');
      world.context.pinSso.open(other, stranger);
      world.pinentry.is({ confirm: 'echo OK' });
      await cancel();
      atCard.open();
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.equal(world.context.pinSso.isOpen(other), true);
      assert.deepEqual(
        world.driver.calls.filter((call) => call.includes('B')),
        [],
      );
    });

    it('is told that the PIN was wrong, for which no card has to be reset', async () => {
      await cancel();
      atCard.fail(new TokenError('ERR_PIN_WRONG', { triesLeft: 2 }));
      await assert.rejects(login, tokenError('ERR_PIN_WRONG'));
      assert.deepEqual(world.driver.calls, ['login handle of A']);
      assert.deepEqual(token.pin, { state: 'low', triesLeft: 2 });
    });

    it('leaves a card alone that was pulled meanwhile', async () => {
      await cancel();
      world.pull();
      atCard.open();
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual(world.driver.callsOf('bind'), []);
      assert.deepEqual(world.driver.callsOf('lock'), []);
    });
  });

  it('has the card forget the PIN when the screen is locked while it is at the card', async () => {
    const atCard = gate();
    await world.insert([hsa]);
    world.driver.loginInstead = () => atCard.promise;
    const login = world.login();
    login.catch(() => undefined);
    await waitUntil(() => world.logins.length === 1, 'the login', 5_000);
    world.suspend();
    // Calls are served in order: the card is reset right after the PIN, and before the driver lets go of it.
    assert.deepEqual(world.driver.calls, ['login handle of A', 'lock handle of A', 'release A']);
    atCard.open();
    await assert.rejects(login, kortbroError('ERR_AGENT_SESSION_LOCKED'));
    assert.deepEqual(world.events, []);
  });

  describe('whose turn at the driver has not come', () => {
    /** A driver that has so much to do that nothing is sent to it. */
    const waits = (signal: AbortSignal | undefined) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    const cancelWhen = async (isTime: () => boolean) => {
      const asker = new AbortController();
      const login = world.login(journal, asker.signal);
      login.catch(() => undefined);
      await waitUntil(isTime, 'the right moment', 5_000);
      asker.abort(cancelled());
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
    };

    it('calls off its signature, and stays within PIN-SSO', async () => {
      const token = await world.insert([hsa]);
      const { sign } = world.driver;
      let signal: AbortSignal | undefined;
      world.driver.sign = (_handle, _id, _algorithm, _digest, given) => waits((signal = given));
      await cancelWhen(() => signal !== undefined);
      assert.equal(signal?.aborted, true);
      assert.equal(world.context.pinSso.isOpen(token), true);
      world.driver.sign = sign;
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(world.kinds, ['pin']);
    });

    it('calls off its PIN, for which no card has to be reset', async () => {
      const token = await world.insert([hsa]);
      let signal: AbortSignal | undefined;
      let sent: Uint8Array | undefined;
      const login: TokenBackend['login'] = (_handle, pin, _final, given) => {
        sent = pin;
        return waits((signal = given));
      };
      Object.assign(world.driver, { login });
      await cancelWhen(() => signal !== undefined);
      assert.deepEqual([...(sent ?? [1])], [0, 0, 0, 0, 0, 0]);
      assert.deepEqual(world.driver.callsOf('bind'), []);
      assert.equal(world.context.pinSso.isOpen(token), false);
    });
  });

  it('that was cancelled learns nothing of a failed signature, but the card is reset and read again', async () => {
    const atCard = gate<Uint8Array>();
    const token = await world.insert([hsa]);
    world.driver.signer = () => atCard.promise;
    const asker = new AbortController();
    const login = world.login(journal, asker.signal);
    login.catch(() => undefined);
    await waitUntil(() => world.signatures.length === 1, 'the signature', 5_000);
    asker.abort(cancelled());
    await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
    assert.equal(world.context.pinSso.isOpen(token), true);
    atCard.fail(new TokenError('ERR_CARD_FAILED'));
    await settle();
    assert.deepEqual([world.ends, world.driver.callsOf('bind')], [['login-lost'], ['bind A reset']]);
  });
});

// "Forget the PIN" and the other ends of PIN-SSO: the card itself must forget, and what cannot be done is not said to be.
import assert from 'node:assert/strict';
import { forgetPin } from '../../../agent/operations/forget-pin.ts';
import { lockCard } from '../../../agent/operations/end-pin-sso.ts';
import { recoverToken } from '../../../agent/operations/recover-token.ts';
import { TokenError, type TokenDescription, type TokenFailure } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { description, gate, kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { bertil, cardKey, journal, OperationWorld, type CardKey } from './operation-world.ts';

describe('Forgetting the PIN', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  const forget = (signal = new AbortController().signal) =>
    forgetPin(world.context, { language: 'sv', signal, profile: 'p' });
  const binds = () => world.driver.callsOf('bind');

  before(async () => {
    hsa = await cardKey('45');
    bertils = await cardKey('47', bertil);
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('ends PIN-SSO, resets the card, and has it read again when it returns', async () => {
    const token = await world.insert([hsa]);
    await world.login();
    world.driver.calls.length = 0;
    assert.deepEqual(await forget(), { ended: 1 });
    assert.deepEqual(world.driver.calls, ['bind A reset']);
    assert.deepEqual(world.ends, ['forgotten']);
    assert.equal(world.cards.readers[0]?.card, 'ready');
    assert.equal(world.context.pinSso.isOpen(token), false);
    await world.login();
    assert.equal(world.pinentry.dialogs.length, 2);
  });

  it('resets every card, also one whose PIN was not given here', async () => {
    await world.insert([hsa]);
    await world.insert([bertils], {}, 'B');
    assert.deepEqual(await forget(), { ended: 0 });
    assert.deepEqual(binds(), ['bind A reset', 'bind B reset']);
  });

  it('resets a card that is just being read, too', async () => {
    const reading = gate<TokenDescription[]>();
    world.driver.bindInstead = () => reading.promise;
    world.place([hsa]);
    world.driver.bindInstead = undefined;
    assert.deepEqual(await forget(), { ended: 0 });
    assert.deepEqual(binds(), ['bind A', 'bind A reset']);
    reading.open([description()]);
  });

  it('resets a card that the driver failed at, which may still know its PIN', async () => {
    world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
    world.place([hsa]);
    await settle();
    world.driver.bindInstead = undefined;
    await forget();
    assert.deepEqual(binds(), ['bind A', 'bind A reset']);
  });

  it('does not say that it is done when the card could not be reset', async () => {
    await world.insert([hsa]);
    await world.login();
    world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
    await assert.rejects(forget(), kortbroError('ERR_AGENT_DRIVER_HUNG'));
    assert.deepEqual(world.ends, ['forgotten']);
  });

  it('is done when the card is pulled meanwhile', async () => {
    await world.insert([hsa]);
    await world.login();
    world.driver.bindInstead = () => new Promise(() => undefined);
    const forgetting = forget();
    await settle();
    world.pull();
    assert.deepEqual(await forgetting, { ended: 1 });
  });

  it('is nothing where there is no card, or the session is locked', async () => {
    assert.deepEqual(await forget(), { ended: 0 });
    await world.insert([hsa]);
    world.suspend();
    assert.deepEqual(await forget(), { ended: 0 });
    assert.deepEqual(binds(), []);
  });

  it('takes an open dialog away', async () => {
    await world.insert([hsa]);
    world.pinentry.is({ getPin: 'exec sleep 60' });
    const login = world.login();
    login.catch(() => undefined);
    await world.dialogs(1);
    await forget();
    await assert.rejects(login, kortbroError('ERR_USER_CANCELLED'));
    assert.deepEqual(world.driver.callsOf('login'), []);
  });

  it('can be called off; the PIN is forgotten all the same', async () => {
    await world.insert([hsa]);
    await world.login();
    world.driver.bindInstead = () => new Promise(() => undefined);
    const asker = new AbortController();
    const forgetting = forget(asker.signal);
    await settle();
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    await assert.rejects(forgetting, kortbroError('ERR_REQUEST_CANCELLED'));
    assert.deepEqual([world.ends, binds().at(-1)], [['forgotten'], 'bind A reset']);
  });
});

describe('The end of PIN-SSO', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  before(async () => {
    hsa = await cardKey('45');
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  for (const reason of ['session-locked', 'agent-stopped'] as const) {
    it(`(${reason}) locks the card and does not read it again`, async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
      world.context.pinSso.endAll(reason);
      await settle();
      assert.deepEqual(world.driver.calls, ['lock handle of A']);
    });
  }

  for (const reason of [
    'idle-limit',
    'absolute-limit',
    'forgotten',
    'wrong-pin',
    'login-lost',
    'driver-stopped',
  ] as const) {
    it(`(${reason}) resets the card and reads it again`, async () => {
      const token = await world.insert([hsa]);
      await lockCard(world.cards, token, reason);
      assert.deepEqual(world.driver.calls, ['bind A reset']);
      assert.equal(token.gone.aborted, true);
    });
  }

  it('by a locked session locks the card before its handles are dropped', async () => {
    await world.insert([hsa]);
    await world.login();
    world.driver.calls.length = 0;
    world.suspend();
    await settle();
    assert.deepEqual(world.driver.calls, ['lock handle of A', 'release A']);
  });

  it('touches no card that is gone', async () => {
    const token = await world.insert([hsa]);
    world.pull();
    world.driver.calls.length = 0;
    await lockCard(world.cards, token, 'card-removed');
    assert.deepEqual(world.driver.calls, []);
  });

  it('stops at no driver that fails to lock', async () => {
    const token = await world.insert([hsa]);
    world.driver.lockInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
    await lockCard(world.cards, token, 'agent-stopped');
  });

  it('does not come because the driver had too much to do to be asked', async () => {
    const token = await world.insert([hsa]);
    world.context.pinSso.open(token, journal);
    recoverToken(world.context, token, 'ERR_AGENT_BUSY');
    await settle();
    assert.deepEqual([world.ends, world.driver.calls], [[], []]);
  });

  const failures: [TokenFailure, string, boolean][] = [
    ['ERR_PIN_WRONG', 'wrong-pin', false],
    ['ERR_PIN_LOCKED', 'wrong-pin', false],
    ['login-lost', 'login-lost', true],
    ['ERR_CARD_FAILED', 'login-lost', true],
    ['ERR_CARD_CHANGED', 'card-changed', true],
    ['ERR_CARD_REMOVED', 'card-removed', true],
    ['ERR_CARD_SERVICE', 'service-stopped', true],
    ['ERR_AGENT_DRIVER_CRASHED', 'driver-stopped', true],
    ['ERR_AGENT_DRIVER_HUNG', 'driver-stopped', true],
    ['ERR_AGENT_INTERNAL', 'driver-stopped', true],
  ];
  for (const [failure, reason, reads] of failures) {
    it(`after ${failure}: ${reason}, and the card is reset and read again`, async () => {
      const token = await world.insert([hsa]);
      world.context.pinSso.open(token, journal);
      recoverToken(world.context, token, failure);
      await settle();
      assert.deepEqual([world.ends, world.driver.calls], [[reason], ['bind A reset']]);
    });

    it(`after ${failure} without PIN-SSO: the card is ${reads ? '' : 'not '}read again`, async () => {
      const token = await world.insert([hsa]);
      recoverToken(world.context, token, failure);
      await settle();
      assert.deepEqual([world.ends, world.driver.calls], [[], reads ? ['bind A reset'] : []]);
    });
  }
});

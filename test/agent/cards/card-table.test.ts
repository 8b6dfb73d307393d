// The table of readers and cards, fed by pictures and a driver that a test plays: what is bound when, what ends when, and why.
import assert from 'node:assert/strict';
import { type BoundToken } from '../../../agent/cards/bound-token.ts';
import { CardTable, type CardChange, type CardSource } from '../../../agent/cards/card-table.ts';
import { TokenError, type TokenDescription } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeBackend, description, gate, kortbroError } from '../fake-backend.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { noService, picture } from '../reader-pictures.ts';

function reasonOf(token: BoundToken | undefined): string | undefined {
  assert.ok(token, 'a token was expected');
  const reason: unknown = token.gone.reason;
  return token.gone.aborted ? (reason instanceof KortbroError ? reason.code : String(reason)) : undefined;
}

describe('The card table', () => {
  let clock: FakeClock;
  let driver: FakeBackend;
  let source: CardSource;
  let changes: CardChange[];
  let table: CardTable;
  const never = new AbortController().signal;

  /** The changes that matter, in short. */
  const told = () =>
    changes.flatMap((change) => {
      if (change.kind === 'readers') return [];
      if (change.kind === 'service') return [`service ${change.running ? 'running' : 'stopped'}`];
      if (change.kind === 'left') return [`left ${change.reader} ${change.cause} ${change.tokens.length}`];
      if (change.kind === 'unreadable') return [`unreadable ${change.reader} ${change.code}`];
      return [`${change.kind} ${change.reader}`];
    });
  const card = (reader = 'A') => table.readers.find(({ name }) => name === reader)?.card;
  const problem = (reader = 'A') => table.readers.find(({ name }) => name === reader)?.problem;
  /** A card in reader A, bound; what led there is forgotten. */
  const bindFirst = async (): Promise<BoundToken> => {
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    changes.length = 0;
    driver.calls.length = 0;
    const [token] = table.tokens;
    assert.ok(token);
    return token;
  };

  beforeEach(() => {
    clock = new FakeClock();
    driver = new FakeBackend();
    driver.cards.set('A', [description({ handle: 'h1' })]);
    source = { name: 'pcsc', backends: [driver] };
    changes = [];
    table = new CardTable(clock, (change) => changes.push(change));
  });

  it('binds a card once when it comes in, and reads nothing at later pictures', async () => {
    table.update(source, picture({ A: ['empty', 0] }));
    assert.deepEqual([card(), driver.calls], ['empty', []]);
    table.update(source, picture({ A: ['present', 1] }));
    assert.equal(card(), 'reading');
    clock.advance(123);
    await settle();
    assert.equal(card(), 'ready');
    for (let i = 0; i < 5; i++) table.update(source, picture({ A: ['present', 1], B: ['empty', i] }));
    await settle();
    assert.deepEqual(driver.calls, ['bind A']);
    assert.deepEqual(told(), ['service running', 'came A', 'bound A']);
    const bound = changes.find((change) => change.kind === 'bound');
    assert.equal(bound?.kind === 'bound' && bound.milliseconds, 123);
  });

  it('hands the ATR to the driver', async () => {
    let atr: Uint8Array | undefined;
    driver.bind = (_reader, given) => {
      atr = given;
      return Promise.resolve([]);
    };
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    assert.deepEqual(atr, Uint8Array.of(0x3b, 0x7f));
  });

  it('tries the second driver when the first does not know the card, and not when it does', async () => {
    const [first, second] = [new FakeBackend('first'), new FakeBackend('second')];
    second.cards.set('A', [description({ handle: 'of the second' })]);
    second.cards.set('B', [description({ handle: 'of the second' })]);
    first.cards.set('B', [description({ handle: 'of the first' })]);
    source = { name: 'pcsc', backends: [first, second] };
    table.update(source, picture({ A: ['present', 1], B: ['present', 1] }));
    await settle();
    assert.deepEqual(
      table.tokens.map(({ backend, description: { handle } }) => [backend === second ? 'second' : 'first', handle]),
      [
        ['second', 'of the second'],
        ['first', 'of the first'],
      ],
    );
    assert.deepEqual(second.calls, ['bind A']);
  });

  it('tries the second driver when the first fails', async () => {
    const first = new FakeBackend('first');
    first.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
    source = { name: 'pcsc', backends: [first, driver] };
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(table.tokens[0]?.backend, driver);
    assert.deepEqual([card(), problem()], ['ready', undefined]);
  });

  const failures: [string, () => Promise<TokenDescription[]>, string][] = [
    ['a driver that does not know it', () => Promise.resolve([]), 'ERR_CARD_UNSUPPORTED'],
    [
      'a driver that is missing',
      () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_MISSING')),
      'ERR_AGENT_DRIVER_MISSING',
    ],
    [
      'a driver that crashes',
      () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED')),
      'ERR_AGENT_DRIVER_CRASHED',
    ],
    ['a driver that hangs', () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG')), 'ERR_AGENT_DRIVER_HUNG'],
    ['an error of the card', () => Promise.reject(new TokenError('ERR_CARD_FAILED')), 'ERR_CARD_FAILED'],
    ['a login that was never there', () => Promise.reject(new TokenError('login-lost')), 'ERR_CARD_FAILED'],
    ['an error of ours', () => Promise.reject(new KortbroError('ERR_POLICY_INVALID')), 'ERR_POLICY_INVALID'],
    ['a fault of ours', () => Promise.reject(new RangeError('x')), 'ERR_AGENT_INTERNAL'],
  ];
  for (const [name, bind, code] of failures) {
    it(`tells ${code} of a card with ${name}`, async () => {
      driver.bindInstead = bind;
      table.update(source, picture({ A: ['present', 1] }));
      await settle();
      assert.deepEqual([card(), problem(), table.tokens], ['unsupported', code, []]);
      assert.deepEqual(told().slice(-1), [`unreadable A ${code}`]);
    });
  }

  it('says that the driver is missing where there is none at all', async () => {
    source = { name: 'pcsc', backends: [] };
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(problem(), 'ERR_AGENT_DRIVER_MISSING');
  });

  it('prefers the word of the driver that failed over that of one that does not know the card', async () => {
    const first = new FakeBackend('first');
    first.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
    driver.cards.clear();
    source = { name: 'pcsc', backends: [first, driver] };
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(problem(), 'ERR_AGENT_DRIVER_HUNG');
  });

  it('gives the log the native word of a failure', async () => {
    driver.bindInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED', { native: 'CKR_GENERAL_ERROR (0x5)' }));
    table.update(source, picture({ A: ['present', 1] }));
    await settle();
    assert.ok(changes.some((change) => change.kind === 'unreadable' && change.native === 'CKR_GENERAL_ERROR (0x5)'));
  });

  describe('ends the stay of a card', () => {
    const endings: [string, () => void, string, string][] = [
      ['that is pulled', () => table.update(source, picture({ A: ['empty', 2] })), 'card', 'ERR_CARD_REMOVED'],
      ['that is exchanged', () => table.update(source, picture({ A: ['present', 3] })), 'replaced', 'ERR_CARD_CHANGED'],
      ['whose reader goes', () => table.update(source, picture({})), 'reader', 'ERR_CARD_REMOVED'],
      ['whose service goes', () => table.update(source, noService()), 'service', 'ERR_CARD_SERVICE'],
      ['whose session is locked', () => table.setSuspended(true), 'suspended', 'ERR_AGENT_SESSION_LOCKED'],
    ];
    for (const [name, happen, cause, code] of endings) {
      it(`${name}: ${cause}, ${code}, and the driver drops its sessions`, async () => {
        const token = await bindFirst();
        happen();
        assert.equal(reasonOf(token), code);
        assert.ok(!table.tokens.includes(token));
        assert.ok(told().includes(`left A ${cause} 1`), told().join());
        assert.equal(driver.calls[0], 'release A');
        await settle();
      });
    }

    it('and tells so once', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['empty', 2] }));
      table.update(source, picture({ A: ['empty', 2] }));
      table.update(source, picture({}));
      table.setSuspended(true);
      assert.deepEqual(told(), ['left A card 1']);
    });

    it('before it begins the stay of the next one, which is another token', async () => {
      const before = await bindFirst();
      table.update(source, picture({ A: ['present', 3] }));
      await settle();
      assert.deepEqual(told(), ['left A replaced 1', 'came A', 'bound A']);
      assert.deepEqual(driver.calls, ['release A', 'bind A']);
      const [after] = table.tokens;
      assert.ok(after !== undefined && after !== before);
      assert.equal(after.fingerprint, before.fingerprint);
      assert.equal(reasonOf(after), undefined);
    });

    it('and leaves the other reader alone', async () => {
      driver.cards.set('B', [description({ handle: 'h2', serialNumber: '0002' })]);
      table.update(source, picture({ A: ['present', 1], B: ['present', 1] }));
      await settle();
      const [a, b] = table.tokens;
      driver.calls.length = 0;
      table.update(source, picture({ A: ['empty', 2], B: ['present', 1] }));
      assert.deepEqual([reasonOf(a), reasonOf(b)], ['ERR_CARD_REMOVED', undefined]);
      assert.deepEqual(table.tokens, [b]);
      assert.deepEqual(driver.calls, ['release A']);
      assert.deepEqual([a?.fingerprint === b?.fingerprint, a === b], [false, false]);
    });
  });

  describe('while a card is being read', () => {
    let reading: ReturnType<typeof gate<TokenDescription[]>>;
    beforeEach(() => {
      reading = gate<TokenDescription[]>();
      driver.bindInstead = () => reading.promise;
      table.update(source, picture({ A: ['present', 1] }));
    });

    it('and it is pulled: what the driver then tells is of no use', async () => {
      table.update(source, picture({ A: ['empty', 2] }));
      reading.open([description()]);
      await settle();
      assert.deepEqual([card(), table.tokens], ['empty', []]);
      assert.deepEqual(told(), ['service running', 'came A', 'left A card 0']);
    });

    it('and it is exchanged: the first answer does not become the second card', async () => {
      driver.bindInstead = undefined;
      driver.cards.set('A', [description({ serialNumber: 'Bertil' })]);
      table.update(source, picture({ A: ['present', 3] }));
      reading.open([description({ serialNumber: 'Anna' })]);
      await settle();
      assert.deepEqual(
        table.tokens.map(({ description: { serialNumber } }) => serialNumber),
        ['Bertil'],
      );
    });

    it('and it is pulled: no second driver is asked for a card that is gone', async () => {
      const second = new FakeBackend('second');
      const both: CardSource = { name: 'both', backends: [driver, second] };
      table.update(both, picture({ B: ['present', 1] }));
      table.update(both, picture({ B: ['empty', 2] }));
      reading.fail(new TokenError('ERR_CARD_REMOVED'));
      await settle();
      assert.deepEqual(second.callsOf('bind'), []);
    });

    it('and it falls silent: it does not become ready by what was read before', async () => {
      table.update(source, picture({ A: ['mute', 1] }));
      reading.open([description()]);
      await settle();
      assert.deepEqual([card(), table.tokens], ['mute', []]);
      assert.ok(!told().includes('bound A'));
    });

    it('and the session is locked: nothing is ready afterwards', async () => {
      table.setSuspended(true);
      reading.open([description()]);
      await settle();
      assert.deepEqual([card(), table.tokens], ['empty', []]);
    });

    it('`settled` waits for it', async () => {
      let done = false;
      const waiting = table.settled(never).then(() => (done = true));
      await settle();
      assert.equal(done, false);
      reading.open([description()]);
      await waiting;
      assert.equal(table.tokens.length, 1);
    });

    it('`settled` ends with the reason of its signal', async () => {
      const asker = new AbortController();
      const waiting = table.settled(asker.signal);
      asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(waiting, kortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(table.settled(asker.signal), kortbroError('ERR_REQUEST_CANCELLED'));
    });

    it('`settled` waits for the card that was put in meanwhile, too', async () => {
      let done = false;
      const waiting = table.settled(never).then(() => (done = true));
      const second = gate<TokenDescription[]>();
      driver.bindInstead = () => second.promise;
      table.update(source, picture({ A: ['present', 3] }));
      reading.open([]);
      await settle();
      assert.equal(done, false);
      second.open([description()]);
      await waiting;
      assert.equal(card(), 'ready');
    });

    it('`settled` is over when the card is pulled, though the driver still hangs', async () => {
      const waiting = table.settled(never);
      table.update(source, picture({ A: ['empty', 2] }));
      await waiting;
      await table.settled(never);
    });

    it('a rebind without reset joins the reading; one with reset reads anew', async () => {
      const joined = table.rebind('A', false);
      assert.deepEqual(driver.callsOf('bind'), ['bind A']);
      driver.bindInstead = undefined;
      const anew = table.rebind('A', true);
      assert.deepEqual(driver.callsOf('bind'), ['bind A', 'bind A reset']);
      reading.open([description({ handle: 'old' })]);
      await Promise.all([joined, anew]);
      assert.deepEqual(
        table.tokens.map(({ description: { handle } }) => handle),
        ['h1'],
      );
    });
  });

  describe('when a source has just been started', () => {
    const slow: CardSource = { name: 'slow', backends: [] };
    const isSettled = async (waiting: Promise<void>) => {
      let done = false;
      void waiting.then(() => (done = true));
      await settle();
      return done;
    };

    it('`settled` waits for its first picture, and for the card that is in it', async () => {
      const reading = gate<TokenDescription[]>();
      driver.bindInstead = () => reading.promise;
      table.expect(source);
      const waiting = table.settled(never);
      assert.equal(await isSettled(waiting), false);
      table.update(source, picture({ A: ['present', 1] }));
      assert.equal(await isSettled(waiting), false);
      reading.open([description()]);
      assert.equal(await isSettled(waiting), true);
      assert.equal(clock.pending, 0);
    });

    it('`settled` waits for every one of them', async () => {
      table.expect(source);
      table.expect(slow);
      const waiting = table.settled(never);
      table.update(source, picture({ A: ['empty', 0] }));
      assert.equal(await isSettled(waiting), false);
      table.update(slow, noService());
      assert.equal(await isSettled(waiting), true);
    });

    it('`settled` does not wait for ever', async () => {
      table.expect(slow);
      const waiting = table.settled(never);
      clock.advance(limits.firstPictureTime - 1);
      assert.equal(await isSettled(waiting), false);
      clock.advance(1);
      assert.equal(await isSettled(waiting), true);
    });

    it('`settled` can be called off', async () => {
      table.expect(slow);
      const signal = AbortSignal.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(table.settled(signal), kortbroError('ERR_REQUEST_CANCELLED'));
    });
  });

  describe('rebinds', () => {
    it('a card: its tokens end with the code, and new ones come', async () => {
      const before = await bindFirst();
      await table.rebind('A', true, 'ERR_USER_CANCELLED');
      assert.equal(reasonOf(before), 'ERR_USER_CANCELLED');
      assert.deepEqual(driver.calls, ['bind A reset']);
      assert.equal(table.tokens.length, 1);
      assert.notEqual(table.tokens[0], before);
      assert.deepEqual(told(), ['bound A']);
    });

    it('with ERR_CARD_FAILED for whoever still uses it, when no code is given', async () => {
      const before = await bindFirst();
      await table.rebind('A', false);
      assert.equal(reasonOf(before), 'ERR_CARD_FAILED');
      assert.deepEqual(driver.calls, ['bind A']);
    });

    it('has begun when the call returns, so that `settled` waits for it', async () => {
      await bindFirst();
      void table.rebind('A', true);
      assert.equal(card(), 'reading');
      await table.settled(never);
      assert.equal(card(), 'ready');
    });

    it('nothing in an empty reader, in none, in a mute one, or in a locked session', async () => {
      table.update(source, picture({ A: ['empty', 0], B: ['mute', 1] }));
      await Promise.all(['A', 'B', 'C', '__proto__'].map((reader) => table.rebind(reader, true)));
      table.update(source, picture({ A: ['present', 1], B: ['mute', 1] }));
      await settle();
      table.setSuspended(true);
      await table.rebind('A', true);
      assert.deepEqual(driver.callsOf('bind'), ['bind A']);
    });

    it('not a card that has just fallen silent', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      await table.rebind('A', true);
      assert.deepEqual([card(), driver.callsOf('bind')], ['mute', []]);
    });

    it('an unreadable card, which may be readable now', async () => {
      driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
      table.update(source, picture({ A: ['present', 1] }));
      await settle();
      driver.bindInstead = undefined;
      await table.rebind('A', true);
      assert.deepEqual([card(), problem()], ['ready', undefined]);
    });
  });

  describe('when a driver stops', () => {
    it('ends what it had bound, resets the card and reads it again', async () => {
      const before = await bindFirst();
      table.driverStopped(driver);
      assert.equal(reasonOf(before), 'ERR_AGENT_DRIVER_CRASHED');
      await settle();
      assert.deepEqual(driver.calls, ['bind A reset']);
      assert.deepEqual(told(), ['bound A']);
    });

    it('leaves the cards of the other drivers alone', async () => {
      const before = await bindFirst();
      table.driverStopped(new FakeBackend('another'));
      assert.equal(reasonOf(before), undefined);
      assert.deepEqual(driver.calls, []);
    });
  });

  describe('when the session is locked', () => {
    it('drops every handle, binds nothing, and reads every card anew with a reset afterwards', async () => {
      driver.cards.set('B', [description({ handle: 'h2' })]);
      const before = await bindFirst();
      table.setSuspended(true);
      table.setSuspended(true);
      table.update(source, picture({ A: ['present', 1], B: ['present', 1] }));
      await settle();
      assert.deepEqual(driver.calls, ['release A']);
      assert.equal(reasonOf(before), 'ERR_AGENT_SESSION_LOCKED');
      assert.deepEqual(table.tokens, []);
      table.setSuspended(false);
      await settle();
      assert.deepEqual(driver.callsOf('bind'), ['bind A reset', 'bind B reset']);
      assert.equal(table.tokens.length, 2);
    });

    it('does not look for a card that was pulled meanwhile', async () => {
      await bindFirst();
      table.setSuspended(true);
      table.update(source, picture({ A: ['empty', 2] }));
      table.setSuspended(false);
      await settle();
      assert.deepEqual(driver.callsOf('bind'), []);
      assert.equal(card(), 'empty');
    });

    it('can still tell an empty reader from one with a card in it, and from one that is not there', async () => {
      await bindFirst();
      table.setSuspended(true);
      assert.deepEqual([table.isEmpty('A'), table.isEmpty('B')], [false, false]);
      table.update(source, picture({ A: ['empty', 2] }));
      assert.equal(table.isEmpty('A'), true);
      table.update(source, picture({}));
      assert.equal(table.isEmpty('A'), false);
      table.update(source, noService());
      assert.equal(table.isEmpty('A'), false);
    });
  });

  describe('a card that falls silent', () => {
    it('ends its login at once, and has left when it stays silent for a second', async () => {
      const token = await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      assert.equal(reasonOf(token), 'ERR_CARD_FAILED');
      assert.deepEqual([card(), table.tokens, told()], ['mute', [], []]);
      clock.advance(limits.muteCardGrace - 1);
      assert.deepEqual(told(), []);
      clock.advance(1);
      assert.deepEqual(told(), ['left A mute 1']);
      assert.equal(driver.calls[0], 'release A');
      assert.equal(card(), 'mute');
    });

    it('and answers again within the second has not left, and is bound anew', async () => {
      const before = await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      clock.advance(limits.muteCardGrace - 1);
      table.update(source, picture({ A: ['present', 1] }));
      await settle();
      clock.advance(10 * limits.muteCardGrace);
      assert.deepEqual(told(), ['came A', 'bound A']);
      assert.notEqual(table.tokens[0], before);
      assert.equal(clock.pending, 0);
    });

    it('and is pulled has left at once, and once', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      table.update(source, picture({ A: ['empty', 2] }));
      assert.deepEqual([told(), card()], [['left A card 1'], 'empty']);
      clock.advance(limits.muteCardGrace);
      assert.deepEqual(told(), ['left A card 1']);
    });

    it('and whose reader goes has not been pulled', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      table.update(source, picture({}));
      clock.advance(limits.muteCardGrace);
      assert.deepEqual(told(), ['left A reader 1']);
    });

    it('and whose service goes has not been pulled', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      table.update(source, noService());
      clock.advance(limits.muteCardGrace);
      assert.deepEqual(told(), ['left A service 1', 'service stopped'].sort().reverse());
    });

    it('in a session that is locked meanwhile does not end the stay that begins after it', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      table.setSuspended(true);
      table.update(source, picture({ A: ['present', 1] }));
      table.setSuspended(false);
      await settle();
      clock.advance(limits.muteCardGrace);
      assert.equal(card(), 'ready');
      assert.equal(reasonOf(table.tokens[0]), undefined);
    });

    it('is not read by a driver that has stopped meanwhile', async () => {
      await bindFirst();
      table.update(source, picture({ A: ['mute', 1] }));
      table.driverStopped(driver);
      await settle();
      assert.deepEqual([card(), driver.callsOf('bind')], ['mute', []]);
    });
  });

  describe('keeps apart', () => {
    it('what the driver does not hold against the card: a `release` that fails', async () => {
      await bindFirst();
      driver.release = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
      table.update(source, picture({ A: ['empty', 2] }));
      await settle();
      assert.deepEqual(told(), ['left A card 1']);
    });

    it('two sources: the service of one says nothing of the other', () => {
      const other: CardSource = { name: 'simulator', backends: [] };
      table.update(source, noService());
      assert.equal(table.serviceRunning, false);
      table.update(other, picture({ S: ['empty', 0] }));
      assert.equal(table.serviceRunning, true);
      table.update(other, noService());
      assert.equal(table.serviceRunning, false);
    });

    it('two readers of one name: the one that was seen first keeps it', async () => {
      const token = await bindFirst();
      const other: CardSource = { name: 'simulator', backends: [new FakeBackend()] };
      table.update(other, picture({ A: ['empty', 7] }));
      table.update(other, picture({ A: ['mute', 7] }));
      table.update(other, picture({ A: ['present', 8] }));
      table.update(other, picture({}));
      await settle();
      assert.deepEqual([card(), reasonOf(token), table.tokens], ['ready', undefined, [token]]);
    });

    it('readers whose names are hostile', async () => {
      const names = ['__proto__', 'toString', '\u202eA', 'A\n[B]', '<img src=x>', 'x'.repeat(300)];
      driver.bindInstead = () => Promise.resolve([description()]);
      table.update(source, picture(Object.fromEntries(names.map((name) => [name, ['present', 1] as const]))));
      await settle();
      assert.deepEqual(
        table.readers.map(({ name, card: state }) => [name, state]),
        names.map((name) => [name, 'ready']),
      );
      assert.equal(new Set(table.tokens.map(({ key }) => key)).size, names.length);
    });
  });
});

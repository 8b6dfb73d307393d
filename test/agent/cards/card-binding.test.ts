// How a card is bound: once, by the first driver that knows it, and what is waited for meanwhile.
import assert from 'node:assert/strict';
import { type CardSource } from '../../../agent/cards/card-table.ts';
import { TokenError, type TokenDescription } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { FakeBackend, description } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { picture } from '../reader-pictures.ts';
import { never, reasonOf, TableWorld } from './table-world.ts';

describe('The card table binds', () => {
  let world: TableWorld;
  beforeEach(() => {
    world = new TableWorld();
  });

  it('binds a card once when it comes in, and reads nothing at later pictures', async () => {
    world.table.update(world.source, picture({ A: ['empty', 0] }));
    assert.deepEqual([world.card(), world.driver.calls], ['empty', []]);
    world.table.update(world.source, picture({ A: ['present', 1] }));
    assert.equal(world.card(), 'reading');
    world.clock.advance(123);
    await settle();
    assert.equal(world.card(), 'ready');
    for (let i = 0; i < 5; i++) world.table.update(world.source, picture({ A: ['present', 1], B: ['empty', i] }));
    await settle();
    assert.deepEqual(world.driver.calls, ['bind A']);
    assert.deepEqual(world.told(), ['came A', 'bound A']);
    const bound = world.changes.find((change) => change.kind === 'bound');
    assert.equal(bound?.kind === 'bound' && bound.milliseconds, 123);
  });

  it('hands the ATR to the driver', async () => {
    let atr: Uint8Array | undefined;
    world.driver.bind = (_reader, given) => {
      atr = given;
      return Promise.resolve([]);
    };
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    assert.deepEqual(atr, Uint8Array.of(0x3b, 0x7f));
  });

  it('tries the second driver when the first does not know the card, and not when it does', async () => {
    const [first, second] = [new FakeBackend('first'), new FakeBackend('second')];
    second.cards.set('A', [description({ handle: 'of the second' })]);
    second.cards.set('B', [description({ handle: 'of the second' })]);
    first.cards.set('B', [description({ handle: 'of the first' })]);
    world.from(first, second);
    world.table.update(world.source, picture({ A: ['empty', 0], B: ['empty', 0] }));
    world.table.update(world.source, picture({ A: ['present', 1], B: ['present', 1] }));
    await settle();
    assert.deepEqual(
      world.table.tokens.map(({ backend, description: { handle } }) => [
        backend === second ? 'second' : 'first',
        handle,
      ]),
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
    world.from(first, world.driver);
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(world.table.tokens[0]?.backend, world.driver);
    assert.deepEqual([world.card(), world.problem()], ['ready', undefined]);
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
      world.driver.bindInstead = bind;
      world.table.update(world.source, picture({ A: ['present', 1] }));
      await settle();
      assert.deepEqual([world.card(), world.problem(), world.table.tokens], ['unsupported', code, []]);
      assert.deepEqual(world.told().slice(-1), [`unreadable A ${code}`]);
    });
  }

  it('looks again by itself at a card that could not be read, three times and with a reset', async () => {
    world.driver.bindInstead = () => Promise.resolve([]);
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    for (const pause of [300, 1_500, 6_000, 600_000]) {
      world.clock.advance(pause);
      await settle();
    }
    assert.deepEqual(world.driver.callsOf('bind'), Array(4).fill('bind A reset'));
  });

  it('is content with a card that can be read at the second look', async () => {
    world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    world.driver.bindInstead = undefined;
    world.clock.advance(300);
    await settle();
    world.clock.advance(600_000);
    await settle();
    assert.deepEqual([world.card(), world.driver.callsOf('bind').length], ['ready', 2]);
  });

  const notAgain: [string, string, () => void][] = [
    ['a card that has left', 'ERR_CARD_FAILED', () => world.table.update(world.source, picture({ A: ['empty', 2] }))],
    ['a card at which the driver hung', 'ERR_AGENT_DRIVER_HUNG', () => undefined],
  ];
  for (const [name, code, happens] of notAgain) {
    it(`does not look again at ${name}`, async () => {
      world.driver.bindInstead = () => Promise.reject(new KortbroError(code as 'ERR_CARD_FAILED'));
      world.table.update(world.source, picture({ A: ['present', 1] }));
      await settle();
      happens();
      world.clock.advance(600_000);
      await settle();
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A reset']);
    });
  }

  it('says that the driver is missing where there is none at all', async () => {
    world.from();
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(world.problem(), 'ERR_AGENT_DRIVER_MISSING');
  });

  it('prefers the word of the driver that failed over that of one that does not know the card', async () => {
    const first = new FakeBackend('first');
    first.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
    world.driver.cards.clear();
    world.from(first, world.driver);
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    assert.equal(world.problem(), 'ERR_AGENT_DRIVER_HUNG');
  });

  it('gives the log the native word of a failure', async () => {
    world.driver.bindInstead = () =>
      Promise.reject(new TokenError('ERR_CARD_FAILED', { native: 'CKR_GENERAL_ERROR (0x5)' }));
    world.table.update(world.source, picture({ A: ['present', 1] }));
    await settle();
    assert.ok(
      world.changes.some((change) => change.kind === 'unreadable' && change.native === 'CKR_GENERAL_ERROR (0x5)'),
    );
  });

  describe('rebinds', () => {
    it('a card: its tokens end with the code, and new ones come', async () => {
      const before = await world.bindFirst();
      await world.table.rebind('A', true, 'ERR_USER_CANCELLED');
      assert.equal(reasonOf(before), 'ERR_USER_CANCELLED');
      assert.deepEqual(world.driver.calls, ['bind A reset']);
      assert.equal(world.table.tokens.length, 1);
      assert.notEqual(world.table.tokens[0], before);
      assert.deepEqual(world.told(), ['bound A']);
    });

    it('with ERR_CARD_FAILED for whoever still uses it, when no code is given', async () => {
      const before = await world.bindFirst();
      await world.table.rebind('A', false);
      assert.equal(reasonOf(before), 'ERR_CARD_FAILED');
      assert.deepEqual(world.driver.calls, ['bind A']);
    });

    it('has begun when the call returns, so that `settled` waits for it', async () => {
      await world.bindFirst();
      void world.table.rebind('A', true);
      assert.equal(world.card(), 'reading');
      await world.table.settled(never);
      assert.equal(world.card(), 'ready');
    });

    it('nothing in an empty reader, in none, in a mute one, or in a locked session', async () => {
      world.table.update(world.source, picture({ A: ['empty', 0], B: ['mute', 1] }));
      await Promise.all(['A', 'B', 'C', '__proto__'].map((reader) => world.table.rebind(reader, true)));
      world.table.update(world.source, picture({ A: ['present', 1], B: ['mute', 1] }));
      await settle();
      world.table.setSuspended(true);
      await world.table.rebind('A', true);
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A']);
    });

    it('not a card that has just fallen silent', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      await world.table.rebind('A', true);
      assert.deepEqual([world.card(), world.driver.callsOf('bind')], ['mute', []]);
    });

    it('an unreadable card, which may be readable now', async () => {
      world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
      world.table.update(world.source, picture({ A: ['present', 1] }));
      await settle();
      world.driver.bindInstead = undefined;
      await world.table.rebind('A', true);
      assert.deepEqual([world.card(), world.problem()], ['ready', undefined]);
    });
  });

  describe('looks once more', () => {
    it('at a card that is doubted: with a reset, at once, and once in its stay', async () => {
      const before = await world.bindFirst();
      world.table.lookOnceMore('A');
      assert.deepEqual([world.card(), reasonOf(before)], ['reading', 'ERR_CARD_FAILED']);
      world.table.lookOnceMore('A');
      await world.table.settled(never);
      world.table.lookOnceMore('A');
      assert.deepEqual([world.card(), world.driver.calls], ['ready', ['bind A reset']]);
    });

    it('and, when it can no longer be read, as often as at any other; not once more after that', async () => {
      await world.bindFirst();
      world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
      world.table.lookOnceMore('A');
      await settle();
      assert.equal(world.card(), 'unsupported');
      world.driver.bindInstead = undefined;
      world.clock.advance(300);
      await settle();
      world.table.lookOnceMore('A');
      assert.deepEqual([world.card(), world.driver.callsOf('bind').length], ['ready', 2]);
    });

    it('again in its next stay', async () => {
      await world.bindFirst();
      for (const counter of [1, 3]) {
        world.look({ A: ['empty', counter + 1] });
        world.look({ A: ['present', counter + 2] });
        await settle();
        world.driver.calls.length = 0;
        world.table.lookOnceMore('A');
        await settle();
        assert.deepEqual(world.driver.callsOf('bind'), ['bind A reset']);
      }
    });

    it('at nothing in an empty reader, in none, in a mute one, or in a locked session', async () => {
      world.look({ A: ['empty', 0], B: ['mute', 1] });
      for (const reader of ['A', 'B', 'C', '__proto__']) world.table.lookOnceMore(reader);
      world.look({ A: ['present', 1], B: ['mute', 1] });
      await settle();
      world.table.setSuspended(true);
      world.table.lookOnceMore('A');
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A']);
    });
  });

  describe('with a reset', () => {
    const resets = async (...looks: Parameters<typeof picture>[]) => {
      const table = new TableWorld();
      const source: CardSource = { name: 'new', backends: [table.driver] };
      for (const look of looks) table.table.update(source, picture(...look));
      await settle();
      return table.driver.callsOf('bind');
    };

    it('a card that was in before anybody looked: nobody knows who left it logged in', async () => {
      assert.deepEqual(await resets([{ A: ['present', 1] }]), ['bind A reset']);
    });

    it('a card that was in when the service came back', async () => {
      assert.deepEqual(await resets([{ A: ['empty', 0] }, 1], [{ A: ['present', 0] }, 2]), ['bind A reset']);
    });

    it('not a card that came in under our eyes', async () => {
      assert.deepEqual(await resets([{ A: ['empty', 0] }], [{ A: ['present', 1] }]), ['bind A']);
    });

    it('a card that is in when its reader comes: a redirected one may have been away with a PIN given', async () => {
      assert.deepEqual(await resets([{}], [{ A: ['present', 1] }]), ['bind A reset']);
      assert.deepEqual(await resets([{ A: ['empty', 0] }], [{ A: ['present', 1] }], [{}], [{ A: ['present', 1] }]), [
        'bind A',
        'bind A reset',
      ]);
    });
  });
});

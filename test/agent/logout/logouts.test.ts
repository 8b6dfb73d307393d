// From a login to the end of its visit: who is ordered what, once, and what the agent does itself.
import assert from 'node:assert/strict';
import { limits } from '../../../shared/limits.ts';
import { anna } from '../cards/presence-world.ts';
import { doubtful, journal, LogoutsWorld, prescriptions, present, pulled, registration } from './logouts-world.ts';

const byDefault = 'event,call,clear,navigate';

describe('Logouts', () => {
  let world: LogoutsWorld;
  beforeEach(() => {
    world = new LogoutsWorld();
  });
  const orders = (profile = 'p') => world.browser(profile).orders;
  const logged = () => world.log.map((event) => ('reason' in event ? `${event.event} ${event.reason}` : event.event));

  describe('of one holder', () => {
    it('tell the browser of a visit when it begins', () => {
      world.enter();
      const { open, owed, guarded } = world.browser('p').last;
      assert.deepEqual([open.map(({ origin }) => origin), owed, guarded], [[journal], [], []]);
      assert.equal(world.onDisk.length, 1);
    });

    it('order the browser to log out when the card is pulled, call the site, and forget', () => {
      world.enter(anna, { registration: registration('a') });
      world.becomes(anna, pulled);
      assert.deepEqual(orders(), [`${journal} card-removed ${byDefault}`]);
      world.carryOut();
      assert.deepEqual(world.done('deliver'), ['a card-removed']);
      world.answer('a');
      assert.deepEqual([world.browser('p').last.owed, world.onDisk, world.clock.pending], [[], [], 0]);
      assert.deepEqual(logged(), ['logout-due card-removed', 'logout-cleared', 'logout-called']);
      assert.equal(orders().length, 1);
    });

    it('log out at every site, in every profile, each once', () => {
      for (const profile of ['p', 'q']) {
        for (const origin of [journal, prescriptions]) {
          world.enter(anna, { profile, origin, registration: registration(`${profile}-${origin.slice(8, 9)}`) });
        }
      }
      world.becomes(anna, pulled);
      for (let i = 0; i < 3; i++) world.logouts.review();
      for (const profile of ['p', 'q']) {
        assert.deepEqual(
          orders(profile).map((order) => order.split(' ')[0]),
          [journal, prescriptions],
        );
        world.carryOut(profile);
      }
      assert.deepEqual(
        world.done('deliver').sort(),
        ['p-j', 'p-r', 'q-j', 'q-r'].map((name) => `${name} card-removed`),
      );
    });

    it('make no new visit of a second login of the same holder, and call both sessions', () => {
      world.enter(anna, { registration: registration('a') });
      world.enter(anna, { registration: registration('b') });
      world.enter(anna, { registration: registration('b') });
      world.enter(anna);
      assert.equal(world.browser('p').last.open.length, 1);
      world.becomes(anna, pulled);
      world.carryOut();
      assert.deepEqual(world.done('deliver'), ['a card-removed', 'b card-removed']);
      assert.equal(orders().length, 1);
    });

    it('end a visit at once whose holder left while the login was made', () => {
      world.presences.set(anna.card, pulled);
      world.enter(anna, { registration: registration('a') });
      assert.deepEqual(orders(), [`${journal} card-removed ${byDefault}`]);
      assert.deepEqual(world.browser('p').messages[0]?.open.length, 1);
    });

    it('open a new visit for one who comes back', () => {
      world.enter();
      world.becomes(anna, pulled);
      world.carryOut();
      world.becomes(anna, present);
      world.enter();
      world.becomes(anna, pulled);
      assert.deepEqual(orders().length, 2);
    });

    it('do nothing for a client that has no profile but to call the site', () => {
      world.enter(anna, { profile: '', registration: registration('a') });
      world.becomes(anna, pulled);
      assert.deepEqual([world.done('deliver'), world.browsers.size], [['a card-removed'], 0]);
      world.answer('a');
      assert.deepEqual(world.onDisk, []);
    });

    it('change nothing in doubt', () => {
      world.enter(anna, { registration: registration('a') });
      const before = world.disk;
      for (const why of ['mute', 'unidentified', 'reader', 'service', 'session'] as const) {
        world.becomes(anna, doubtful(why, world.clock.now()));
        world.clock.advance(86_400_000);
      }
      world.becomes(anna, present);
      assert.deepEqual([orders(), world.deeds, world.disk], [[], [], before]);
    });
  });

  describe('call the site', () => {
    const withActions = (...actions: string[]) => {
      world.setPolicy({ logout: { actions } });
      world.enter(anna, { registration: registration('a') });
      world.becomes(anna, pulled);
    };

    it('when the pages have had their event, not before', () => {
      withActions('event', 'call');
      assert.deepEqual(world.done('deliver'), []);
      world.carryOut('p', 'told');
      world.carryOut('p', 'told');
      assert.deepEqual(world.done('deliver'), ['a card-removed']);
      assert.equal(world.browser('p').last.owed[0]?.cleared, false);
    });

    it('without waiting longer than a page may take', () => {
      withActions('event', 'call');
      world.clock.advance(limits.farewellWait - 1);
      assert.deepEqual(world.done('deliver'), []);
      world.clock.advance(1);
      world.carryOut();
      assert.deepEqual(world.done('deliver'), ['a card-removed']);
    });

    const atOnce: [string, () => void][] = [
      ['where the event comes after it', () => withActions('call', 'event')],
      ['where there is no event', () => withActions('clear', 'call')],
      [
        'when the browser is not there',
        () => {
          world.browser('p').isConnected = false;
          withActions('event', 'call');
        },
      ],
      [
        'when the agent ends',
        () => {
          withActions('event', 'call');
          world.logouts.hurry();
        },
      ],
    ];
    for (const [name, go] of atOnce) {
      it(`at once ${name}`, () => {
        go();
        assert.deepEqual(world.done('deliver'), ['a card-removed']);
        world.clock.advance(limits.farewellWait);
        assert.equal(world.done('deliver').length, 1);
      });
    }

    it('never where policy has no call', () => {
      withActions('event', 'clear');
      world.carryOut();
      assert.deepEqual([world.done('deliver'), world.onDisk], [[], []]);
    });
  });

  describe('hear a browser', () => {
    const visitOf = (profile = 'p') => {
      const { open, owed } = world.logouts.message(profile);
      return [...open, ...owed][0]?.id ?? '';
    };
    beforeEach(() => {
      world.browser('q');
      world.enter(anna, { registration: registration('a') });
    });

    const ignored: [string, () => void][] = [
      ['that speaks of a visit that is open', () => world.logouts.step('p', visitOf(), 'done')],
      ['that speaks of an unknown visit', () => world.logouts.step('p', 'none', 'done')],
      [
        'that speaks of another profile\u2019s visit',
        () => {
          world.becomes(anna, pulled);
          world.logouts.step('q', visitOf(), 'done');
          world.logouts.step('', visitOf(), 'done');
        },
      ],
    ];
    for (const [name, say] of ignored) {
      it(`and nothing comes of one ${name}`, () => {
        say();
        world.clock.advance(0);
        assert.deepEqual([world.done('deliver'), world.onDisk[0]?.owed?.cleared ?? false], [[], false]);
      });
    }

    it('once: a step said again is none', () => {
      world.becomes(anna, pulled);
      const visit = visitOf();
      for (let i = 0; i < 5; i++) world.logouts.step('p', visit, 'done');
      world.clock.advance(0);
      assert.deepEqual(logged(), ['logout-due card-removed', 'logout-cleared']);
      assert.equal(world.done('deliver').length, 1);
    });

    it('that is done with five hundred visits at a time, and write and tell that once', () => {
      for (let i = 0; i < 499; i++) world.enter(anna, { origin: `https://site${i}.example.se` });
      world.becomes(anna, pulled);
      const before = [world.saves, world.browser('p').messages.length];
      world.carryOut();
      world.answer('a');
      const after = [world.saves, world.browser('p').messages.length];
      assert.ok(
        after.every((count, index) => count - (before[index] ?? 0) <= 2),
        String(after),
      );
      assert.deepEqual(world.onDisk, []);
    });
  });

  it('are quiet: nothing is written or sent when nothing changes', () => {
    world.enter(anna, { registration: registration('a') });
    const before = [world.saves, world.browser('p').messages.length];
    for (let i = 0; i < 100; i++) world.logouts.review();
    assert.deepEqual([world.saves, world.browser('p').messages.length], before);
  });

  it('go on when the disk is full, and write everything when it is not any more', () => {
    world.isFull = true;
    world.enter(anna, { registration: registration('a') });
    world.becomes(anna, pulled);
    world.carryOut('p', 'told');
    assert.deepEqual([orders().length, world.done('deliver')], [1, ['a card-removed']]);
    world.isFull = false;
    world.carryOut();
    assert.equal(world.onDisk[0]?.owed?.cleared, true);
  });

  it('take a call that ends twice, or is unknown, for one', () => {
    world.enter(anna, { registration: registration('a') });
    world.becomes(anna, pulled);
    world.logouts.called('none', 'done');
    world.carryOut();
    world.answer('a');
    world.answer('a', 'given-up');
    assert.equal(logged().filter((event) => event === 'logout-called').length, 1);
  });
});

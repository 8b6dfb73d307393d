// What the agent's death, at any write, leaves of the visits: nothing owed is forgotten, nothing is done twice.
import assert from 'node:assert/strict';
import { limits } from '../../../shared/limits.ts';
import { type Visit } from '../../../agent/logout/visit.ts';
import { Logouts } from '../../../agent/logout/logouts.ts';
import { anna, bertil } from '../cards/presence-world.ts';
import { doubtful, journal, LogoutsWorld, prescriptions, present, pulled, registration } from './logouts-world.ts';

describe('An agent that was restarted', () => {
  let world: LogoutsWorld;
  beforeEach(() => {
    world = new LogoutsWorld();
    world.enter(anna, { registration: registration('a', { leaseSeconds: 60, guard: true }) });
    world.deeds.length = 0;
  });
  const orders = () => world.browser('p').orders.map((order) => order.split(' ').slice(0, 2).join(' '));

  it('goes on with open visits: nobody is logged out, leases are renewed', () => {
    world.restart();
    assert.deepEqual([orders(), world.deeds], [[], ['lease a 60']]);
    world.becomes(anna, pulled);
    world.carryOut();
    assert.deepEqual([orders(), world.done('deliver')], [[`${journal} card-removed`], ['a card-removed']]);
  });

  it('logs nobody out before it has seen a card', () => {
    world.presences.set(anna.card, doubtful('service', world.clock.now()));
    world.restart();
    assert.deepEqual([orders(), world.done('deliver')], [[], []]);
    world.becomes(anna, pulled);
    assert.deepEqual(orders(), [`${journal} card-removed`]);
  });

  it('logs out who left meanwhile', () => {
    world.presences.set(anna.card, pulled);
    world.restart();
    world.carryOut();
    assert.deepEqual([orders(), world.done('deliver')], [[`${journal} card-removed`], ['a card-removed']]);
  });

  it('gives an order again that was not carried out, and makes the call again', () => {
    world.browser('p').isConnected = false;
    world.becomes(anna, pulled);
    world.browser('p').isConnected = true;
    world.restart();
    assert.deepEqual(
      [orders(), world.done('deliver')],
      [[`${journal} card-removed`], ['a card-removed', 'a card-removed']],
    );
  });

  it('stands by an order although the holder is back', () => {
    world.browser('p').isConnected = false;
    world.becomes(anna, pulled);
    world.presences.set(anna.card, present);
    world.browser('p').isConnected = true;
    world.restart();
    assert.deepEqual(orders(), [`${journal} card-removed`]);
  });

  it('orders nothing again that the browser has carried out, and still makes the call', () => {
    world.becomes(anna, pulled);
    world.carryOut();
    world.deeds.length = 0;
    world.restart();
    assert.deepEqual([orders().length, world.done('deliver')], [1, ['a card-removed']]);
    assert.deepEqual(
      world.browser('p').last.owed.map(({ cleared }) => cleared),
      [true],
    );
  });

  it('makes no call again that has come to its end', () => {
    world.becomes(anna, pulled);
    world.carryOut('p', 'told');
    world.answer('a');
    world.deeds.length = 0;
    world.restart();
    world.carryOut();
    assert.deepEqual([world.deeds, world.onDisk], [[], []]);
  });

  it('finds nothing when everything was settled', () => {
    world.becomes(anna, pulled);
    world.carryOut();
    world.answer('a');
    world.restart();
    assert.deepEqual([world.logouts.open, world.browser('p').last.owed, orders().length], [[], [], 1]);
  });

  it('forgets what has been owed for thirty days, and no login however old', () => {
    world.enter(bertil, { origin: prescriptions });
    world.browser('p').isConnected = false;
    world.becomes(anna, pulled);
    world.epoch += limits.owedTime - 1;
    world.restart();
    assert.equal(world.logouts.message('p').owed.length, 1);
    world.epoch += 1;
    world.restart();
    const { open, owed } = world.logouts.message('p');
    assert.deepEqual([open.map(({ origin }) => origin), owed], [[prescriptions], []]);
  });

  it('obeys the policy of now', () => {
    world.browser('p').isConnected = false;
    world.becomes(anna, pulled);
    world.setPolicy({ logout: { actions: ['close'] } });
    world.browser('p').isConnected = true;
    world.restart();
    assert.deepEqual(world.browser('p').orders, [`${journal} card-removed close`]);
  });

  it('tells a browser no more visits than it takes, whatever it found', () => {
    const one = world.onDisk[0];
    assert.ok(one);
    const found = Array.from({ length: 3 * limits.visits }, (_, i): Visit => {
      const visit: Visit = { ...one, id: `v${i}`, origin: `https://site${i}.example.se`, registrations: [] };
      return i % 2 === 0 ? visit : { ...visit, owed: { reason: 'card-removed', at: visit.at, cleared: false } };
    });
    world.disk = JSON.stringify({ version: 1, visits: found });
    world.restart();
    const { open, owed } = world.browser('p').last;
    assert.deepEqual([open.length, owed.length], [limits.visits, limits.visits]);
  });

  it('owes the same, wherever it was killed', () => {
    // The disk after each write, and how the story goes on from there.
    const story: (() => void)[] = [
      () => world.enter(anna, { origin: prescriptions, registration: registration('b') }),
      () => world.enter(bertil, { registration: registration('c') }),
      () => world.becomes(anna, pulled),
      () => world.carryOut('p', 'told'),
      () => world.carryOut(),
      () => world.answer('a'),
      () => world.answer('b'),
      () => world.becomes(bertil, pulled),
      () => world.carryOut(),
      () => world.answer('c'),
    ];
    for (let killedAfter = 0; killedAfter < story.length; killedAfter++) {
      world = new LogoutsWorld();
      world.enter(anna, { registration: registration('a') });
      for (const [index, chapter] of story.entries()) {
        chapter();
        if (index === killedAfter) world.restart();
      }
      // What was asked of the site a second time is answered a second time.
      for (const token of ['a', 'b', 'c']) world.answer(token);
      world.carryOut();
      assert.deepEqual(world.onDisk, [], `killed after ${killedAfter}`);
      assert.deepEqual(orders(), [`${prescriptions} card-removed`, `${journal} card-removed`]);
      assert.deepEqual([...new Set(world.done('deliver'))].sort(), [
        'a another-holder',
        'b card-removed',
        'c card-removed',
      ]);
    }
  });

  it('takes up a debt that no browser has any more', () => {
    world.enter(bertil);
    world.deeds.length = 0;
    const found = world.onDisk;
    world.restart();
    assert.deepEqual(
      [found.map(({ profile }) => profile).sort(), world.done('deliver')],
      [['', 'p'], ['a another-holder']],
    );
  });

  it('is asked nothing of what it found by mistake', () => {
    assert.ok(world.logouts instanceof Logouts);
    world.disk = '';
    world.restart();
    assert.deepEqual(orders(), [`lost ${journal}`]);
    world.carryOut();
    assert.deepEqual([world.deeds, world.log.length], [[], 0]);
  });
});

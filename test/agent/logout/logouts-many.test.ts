// Many visits and many sessions of one: what is kept, what is ended, and bounds that hold.
import assert from 'node:assert/strict';
import { limits } from '../../../shared/limits.ts';
import { type HolderIdentity } from '../../../agent/cards/holder-presence.ts';
import { anna, bertil } from '../cards/presence-world.ts';
import { doubtful, journal, LogoutsWorld, prescriptions, present, pulled, registration } from './logouts-world.ts';

describe('Visits', () => {
  let world: LogoutsWorld;
  beforeEach(() => {
    world = new LogoutsWorld();
  });
  const orders = (profile = 'p') =>
    world.browser(profile).orders.map((order) => order.split(' ').slice(0, 2).join(' '));
  const enter = (holder: HolderIdentity, token: string, profile = 'p', origin = journal) =>
    world.enter(holder, { profile, origin, registration: registration(token, { leaseSeconds: 60 }) });

  describe('with registrations', () => {
    const many = (count: number) => {
      for (let i = 1; i <= count; i++) enter(anna, `t${i}`);
    };

    it('hold sixteen; the seventeenth ends the first at its server, and the browser\u2019s visit goes on', () => {
      many(limits.registrationsPerVisit);
      assert.deepEqual(world.done('deliver'), []);
      enter(anna, 't17');
      assert.deepEqual([world.done('deliver'), world.done('unlease')], [['t1 unknown'], ['t1']]);
      world.answer('t1');
      world.clock.advance(2 * limits.guardPatience);
      assert.deepEqual([orders(), world.browser('p').last.owed], [[], []]);
      world.becomes(anna, pulled);
      world.carryOut();
      assert.deepEqual(
        world.done('deliver').slice(1),
        Array.from({ length: 16 }, (_, i) => `t${i + 2} card-removed`),
      );
    });

    it('stay bounded, on disk and in what the browser is told, at a page that logs in without end', () => {
      many(limits.registrationsPerVisit + limits.visits + 100);
      assert.ok(world.onDisk.length <= limits.visits + 1);
      assert.deepEqual(world.logouts.message('p').owed, []);
      assert.equal(world.log.filter((event) => event.event === 'logout-called').length, 100);
      world.restart();
      assert.deepEqual([orders(), world.logouts.message('p').open.length], [[], 1]);
    });

    it('push out what that site owes, and no other', () => {
      enter(bertil, 'b', 'q', prescriptions);
      world.browser('q').isConnected = false;
      world.becomes(bertil, pulled);
      many(limits.registrationsPerVisit + limits.visits + 100);
      assert.equal(world.onDisk.filter(({ origin }) => origin === prescriptions).length, 1);
    });

    it('renew leases while the holder is there, or may be', () => {
      enter(anna, 'a');
      const [id = ''] = world.onDisk[0]?.registrations.map((one) => one.id) ?? [];
      const may = { present, mute: doubtful('mute', 0), unidentified: doubtful('unidentified', 0) };
      const mayNot = {
        reader: doubtful('reader', 0),
        service: doubtful('service', 0),
        session: doubtful('session', 0),
        pulled,
      };
      for (const [name, presence] of Object.entries({ ...may, ...mayNot })) {
        world.presences.set(anna.card, presence);
        assert.equal(world.logouts.mayRenew(id), name in may, name);
      }
      world.presences.set(anna.card, present);
      assert.equal(world.logouts.mayRenew('none'), false);
      world.becomes(anna, pulled);
      world.presences.set(anna.card, present);
      assert.equal(world.logouts.mayRenew(id), false);
    });
  });

  it('end, the oldest first, beyond five hundred', () => {
    for (let i = 0; i <= limits.visits; i++) world.enter(anna, { origin: `https://site${i}.example.se` });
    assert.deepEqual(orders(), ['https://site0.example.se unknown']);
    assert.equal(world.browser('p').last.open.length, limits.visits);
  });

  it('of a site that was used again are not the oldest', () => {
    for (let i = 0; i < limits.visits; i++) world.enter(anna, { origin: `https://site${i}.example.se` });
    world.enter(anna, { origin: 'https://site0.example.se' });
    world.enter(anna, { origin: journal });
    assert.deepEqual(orders(), ['https://site1.example.se unknown']);
  });

  it('of profiles that never come back stay bounded', () => {
    for (let i = 0; i < limits.visits + 20; i++) {
      const profile = `p${i}`;
      enter(anna, 'a', profile);
      world.browser(profile).isConnected = false;
      world.becomes(anna, pulled);
      world.becomes(anna, present);
    }
    assert.ok(world.onDisk.length <= limits.visits + 1, String(world.onDisk.length));
  });
});

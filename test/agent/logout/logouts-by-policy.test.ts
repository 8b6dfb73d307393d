// What policy decides over logouts: the guard, sites that are kept, the workstation, and grace.
import assert from 'node:assert/strict';
import { limits } from '../../../shared/limits.ts';
import { anna } from '../cards/presence-world.ts';
import {
  doubtful,
  journal,
  LogoutsWorld,
  prescriptions,
  present,
  pulled,
  registration,
  superseded,
} from './logouts-world.ts';

const byDefault = 'event,call,clear,navigate';

describe('Logouts', () => {
  let world: LogoutsWorld;
  beforeEach(() => {
    world = new LogoutsWorld();
  });
  const orders = (profile = 'p') => world.browser(profile).orders;

  describe('keep the guard', () => {
    beforeEach(() => {
      world.enter(anna, { registration: registration('a', { guard: true }) });
      world.becomes(anna, pulled);
      world.carryOut();
    });
    const listed = () => world.browser('p').last.owed.map(({ cleared, guarded }) => ({ cleared, guarded }));

    it('until the site has been told', () => {
      assert.deepEqual(listed(), [{ cleared: true, guarded: true }]);
      world.answer('a', 'refused');
      assert.deepEqual(listed(), []);
    });

    it('for a minute at most when it cannot be told, and go on calling', () => {
      world.clock.advance(limits.guardPatience - 1);
      assert.equal(listed().length, 1);
      world.clock.advance(1);
      assert.deepEqual([listed(), world.onDisk.length, world.clock.pending], [[], 1, 0]);
      world.answer('a');
      assert.deepEqual(world.onDisk, []);
    });

    it('not for a day because the computer\u2019s clock was set back', () => {
      world.epoch -= 86_400_000;
      world.logouts.review();
      assert.deepEqual([world.logouts.message('p').owed, world.clock.pending], [[], 0]);
    });
  });

  describe('where policy keeps the site', () => {
    beforeEach(() => world.setPolicy({ sites: [{ origin: journal, logout: { keep: true, guard: true } }] }));

    it('log nobody out: the browser only forgets the visit', () => {
      world.enter(anna, { registration: registration('a', { leaseSeconds: 60 }) });
      world.becomes(anna, pulled);
      assert.deepEqual(orders(), [`${journal} card-removed `]);
      world.carryOut();
      assert.deepEqual([world.done('deliver'), world.onDisk, world.log], [[], [], []]);
      assert.deepEqual(orders().length, 1);
    });

    it('let the next holder in once the browser has forgotten it', async () => {
      world.enter();
      world.becomes(anna, pulled);
      const cleared = world.logouts.cleared('p', journal, new AbortController().signal);
      world.carryOut();
      await cleared;
    });

    it('do nothing more where it was not kept when the holder left', () => {
      world.setPolicy({});
      world.enter();
      world.browser('p').isConnected = false;
      world.becomes(anna, pulled);
      world.setPolicy({ sites: [{ origin: journal, logout: { keep: true } }] });
      world.browser('p').isConnected = true;
      world.restart();
      assert.deepEqual(orders(), [`${journal} card-removed `]);
    });
  });

  describe('lock the workstation', () => {
    beforeEach(() => world.setPolicy({ logout: { actions: ['event', 'lock'] } }));
    const cases: [string, () => void, number][] = [
      ['once for many sites', () => world.becomes(anna, pulled), 1],
      [
        'not once more for the same logout',
        () => {
          world.becomes(anna, pulled);
          world.becomes(anna, pulled);
        },
        1,
      ],
      ['not under the hands of somebody else who logs in', () => world.becomes(anna, superseded), 0],
      [
        'not for a site that is kept',
        () => {
          const sites = [journal, prescriptions].map((origin) => ({ origin, logout: { keep: true } }));
          world.setPolicy({ logout: { actions: ['lock'] }, sites });
          world.becomes(anna, pulled);
        },
        0,
      ],
    ];
    for (const [name, go, times] of cases) {
      it(name, () => {
        world.enter();
        world.enter(anna, { origin: prescriptions });
        go();
        assert.equal(world.deeds.filter((deed) => deed === 'lock').length, times);
      });
    }
  });

  describe('wait for the grace that policy gives', () => {
    beforeEach(() => {
      world.setPolicy({
        logout: { grace: { readerSeconds: 60 } },
        sites: [{ origin: prescriptions, logout: { grace: { readerSeconds: 10 } } }],
      });
      world.enter(anna);
      world.enter(anna, { origin: prescriptions });
      world.becomes(anna, doubtful('reader', world.clock.now()));
    });

    it('site by site', () => {
      world.clock.advance(9_999);
      assert.deepEqual(orders(), []);
      world.clock.advance(1);
      assert.deepEqual(orders(), [`${prescriptions} reader-gone ${byDefault}`]);
      world.clock.advance(49_999);
      assert.equal(orders().length, 1);
      world.clock.advance(1);
      assert.equal(orders()[1], `${journal} reader-gone ${byDefault}`);
      assert.equal(world.clock.pending, 0);
    });

    it('and log nobody out who comes back within it', () => {
      world.clock.advance(9_999);
      world.becomes(anna, present);
      world.clock.advance(86_400_000);
      assert.deepEqual([orders(), world.clock.pending], [[], 0]);
    });

    it('as it is when policy has changed meanwhile', () => {
      world.clock.advance(5_000);
      world.setPolicy({ logout: { grace: { readerSeconds: 5 } } });
      world.logouts.review();
      assert.equal(orders().length, 2);
    });

    it('not at all when policy gives none any more', () => {
      world.setPolicy({});
      world.logouts.review();
      world.clock.advance(86_400_000);
      assert.deepEqual([orders(), world.clock.pending], [[], 0]);
    });
  });

  it('tell the guarded sites of the policy in force', () => {
    world.setPolicy({
      logout: { guard: true },
      sites: [{ origin: journal }, { origin: prescriptions, logout: { guard: false } }],
    });
    assert.deepEqual(world.logouts.message('p').guarded, [journal]);
  });
});

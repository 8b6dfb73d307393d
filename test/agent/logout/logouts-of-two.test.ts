// Two holders, two profiles, many sessions: B never meets A's visits, and nobody is logged out for another.
import assert from 'node:assert/strict';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type HolderIdentity } from '../../../agent/cards/holder-presence.ts';
import { anna, bertil } from '../cards/presence-world.ts';
import { kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { journal, LogoutsWorld, prescriptions, present, pulled, registration, superseded } from './logouts-world.ts';

describe('Visits', () => {
  let world: LogoutsWorld;
  beforeEach(() => {
    world = new LogoutsWorld();
  });
  const orders = (profile = 'p') =>
    world.browser(profile).orders.map((order) => order.split(' ').slice(0, 2).join(' '));
  const enter = (holder: HolderIdentity, token: string, profile = 'p', origin = journal) =>
    world.enter(holder, { profile, origin, registration: registration(token, { leaseSeconds: 60 }) });

  describe('of two browser profiles', () => {
    beforeEach(() => {
      enter(anna, 'a', 'p');
      enter(bertil, 'b', 'q');
    });

    it('are nothing to each other', () => {
      world.becomes(anna, pulled);
      world.carryOut('p');
      assert.deepEqual([orders('p').length, orders('q').length], [1, 0]);
      assert.deepEqual(world.done('deliver'), ['a card-removed']);
      assert.deepEqual([world.logouts.message('p').open, world.logouts.message('q').open.length], [[], 1]);
      assert.deepEqual(world.browser('q').last.owed, []);
    });

    it('are two sessions of one holder, with a call each', () => {
      enter(anna, 'a2', 'q', prescriptions);
      world.becomes(anna, pulled);
      world.carryOut('p');
      world.carryOut('q');
      assert.deepEqual(world.done('deliver').sort(), ['a card-removed', 'a2 card-removed']);
    });
  });

  describe('that pass to another holder who logs in in the same browser while the first is there', () => {
    beforeEach(() => {
      enter(anna, 'a');
      enter(bertil, 'b');
      // Everything that may follow from it has followed.
      world.answer('a');
      world.carryOut();
      world.clock.advance(2 * limits.guardPatience);
    });

    it('cost the new one nothing: nothing is cleared, nothing is blocked', () => {
      assert.deepEqual(orders(), []);
      const { open, owed } = world.browser('p').last;
      assert.deepEqual([open.length, owed], [1, []]);
    });

    it('end for the first one at the site\u2019s server, and only for that one', () => {
      assert.deepEqual([world.done('deliver'), world.done('unlease')], [['a another-holder'], ['a']]);
    });

    it('are the second one\u2019s when the first one leaves', () => {
      world.becomes(anna, pulled);
      assert.deepEqual([orders(), world.logouts.message('p').open.length], [[], 1]);
    });

    it('end with the second one\u2019s leaving', () => {
      world.becomes(bertil, pulled);
      world.carryOut();
      assert.deepEqual(orders(), [`${journal} card-removed`]);
      assert.deepEqual(world.done('deliver'), ['a another-holder', 'b card-removed']);
    });
  });

  it('that pass to another holder stay guarded by no call that hangs', () => {
    world.enter(anna, { registration: registration('a', { guard: true }) });
    world.enter(bertil, { registration: registration('b', { guard: true }) });
    assert.deepEqual(world.browser('p').last.owed, []);
    assert.deepEqual(world.done('deliver'), ['a another-holder']);
  });

  describe('before another holder is let in', () => {
    const gate = (profile = 'p', origin = journal, signal = new AbortController().signal) => {
      let outcome = 'waits';
      void world.logouts.cleared(profile, origin, signal).then(
        () => (outcome = 'lets in'),
        (error: unknown) => (outcome = error instanceof KortbroError ? error.code : 'another error'),
      );
      return async () => {
        await settle();
        return outcome;
      };
    };
    beforeEach(() => {
      enter(anna, 'a');
      world.becomes(anna, superseded);
    });

    it('are cleared by the browser', async () => {
      const outcome = gate();
      assert.equal(await outcome(), 'waits');
      world.carryOut('p', 'told');
      assert.equal(await outcome(), 'waits');
      world.carryOut();
      assert.equal(await outcome(), 'lets in');
      assert.equal(await gate()(), 'lets in');
    });

    it('may take five seconds for it: then ERR_AGENT_LOGOUT_PENDING', async () => {
      const outcome = gate();
      world.clock.advance(limits.clearingWait - 1);
      assert.equal(await outcome(), 'waits');
      world.clock.advance(1);
      assert.equal(await outcome(), 'ERR_AGENT_LOGOUT_PENDING');
      world.carryOut();
      assert.equal(await gate()(), 'lets in');
    });

    it('hold up nobody at another site, in another profile, or without one', async () => {
      assert.equal(await gate('p', prescriptions)(), 'lets in');
      assert.equal(await gate('q')(), 'lets in');
      assert.equal(await gate('')(), 'lets in');
    });

    it('need not be called at the site', async () => {
      world.carryOut();
      assert.deepEqual([await gate()(), world.onDisk.length], ['lets in', 1]);
    });

    it('leave neither timer nor waiter behind one who gave up', async () => {
      const before = world.clock.pending;
      const asker = new AbortController();
      const outcomes = Array.from({ length: 20 }, () => gate('p', journal, asker.signal));
      assert.equal(world.clock.pending, before + 20);
      asker.abort(new Error('no more'));
      assert.equal(await outcomes[0]?.(), 'another error');
      assert.equal(world.clock.pending, before);
    });

    it('let nobody in who gave up before', async () => {
      await assert.rejects(world.logouts.cleared('p', journal, AbortSignal.abort(new Error('no more'))), /no more/);
    });

    it('keep the gate shut over a restart', async () => {
      world.restart();
      const outcome = gate();
      world.clock.advance(limits.clearingWait);
      await assert.rejects(Promise.reject(Object.assign(new Error(), { code: await outcome() })), {
        code: 'ERR_AGENT_LOGOUT_PENDING',
      });
    });
  });

  it('are never found lost by a browser that is told everything', () => {
    for (let round = 0; round < 50; round++) {
      const [first, second] = round % 2 === 0 ? [anna, bertil] : [bertil, anna];
      world.becomes(first, present);
      enter(first, `r${round}`);
      if (round % 3 === 0) world.becomes(second, pulled);
      if (round % 5 === 0) world.becomes(first, pulled);
      world.answer(`r${round - 1}`);
      if (round % 7 === 0) world.restart();
      world.carryOut();
      if (round % 5 === 0) world.answer(`r${round}`);
    }
    assert.deepEqual(
      world.browser('p').orders.filter((order) => order.startsWith('lost')),
      [],
    );
  });

  it('throw nothing but what is said', async () => {
    enter(anna, 'a');
    world.becomes(anna, pulled);
    const cleared = world.logouts.cleared('p', journal, new AbortController().signal);
    world.clock.advance(limits.clearingWait);
    await assert.rejects(cleared, kortbroError('ERR_AGENT_LOGOUT_PENDING'));
  });
});

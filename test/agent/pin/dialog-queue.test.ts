// One dialog at a time, in order, bounded; and a site whose dialogs are cancelled again and again is silent for a while.
import assert from 'node:assert/strict';
import { DialogQueue } from '../../../agent/pin/dialog-queue.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { gate, kortbroError } from '../fake-backend.ts';
import { FakeClock, settle } from '../fake-clock.ts';

const site = 'https://journal.example.se';

describe('The queue of dialogs', () => {
  let clock: FakeClock;
  let queue: DialogQueue;
  let running: number;
  let most: number;
  let order: number[];
  const never = new AbortController().signal;

  /** A turn that lasts until its gate opens. */
  const turn = (number: number, signal: AbortSignal = never) => {
    const door = gate();
    const done = queue.inTurn(signal, async () => {
      order.push(number);
      most = Math.max(most, ++running);
      await door.promise.finally(() => running--);
      return number;
    });
    done.catch(() => undefined);
    return { ...door, done };
  };

  beforeEach(() => {
    clock = new FakeClock();
    queue = new DialogQueue(clock);
    [running, most, order] = [0, 0, []];
  });

  it('runs one at a time, in the order in which they came', async () => {
    const turns = [1, 2, 3, 4].map((number) => turn(number));
    for (const { open, done } of turns) {
      await settle();
      open();
      await done;
    }
    assert.deepEqual([order, most], [[1, 2, 3, 4], 1]);
  });

  it('gives each the result of its own turn', async () => {
    const [first, second] = [turn(1), turn(2)];
    second.open();
    first.open();
    assert.deepEqual(await Promise.all([first.done, second.done]), [1, 2]);
  });

  it('goes on after a turn that failed', async () => {
    const [first, second] = [turn(1), turn(2)];
    first.fail(new KortbroError('ERR_USER_CANCELLED'));
    second.open();
    await assert.rejects(first.done, kortbroError('ERR_USER_CANCELLED'));
    assert.equal(await second.done, 2);
  });

  it('goes on after a turn that throws before it waits', async () => {
    const thrown = queue.inTurn(never, () => {
      throw new KortbroError('ERR_PIN_PROMPT');
    });
    await assert.rejects(thrown, kortbroError('ERR_PIN_PROMPT'));
    const next = turn(2);
    next.open();
    assert.equal(await next.done, 2);
  });

  it('is busy when too many wait, and is not when they are fewer again', async () => {
    const turns = Array.from({ length: 1 + limits.waitingForDialog }, (_, number) => turn(number));
    await assert.rejects(turn(99).done, kortbroError('ERR_AGENT_BUSY'));
    turns[0]?.open();
    await settle();
    const late = turn(100);
    for (const { open } of [...turns, late]) open();
    assert.equal(await late.done, 100);
    assert.ok(!order.includes(99));
  });

  it('lets who waits go away, and nobody else', async () => {
    const asker = new AbortController();
    const [first, second, third] = [turn(1), turn(2, asker.signal), turn(3)];
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    await assert.rejects(second.done, kortbroError('ERR_REQUEST_CANCELLED'));
    first.open();
    third.open();
    assert.equal(await third.done, 3);
    assert.deepEqual(order, [1, 3]);
  });

  it('goes on when who would be next goes away in the same moment', async () => {
    const asker = new AbortController();
    const [first, second, third] = [turn(1), turn(2, asker.signal), turn(3)];
    first.open();
    await first.done;
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    second.open();
    third.open();
    assert.equal(await third.done, 3);
    assert.equal(most, 1);
  });

  it('gives no turn to who has gone away before asking', async () => {
    const asker = new AbortController();
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    await assert.rejects(turn(1, asker.signal).done, kortbroError('ERR_REQUEST_CANCELLED'));
    assert.deepEqual(order, []);
    const next = turn(2);
    next.open();
    assert.equal(await next.done, 2);
  });

  describe('mutes a site', () => {
    const cancel = (times: number, which = site) => {
      for (let i = 0; i < times; i++) queue.cancelled(which);
    };
    const muted = (which = site) => {
      try {
        queue.checkMuted(which);
        return false;
      } catch (error) {
        return kortbroError('ERR_POLICY_MUTED')(error);
      }
    };

    it('after three cancels in a row, not after two', () => {
      cancel(limits.cancelsBeforeMute - 1);
      assert.equal(muted(), false);
      cancel(1);
      assert.equal(muted(), true);
    });

    it('and no other one', () => {
      cancel(limits.cancelsBeforeMute);
      assert.equal(muted('https://recept.example.se'), false);
    });

    it('for a while, and then it may ask again as often as at first', () => {
      cancel(limits.cancelsBeforeMute);
      clock.advance(limits.muteTime - 1);
      assert.equal(muted(), true);
      clock.advance(1);
      assert.equal(muted(), false);
      cancel(limits.cancelsBeforeMute - 1);
      assert.equal(muted(), false);
      cancel(1);
      assert.equal(muted(), true);
    });

    it('not when a dialog was answered in between', () => {
      cancel(limits.cancelsBeforeMute - 1);
      queue.answered(site);
      cancel(limits.cancelsBeforeMute - 1);
      assert.equal(muted(), false);
    });

    it('after six dialogs that it took away itself, and not for a few closed tabs', () => {
      for (let i = 0; i < 5; i++) queue.withdrawn(site);
      assert.equal(muted(), false);
      queue.withdrawn(site);
      assert.equal(muted(), true);
    });

    it('not because the dialogs of different sites were cancelled', () => {
      cancel(2, 'https://a.example.se');
      cancel(2, 'https://b.example.se');
      assert.deepEqual([muted('https://a.example.se'), muted('https://b.example.se')], [false, false]);
    });
  });
});

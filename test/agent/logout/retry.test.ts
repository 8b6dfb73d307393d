import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pauseAfter } from '../../../agent/logout/retry.ts';
import { limits } from '../../../shared/limits.ts';

const day = limits.callPatience;

describe('The pause before a call is tried again', () => {
  it('doubles from half a second to a minute', () => {
    const pauses = Array.from({ length: 10 }, (_, index) => pauseAfter(index + 1, 0));
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    assert.equal(pauseAfter(1_000_000, 0), 60_000);
  });

  it('ends when patience does: a last attempt then, and none after', () => {
    assert.equal(pauseAfter(20, day - 10_000), 10_000);
    assert.equal(pauseAfter(20, day - 1), 1);
    assert.equal(pauseAfter(20, day), undefined);
    assert.equal(pauseAfter(1, day * 400), undefined);
  });

  it('takes an order from the future, by a clock that was set back, for a new one', () => {
    assert.equal(pauseAfter(1, -day), 500);
  });

  it('is always within its bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.double({ noNaN: true }), (failures, age) => {
        const pause = pauseAfter(failures, age);
        assert.ok(pause === undefined ? age >= day : pause > 0 && pause <= limits.callPauseCap);
      }),
    );
  });
});

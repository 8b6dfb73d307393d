import assert from 'node:assert/strict';
import { failuresAfter, pauseAfter, settledAfter } from '../../native-host/back-off.ts';
import { limits } from '../../shared/limits.ts';

describe('the back-off', () => {
  it('doubles the pause with every failure, up to the cap', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 50, 5_000].map(pauseAfter);
    assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000]);
  });

  it('never waits less than the first pause or longer than the last', () => {
    for (let failures = 0; failures < 2_000; failures++) {
      const pause = pauseAfter(failures);
      assert.ok(pause >= limits.reconnectPause && pause <= limits.reconnectPauseCap);
    }
  });

  for (const [failures, lived, expected] of [
    [0, 0, 1],
    [1, 0, 2],
    [7, 0, 8],
    [7, 1, 8],
    [7, settledAfter - 1, 8],
    [7, settledAfter, 0],
    [0, settledAfter, 0],
    [99, 3_600_000, 0],
  ] as const) {
    it(`makes ${failures} failures ${expected} after a connection of ${lived} ms`, () => {
      assert.equal(failuresAfter(failures, lived), expected);
    });
  }
});

import assert from 'node:assert/strict';
import { takeOne, type Bucket } from '../../extension/background/page-rate.ts';
import { limits } from '../../shared/limits.ts';

/** How many of `count` requests pass, one each `pause` milliseconds. */
function passed(count: number, pause: number): number {
  let bucket: Bucket | undefined;
  let number = 0;
  for (let i = 0; i < count; i++) {
    const next = takeOne(bucket, i * pause);
    if (next === undefined) continue;
    bucket = next;
    number++;
  }
  return number;
}

describe('the rate of one origin', () => {
  it('lets a burst pass, then a steady stream', () => {
    assert.equal(passed(1_000, 0), 40);
    assert.equal(passed(1_000, 100), 1_000);
    assert.equal(passed(1_000, 10), 40 + 99);
  });

  it('leaves most of the connection to the other sites', () => {
    assert.ok(passed(100_000, 0.1) / 10 < limits.requestsPerSecond / 4);
  });
});

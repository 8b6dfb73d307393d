import assert from 'node:assert/strict';
import { takeOne, type Bucket, type Rate } from '../../shared/token-bucket.ts';
import { limits } from '../../shared/limits.ts';

/** How many of `count` requests pass, one each `pause` milliseconds. */
function passed(count: number, pause: number, rate: Rate = limits.originRate): number {
  let bucket: Bucket | undefined;
  let number = 0;
  for (let i = 0; i < count; i++) {
    const next = takeOne(bucket, rate, i * pause);
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

describe('the rate of all origins together', () => {
  it('stays below what the agent takes from one connection, though each request is cancelled as well', () => {
    assert.ok(2 * passed(1_000, 0, limits.profileRate) < limits.requestBurst);
    assert.ok(2 * (passed(1_000_000, 1, limits.profileRate) / 1_000) < limits.requestsPerSecond);
  });
});

// A burst passes, a flood does not, and patience is rewarded up to the burst.
import assert from 'node:assert/strict';
import { rateLimit } from '../../../agent/endpoint/rate-limit.ts';
import { FakeClock } from '../fake-clock.ts';

describe('The rate of a connection', () => {
  const passing = (mayPass: () => boolean, times: number) =>
    Array.from({ length: times }, mayPass).filter(Boolean).length;

  it('lets a burst through, and then what comes in time', () => {
    const clock = new FakeClock();
    const mayPass = rateLimit(clock, 10, 20);
    assert.equal(passing(mayPass, 50), 20);
    clock.advance(99);
    assert.equal(passing(mayPass, 5), 0);
    clock.advance(1);
    assert.equal(passing(mayPass, 5), 1);
    clock.advance(1000);
    assert.equal(passing(mayPass, 50), 10);
  });

  it('saves up no more than the burst', () => {
    const clock = new FakeClock();
    const mayPass = rateLimit(clock, 10, 20);
    clock.advance(3_600_000);
    assert.equal(passing(mayPass, 100), 20);
  });

  it('is one for each connection', () => {
    const clock = new FakeClock();
    const [one, other] = [rateLimit(clock, 1, 1), rateLimit(clock, 1, 1)];
    assert.deepEqual([one(), one(), other()], [true, false, true]);
  });
});

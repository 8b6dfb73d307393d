import assert from 'node:assert/strict';
import { restartPause } from '../../../agent/tokens/restart-pause.ts';

describe('the pause before a restart', () => {
  it('is none the first time, doubles then, and is never longer than half a minute', () => {
    assert.deepEqual([1, 2, 3, 4, 5].map(restartPause), [0, 250, 500, 1000, 2000]);
    assert.deepEqual([9, 10, 1000, 1e6].map(restartPause), [30_000, 30_000, 30_000, 30_000]);
  });
});

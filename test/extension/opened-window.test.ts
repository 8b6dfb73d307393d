import assert from 'node:assert/strict';
import { isOpenedWindow, keepKnown } from '../../extension/content/opened-window.ts';
import { FakeClock } from './fake-clock.ts';

describe('a window that a site has opened', () => {
  it('is one without an address of its own', () => {
    for (const [protocol, expected] of [
      ['about:', true],
      ['blob:', true],
      ['https:', false],
      ['http:', false],
    ] as const) {
      assert.equal(isOpenedWindow(protocol), expected, protocol);
    }
  });

  it('makes itself known again when the background has died, until the extension is gone', () => {
    const clock = new FakeClock();
    const losses: (() => void)[] = [];
    let isInvalidated = false;
    keepKnown({
      connect: (lost) => {
        if (isInvalidated) throw new Error('Extension context invalidated.');
        losses.push(lost);
      },
      later: clock.later,
    });
    assert.equal(losses.length, 1);
    losses[0]?.();
    assert.equal(losses.length, 1, 'not at once');
    clock.advance(1_000);
    assert.equal(losses.length, 2);
    isInvalidated = true;
    losses[1]?.();
    clock.advance(60_000);
    assert.equal(losses.length, 2);
    assert.equal(clock.waiting, 0);
  });
});

// What can be seen here of the desktop's calls is that they answer.
import assert from 'node:assert/strict';
import { allowForeground, lockWorkstation } from '../../../agent/native/desktop.ts';

describe('the desktop', () => {
  it('answers whether another program may come to the front', () => {
    assert.equal(typeof allowForeground(process.pid), 'boolean');
    assert.throws(() => allowForeground('1' as unknown as number), TypeError);
  });

  it('answers whether the screen is locked now', function () {
    // On a desktop that somebody sits at this would lock it.
    if (process.env['KORTBRO_LOCK_SCREEN'] === undefined) this.skip();
    assert.equal(typeof lockWorkstation(), 'boolean');
  });
});

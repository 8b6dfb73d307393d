// Bytes that are gone when they are to be gone.
import assert from 'node:assert/strict';
import { lockMemory, unlockMemory, zero } from '../../../agent/native/secret-memory.ts';

describe('secret memory', () => {
  it('is overwritten, every view of it too', () => {
    const whole = Buffer.from('xx123456xx');
    zero(whole.subarray(2, 8));
    assert.deepEqual(whole, Buffer.from('xx\0\0\0\0\0\0xx'));
    zero(new Uint8Array(0));
  });

  it('is kept out of the page file, and let go again', () => {
    const bytes = Buffer.alloc(4096);
    assert.equal(lockMemory(bytes), true);
    unlockMemory(bytes);
    assert.equal(lockMemory(new Uint8Array(0)), true);
    unlockMemory(new Uint8Array(0));
  });

  it('is bytes and nothing else', () => {
    assert.throws(() => zero('123456' as unknown as Uint8Array), TypeError);
    assert.throws(() => zero(new Uint16Array(2) as unknown as Uint8Array), TypeError);
  });
});

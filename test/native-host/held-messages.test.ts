import assert from 'node:assert/strict';
import { HeldMessages, heldBytes, heldNumber } from '../../native-host/held-messages.ts';

describe('held messages', () => {
  it('come out once, in the order in which they went in', () => {
    const held = new HeldMessages();
    for (const text of ['a', 'b', 'c']) assert.ok(held.add(Buffer.from(text)));
    const texts = held.takeAll().map((message) => Buffer.from(message).toString());
    assert.deepEqual(texts, ['a', 'b', 'c']);
    assert.deepEqual(held.takeAll(), []);
  });

  it('are bounded in number', () => {
    const held = new HeldMessages();
    for (let i = 0; i < heldNumber; i++) assert.ok(held.add(new Uint8Array(1)));
    assert.equal(held.add(new Uint8Array(1)), false);
    assert.equal(held.takeAll().length, heldNumber);
  });

  it('are bounded in bytes, and there is room again when they have gone', () => {
    const held = new HeldMessages();
    assert.ok(held.add(new Uint8Array(heldBytes)));
    assert.equal(held.add(new Uint8Array(1)), false);
    held.takeAll();
    assert.ok(held.add(new Uint8Array(1)));
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameError, frameHead, type HostFrame, HostFrameReader } from '../../../agent/tokens/module-host-frames.ts';
import { hostAnswer, hostRequest, maximumBytes, maximumJson } from '../../../agent/tokens/module-host-protocol.ts';

function encode(value: unknown, bytes: Uint8Array): Buffer {
  return Buffer.concat([frameHead(value, bytes.length), bytes]);
}

describe('frames between agent and module host', () => {
  it('come out as they went in, however the stream is cut', () => {
    const frame = fc.record({ value: fc.jsonValue(), bytes: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (frames, cuts) => {
          const reader = new HostFrameReader();
          const read: HostFrame[] = [];
          let rest = Buffer.concat(frames.map(({ value, bytes }) => encode(value, bytes)));
          while (rest.length > 0) {
            const { value: length } = cuts.next() as { value: number };
            const chunk = Buffer.from(rest.subarray(0, length));
            read.push(...reader.push(chunk));
            chunk.fill(0);
            rest = rest.subarray(length);
          }
          assert.deepEqual(
            read.map(({ json, bytes }) => [json.toString(), [...bytes]]),
            frames.map(({ value, bytes }) => [JSON.stringify(value), [...bytes]]),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are refused by their lengths alone, before anything of them is kept', () => {
    const lengths = fc.record({ json: fc.nat(0xffffffff), bytes: fc.nat(0xffffffff) });
    fc.assert(
      fc.property(lengths, ({ json, bytes }) => {
        const header = Buffer.alloc(8);
        header.writeUInt32LE(json, 0);
        header.writeUInt32LE(bytes, 4);
        const tooLong = json === 0 || json > maximumJson || bytes > maximumBytes;
        const push = (): HostFrame[] => new HostFrameReader().push(header);
        if (tooLong) assert.throws(push, FrameError);
        else assert.deepEqual(push(), []);
      }),
    );
  });

  it('are not written larger than they may be read', () => {
    assert.throws(() => frameHead('x'.repeat(maximumJson), 0), FrameError);
    assert.throws(() => frameHead('', maximumBytes + 1), FrameError);
  });

  it('give their binary part memory of its own, so that it can be zeroed', () => {
    const [frame] = new HostFrameReader().push(encode({}, Buffer.from('246810')));
    assert.ok(frame);
    assert.equal(frame.bytes.buffer.byteLength, 6);
  });
});

describe('the words between agent and module host', () => {
  it('are a closed set', () => {
    const fine = { id: 1, call: 'login', handle: 'x', finalTryConfirmed: false };
    assert.ok(hostRequest.safeParse(fine).success);
    for (const broken of [
      { ...fine, pin: '246810' },
      { ...fine, call: 'change-pin' },
      { ...fine, handle: '' },
      { id: 1, call: 'login', handle: 'x' },
      { ...fine, id: '1' },
    ]) {
      assert.equal(hostRequest.safeParse(broken).success, false);
    }
  });

  it('hold no failure that the agent does not know', () => {
    assert.ok(hostAnswer.safeParse({ id: 1, failure: 'login-lost' }).success);
    assert.ok(hostAnswer.safeParse({ id: 1, failure: 'ERR_PIN_WRONG', triesLeft: 2 }).success);
    assert.equal(hostAnswer.safeParse({ id: 1, failure: 'ERR_WHATEVER' }).success, false);
    assert.equal(hostAnswer.safeParse({ id: 1, failure: 'ERR_PIN_WRONG', path: '/x' }).success, false);
  });
});

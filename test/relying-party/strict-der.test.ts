import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isStrictDer } from '../../relying-party/src/strict-der.ts';

describe('the check for strict DER', () => {
  const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));

  const cases: readonly (readonly [string, boolean, string])[] = [
    ['30 00', true, 'an empty sequence'],
    ['02 01 05', true, 'an integer'],
    ['30 06 02 01 05 02 01 06', true, 'a sequence of two'],
    ['', false, 'nothing'],
    ['30', false, 'a tag without a length'],
    ['30 01', false, 'a length beyond the end'],
    ['30 00 00', false, 'something behind the end'],
    ['30 03 02 02 05', false, 'a value that leaves its sequence'],
    ['30 80 00 00', false, 'an indefinite length'],
    ['04 81 01 05', false, 'a long form where the short one is enough'],
    ['04 82 00 01 05', false, 'a length with a leading zero'],
    ['04 83 00 00 01 05', false, 'three octets of length'],
    ['04 81', false, 'a length that is cut off'],
    ['1f 01 00', false, 'a high tag number'],
    ['bf 01 00', false, 'a high tag number, constructed'],
  ];
  for (const [bytes, expected, what] of cases) {
    it(`${expected ? 'accepts' : 'refuses'} ${what}`, () => assert.equal(isStrictDer(hex(bytes)), expected));
  }

  it('accepts the long forms where they are needed', () => {
    assert.ok(isStrictDer(Buffer.concat([hex('04 81 80'), Buffer.alloc(128)])));
    assert.ok(isStrictDer(Buffer.concat([hex('04 82 01 00'), Buffer.alloc(256)])));
  });

  it('refuses more than 16 levels and more than 2000 values', () => {
    const nested = (levels: number): Uint8Array =>
      Uint8Array.from({ length: levels * 2 }, (_, index) => (index % 2 === 0 ? 0x30 : levels * 2 - index - 1));
    assert.ok(isStrictDer(nested(17)));
    assert.equal(isStrictDer(nested(18)), false);
    const many = (count: number): Uint8Array =>
      Buffer.concat([
        Buffer.from([0x30, 0x82, (count * 2) >> 8, (count * 2) & 0xff]),
        Buffer.alloc(count * 2, hex('05 00')),
      ]);
    assert.ok(isStrictDer(many(1999)));
    assert.equal(isStrictDer(many(2000)), false);
  });

  it('answers for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof isStrictDer(bytes) === 'boolean'));
  });
});

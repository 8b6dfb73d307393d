// How an IDPrime tells which certificates it has: when it is asked, what it is asked, what its answer means.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { certificatesInIndex, indexReads, maybeIncomplete } from '../../../agent/tokens/card/certificate-index.ts';

const ok = Buffer.from('9000', 'hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** File 0210 of 16 bytes, by this name. */
function entry(name: string, folder: string): Buffer {
  const bytes = Buffer.from('02100010'.padEnd(42, '0'), 'hex');
  bytes.write(name, 4, 'latin1');
  bytes.write(folder, 12, 'latin1');
  return bytes;
}

const index = (entries: readonly Buffer[]): Buffer => Buffer.concat([Uint8Array.of(entries.length), ...entries]);

describe('a card is asked for its index', () => {
  const cases: [string, string[], boolean][] = [
    ['when its driver shows no certificate', [], true],
    ['not when its driver counts them and none is missing', ['0001', '0002', '0003'], false],
    ['not when they are counted in another order', ['0002', '0001'], false],
    ['when the first is missing', ['0002', '0003'], true],
    ['when one between is missing', ['0001', '0003'], true],
    ['not when its driver names them in another way', ['45', 'a1b2c3d4e5f60718293a4b5c6d7e8f9001020304'], false],
  ];
  for (const [name, ids, asked] of cases) it(name, () => assert.equal(maybeIncomplete(ids), asked));
});

describe('the index of a card', () => {
  const selected = (size: number): Buffer =>
    Buffer.concat([
      Buffer.from('6f0e8102', 'hex'),
      Uint8Array.of(size >> 8, size & 0xff),
      Buffer.from('820101830201018a0105', 'hex'),
      ok,
    ]);

  it('is read to its last byte and no further', () => {
    assert.deepEqual(indexReads(selected(148)).map(hex), ['00b0000094']);
    assert.deepEqual(indexReads(selected(255)).map(hex), ['00b00000ff']);
    assert.deepEqual(indexReads(selected(300)).map(hex), ['00b00000ff', '00b000ff2d']);
  });

  it('is read in seven pieces at most', () => {
    assert.equal(indexReads(selected(65_535)).length, 7);
  });

  it('is not read when the card does not tell its size', () => {
    for (const answer of ['', '90', '9000', '6a82', '6f009000', '6f0281029000', '6f048202010090', '62048102009490'])
      assert.deepEqual(indexReads(Buffer.from(answer, 'hex')), [], answer);
    assert.deepEqual(indexReads(selected(0)), []);
  });

  it('lists certificates for exchange and for signature, and other files', () => {
    const files = [
      entry('cardid', ''),
      entry('cmapfile', 'mscp'),
      entry('kxc00', 'mscp'),
      entry('ksc01', 'mscp'),
      entry('kxc02', 'other'),
      entry('msroots', 'mscp'),
      entry('tinfo', 'p11'),
    ];
    assert.equal(certificatesInIndex([Buffer.concat([index(files), ok])]), 2);
    assert.equal(certificatesInIndex([Buffer.concat([index([]), ok])]), 0);
  });

  it('may come in pieces', () => {
    const whole = index(Array.from({ length: 14 }, (_, n) => entry(`kxc${n}`, 'mscp')));
    const pieces = [whole.subarray(0, 255), whole.subarray(255)].map((piece) => Buffer.concat([piece, ok]));
    assert.equal(certificatesInIndex(pieces), 14);
  });

  it('that is cut off, or refused, tells of what is there', () => {
    const whole = index([entry('kxc00', 'mscp'), entry('kxc01', 'mscp')]);
    assert.equal(certificatesInIndex([Buffer.concat([whole.subarray(0, 22), ok])]), 1);
    assert.equal(certificatesInIndex([Buffer.from('6982', 'hex')]), 0);
    assert.equal(certificatesInIndex([]), 0);
  });

  it('can be anything without harm', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (answers) => {
        const [first = new Uint8Array()] = answers;
        return certificatesInIndex(answers) <= 255 && indexReads(first).length <= 7;
      }),
    );
  });
});

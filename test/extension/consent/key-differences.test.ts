// What tells two keys of one holder apart, by what is different in them.
import assert from 'node:assert/strict';
import { keyDifferences } from '../../../extension/consent/key-differences.ts';
import { type SigningKey } from '../../../shared/signing.ts';
import { signingKey } from '../signing-agent.ts';

const valid = ['signKeyValid', '2025-03-01', '2028-03-01'];
const changed = (changes: Partial<SigningKey>): SigningKey => ({ ...signingKey, ...changes });

describe('what tells keys apart', () => {
  const told: [string, SigningKey[], unknown[][]][] = [
    ['one key', [signingKey], [[]]],
    ['another holder', [signingKey, changed({ holder: 'Bertil Testsson' })], [[], []]],
    ['another organisation', [signingKey, changed({ organisation: 'Kommun Exempel' })], [[], []]],
    ['a key for logging in', [signingKey, changed({ usage: 'authentication' })], [[], []]],
    [
      'another card',
      [signingKey, changed({ reader: 'B' })],
      [
        [['signKeyReader', signingKey.reader], valid],
        [['signKeyReader', 'B'], valid],
      ],
    ],
    [
      'another time',
      [signingKey, changed({ validTo: '2027-12-31T12:00:00.000Z' })],
      [[valid], [['signKeyValid', '2025-03-01', '2027-12-31']]],
    ],
    [
      'another kind of key',
      [signingKey, changed({ keyType: 'ec', keySize: 256 })],
      [
        [valid, ['signKeyKind', 'RSA', '2048']],
        [valid, ['signKeyKind', 'ECC', '256']],
      ],
    ],
    [
      'only the number, whose ends are the same',
      [changed({ serialNumber: '11AABBCCDD' }), changed({ serialNumber: '22AABBCCDD' })],
      [
        [valid, ['signKeySerial', '1AABBCCDD']],
        [valid, ['signKeySerial', '2AABBCCDD']],
      ],
    ],
    [
      'two of three',
      [signingKey, changed({ serialNumber: 'FFEEDD01' }), changed({ holder: 'Bertil Testsson' })],
      [[valid, ['signKeySerial', 'E5B6A7']], [valid, ['signKeySerial', 'EEDD01']], []],
    ],
  ];
  for (const [what, keys, words] of told)
    it(`says what is different: ${what}`, () => assert.deepEqual(keyDifferences(keys, 'sv'), words));

  it('writes days as they are written in the language', () => {
    const [words] = keyDifferences([signingKey, changed({ reader: 'B' })], 'en');
    assert.deepEqual(words?.[1], ['signKeyValid', '1 Mar 2025', '1 Mar 2028']);
  });
});

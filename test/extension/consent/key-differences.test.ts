// What tells two keys of one holder apart, by what is different in them.
import assert from 'node:assert/strict';
import { areOfOne, keyDifferences } from '../../../extension/consent/key-differences.ts';
import { type SigningKey } from '../../../shared/signing.ts';
import { signingKey } from '../signing-agent.ts';

const valid = ['signKeyValid', '1\u00a0mars\u00a02025', '1\u00a0mars\u00a02028'];
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
      [[valid], [['signKeyValid', '1\u00a0mars\u00a02025', '31\u00a0dec.\u00a02027']]],
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
    assert.deepEqual(words?.[1], ['signKeyValid', '1\u00a0Mar\u00a02025', '1\u00a0Mar\u00a02028']);
  });

  it('knows whether it is one person who chooses among them, or one of several who signs', () => {
    assert.ok(areOfOne([signingKey, changed({ issuer: 'Another CA', usage: 'authentication' })]));
    assert.ok(!areOfOne([signingKey, changed({ holderId: 'SE0000000000-2DEF' })]));
  });
});

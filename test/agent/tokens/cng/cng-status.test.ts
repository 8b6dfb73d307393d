// What CNG's codes come to.
import assert from 'node:assert/strict';
import { CngError } from '../../../../agent/native/cng.ts';
import { orTokenError, tokenErrorOfCng } from '../../../../agent/tokens/cng/cng-status.ts';
import { paddingOf } from '../../../../agent/tokens/cng/cng-padding.ts';
import { type SignatureAlgorithm, TokenError } from '../../../../agent/tokens/token.ts';

const meanings: readonly [number, string, string][] = [
  [0x8010006b, 'ERR_PIN_WRONG', 'SCARD_W_WRONG_CHV (0x8010006B)'],
  [0x80090033, 'ERR_PIN_WRONG', 'NTE_INCORRECT_PASSWORD (0x80090033)'],
  [0x8010006c, 'ERR_PIN_LOCKED', 'SCARD_W_CHV_BLOCKED (0x8010006C)'],
  [0x8010002a, 'ERR_PIN_FORMAT', 'SCARD_E_INVALID_CHV (0x8010002A)'],
  [0x80090022, 'login-lost', 'NTE_SILENT_CONTEXT (0x80090022)'],
  [0x8009002e, 'login-lost', 'NTE_UI_REQUIRED (0x8009002E)'],
  [0x8010006a, 'login-lost', 'SCARD_W_SECURITY_VIOLATION (0x8010006A)'],
  [0x80100068, 'login-lost', 'SCARD_W_RESET_CARD (0x80100068)'],
  [0x80100069, 'ERR_CARD_REMOVED', 'SCARD_W_REMOVED_CARD (0x80100069)'],
  [0x8010000c, 'ERR_CARD_REMOVED', 'SCARD_E_NO_SMARTCARD (0x8010000C)'],
  [0x80100017, 'ERR_CARD_REMOVED', 'SCARD_E_READER_UNAVAILABLE (0x80100017)'],
  [0x8010001d, 'ERR_CARD_SERVICE', 'SCARD_E_NO_SERVICE (0x8010001D)'],
  [0x8010001e, 'ERR_CARD_SERVICE', 'SCARD_E_SERVICE_STOPPED (0x8010001E)'],
  [0x8010000d, 'ERR_CARD_UNSUPPORTED', 'SCARD_E_UNKNOWN_CARD (0x8010000D)'],
  [0x80090016, 'ERR_CARD_CHANGED', 'NTE_BAD_KEYSET (0x80090016)'],
  [0x8009001e, 'ERR_AGENT_DRIVER_MISSING', 'NTE_PROV_DLL_NOT_FOUND (0x8009001E)'],
  [0x80100022, 'ERR_CARD_FAILED', 'SCARD_E_UNSUPPORTED_FEATURE (0x80100022)'],
  [0x80090020, 'ERR_CARD_FAILED', 'NTE_FAIL (0x80090020)'],
  [0x8010abcd, 'ERR_CARD_FAILED', 'SCARD_0x8010ABCD (0x8010ABCD)'],
  [5, 'ERR_CARD_FAILED', 'CNG_UNKNOWN (0x00000005)'],
];

describe('A code of CNG', () => {
  for (const [code, failure, native] of meanings) {
    it(`${native} means ${failure}`, () => {
      const error = tokenErrorOfCng(code);
      assert.deepEqual([error.failure, error.native], [failure, native]);
    });
  }

  it('comes out of a call as its meaning, and another error as it is', async () => {
    await assert.rejects(orTokenError(Promise.reject(new CngError(0x8010006c))), { failure: 'ERR_PIN_LOCKED' });
    await assert.rejects(orTokenError(Promise.reject(new RangeError('x'))), RangeError);
  });
});

describe('The padding of a digest', () => {
  const paddings: readonly [SignatureAlgorithm, number, 'RSA' | 'ECDSA', string][] = [
    ['RS256', 32, 'RSA', 'pkcs1 SHA256'],
    ['RS384', 48, 'RSA', 'pkcs1 SHA384'],
    ['RS512', 64, 'RSA', 'pkcs1 SHA512'],
    ['PS256', 32, 'RSA', 'pss SHA256'],
    ['PS512', 64, 'RSA', 'pss SHA512'],
    ['ES256', 32, 'ECDSA', 'none '],
    ['ES384', 48, 'ECDSA', 'none '],
    ['ES512', 64, 'ECDSA', 'none '],
  ];
  for (const [algorithm, length, group, expected] of paddings) {
    it(`is ${expected.trim()} for ${algorithm}`, () => {
      const { padding, hash } = paddingOf(algorithm, new Uint8Array(length), group);
      assert.equal(`${padding} ${hash}`, expected);
    });
  }

  it('is refused to a digest of another length, and to a key of another kind', () => {
    const refused: readonly [SignatureAlgorithm, number, 'RSA' | 'ECDSA'][] = [
      ['RS256', 31, 'RSA'],
      ['RS256', 64, 'RSA'],
      ['ES256', 32, 'RSA'],
      ['RS256', 32, 'ECDSA'],
    ];
    for (const [algorithm, length, group] of refused) {
      assert.throws(() => paddingOf(algorithm, new Uint8Array(length), group), TokenError);
    }
  });
});

import assert from 'node:assert/strict';
import { tokenErrorOfCkr } from '../../../agent/tokens/pkcs11/ckr.ts';

describe('a PKCS#11 return code', () => {
  const cases: [code: number, failure: string, native: string][] = [
    [0x32, 'ERR_CARD_REMOVED', 'CKR_DEVICE_REMOVED (0x32)'],
    [0xe0, 'ERR_CARD_REMOVED', 'CKR_TOKEN_NOT_PRESENT (0xE0)'],
    [0xe1, 'ERR_CARD_UNSUPPORTED', 'CKR_TOKEN_NOT_RECOGNIZED (0xE1)'],
    [0xa0, 'ERR_PIN_WRONG', 'CKR_PIN_INCORRECT (0xA0)'],
    [0xa2, 'ERR_PIN_FORMAT', 'CKR_PIN_LEN_RANGE (0xA2)'],
    [0xa4, 'ERR_PIN_LOCKED', 'CKR_PIN_LOCKED (0xA4)'],
    [0xb0, 'login-lost', 'CKR_SESSION_CLOSED (0xB0)'],
    [0xb3, 'login-lost', 'CKR_SESSION_HANDLE_INVALID (0xB3)'],
    [0x100, 'login-lost', 'CKR_USER_ALREADY_LOGGED_IN (0x100)'],
    [0x101, 'login-lost', 'CKR_USER_NOT_LOGGED_IN (0x101)'],
    [0x05, 'ERR_CARD_FAILED', 'CKR_GENERAL_ERROR (0x5)'],
    [0x06, 'ERR_CARD_FAILED', 'CKR_FUNCTION_FAILED (0x6)'],
    [0x30, 'ERR_CARD_FAILED', 'CKR_DEVICE_ERROR (0x30)'],
    [0x7777, 'ERR_CARD_FAILED', 'CKR_UNKNOWN (0x7777)'],
    [0x80000001, 'ERR_CARD_FAILED', 'CKR_VENDOR_DEFINED (0x80000001)'],
  ];
  for (const [code, failure, native] of cases) {
    it(`${native} is ${failure}`, () => {
      const error = tokenErrorOfCkr(code);
      assert.deepEqual([error.failure, error.native], [failure, native]);
    });
  }
});

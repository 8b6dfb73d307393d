// What a PKCS#11 return code means for the holder (PKCS#11 v3.0 5.1). One table; a code that is not in it is a failed card.
import { TokenError, type TokenFailure } from '../token.ts';

const table = new Map<number, readonly [name: string, failure: TokenFailure]>([
  [0x02, ['CKR_HOST_MEMORY', 'ERR_CARD_FAILED']],
  [0x03, ['CKR_SLOT_ID_INVALID', 'ERR_CARD_REMOVED']],
  [0x05, ['CKR_GENERAL_ERROR', 'ERR_CARD_FAILED']],
  [0x06, ['CKR_FUNCTION_FAILED', 'ERR_CARD_FAILED']],
  [0x07, ['CKR_ARGUMENTS_BAD', 'ERR_CARD_FAILED']],
  [0x12, ['CKR_ATTRIBUTE_TYPE_INVALID', 'ERR_CARD_FAILED']],
  [0x21, ['CKR_DATA_LEN_RANGE', 'ERR_CARD_FAILED']],
  [0x30, ['CKR_DEVICE_ERROR', 'ERR_CARD_FAILED']],
  [0x31, ['CKR_DEVICE_MEMORY', 'ERR_CARD_FAILED']],
  [0x32, ['CKR_DEVICE_REMOVED', 'ERR_CARD_REMOVED']],
  [0x54, ['CKR_FUNCTION_NOT_SUPPORTED', 'ERR_CARD_FAILED']],
  [0x60, ['CKR_KEY_HANDLE_INVALID', 'login-lost']],
  [0x63, ['CKR_KEY_TYPE_INCONSISTENT', 'ERR_CARD_FAILED']],
  [0x70, ['CKR_MECHANISM_INVALID', 'ERR_CARD_FAILED']],
  [0x71, ['CKR_MECHANISM_PARAM_INVALID', 'ERR_CARD_FAILED']],
  [0x82, ['CKR_OBJECT_HANDLE_INVALID', 'ERR_CARD_FAILED']],
  [0x90, ['CKR_OPERATION_ACTIVE', 'ERR_CARD_FAILED']],
  [0x91, ['CKR_OPERATION_NOT_INITIALIZED', 'ERR_CARD_FAILED']],
  [0xa0, ['CKR_PIN_INCORRECT', 'ERR_PIN_WRONG']],
  [0xa1, ['CKR_PIN_INVALID', 'ERR_PIN_FORMAT']],
  [0xa2, ['CKR_PIN_LEN_RANGE', 'ERR_PIN_FORMAT']],
  [0xa3, ['CKR_PIN_EXPIRED', 'ERR_CARD_FAILED']],
  [0xa4, ['CKR_PIN_LOCKED', 'ERR_PIN_LOCKED']],
  [0xb0, ['CKR_SESSION_CLOSED', 'login-lost']],
  [0xb1, ['CKR_SESSION_COUNT', 'ERR_CARD_FAILED']],
  [0xb3, ['CKR_SESSION_HANDLE_INVALID', 'login-lost']],
  [0xe0, ['CKR_TOKEN_NOT_PRESENT', 'ERR_CARD_REMOVED']],
  [0xe1, ['CKR_TOKEN_NOT_RECOGNIZED', 'ERR_CARD_UNSUPPORTED']],
  // Somebody is logged in, which says nothing of the PIN that was sent.
  [0x100, ['CKR_USER_ALREADY_LOGGED_IN', 'login-lost']],
  [0x101, ['CKR_USER_NOT_LOGGED_IN', 'login-lost']],
  [0x102, ['CKR_USER_PIN_NOT_INITIALIZED', 'ERR_CARD_FAILED']],
  [0x103, ['CKR_USER_TYPE_INVALID', 'ERR_CARD_FAILED']],
  [0x104, ['CKR_USER_ANOTHER_ALREADY_LOGGED_IN', 'login-lost']],
  [0x150, ['CKR_BUFFER_TOO_SMALL', 'ERR_CARD_FAILED']],
  [0x190, ['CKR_CRYPTOKI_NOT_INITIALIZED', 'ERR_CARD_FAILED']],
  [0x191, ['CKR_CRYPTOKI_ALREADY_INITIALIZED', 'ERR_CARD_FAILED']],
]);

/** CKR_OK. */
export const ckrOk = 0;

/** "CKR_PIN_LOCKED (0xA4)". */
function ckrName(code: number): string {
  const hex = code.toString(16).toUpperCase();
  const [name = code >= 0x80000000 ? 'CKR_VENDOR_DEFINED' : 'CKR_UNKNOWN'] = table.get(code) ?? [];
  return `${name} (0x${hex})`;
}

/** The error that stands for a code. */
export function tokenErrorOfCkr(code: number): TokenError {
  return new TokenError(failureOf(code), { native: ckrName(code) });
}

function failureOf(code: number): TokenFailure {
  return table.get(code)?.[1] ?? 'ERR_CARD_FAILED';
}

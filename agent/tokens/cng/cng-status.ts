// What a SECURITY_STATUS of CNG means for the holder (winerror.h: NTE_*, and SCARD_* where the smart-card provider passes them on).
// One table; a code that is not in it is a failed card.
import { CngError } from '../../native/cng.ts';
import { pcscCodeName } from '../../native/pcsc-error.ts';
import { TokenError, type TokenFailure } from '../token.ts';

const table = new Map<number, readonly [name: string, failure: TokenFailure]>([
  [0x80090003, ['NTE_BAD_KEY', 'ERR_CARD_FAILED']],
  [0x80090005, ['NTE_BAD_DATA', 'ERR_CARD_FAILED']],
  [0x80090008, ['NTE_BAD_ALGID', 'ERR_CARD_FAILED']],
  [0x80090009, ['NTE_BAD_FLAGS', 'ERR_CARD_FAILED']],
  [0x8009000b, ['NTE_BAD_KEY_STATE', 'ERR_CARD_FAILED']],
  [0x8009000d, ['NTE_NO_KEY', 'ERR_CARD_FAILED']],
  [0x8009000e, ['NTE_NO_MEMORY', 'ERR_CARD_FAILED']],
  [0x80090010, ['NTE_PERM', 'ERR_CARD_FAILED']],
  [0x80090011, ['NTE_NOT_FOUND', 'ERR_CARD_FAILED']],
  [0x80090013, ['NTE_BAD_PROVIDER', 'ERR_AGENT_DRIVER_MISSING']],
  // The container that was there: another card has no such one.
  [0x80090016, ['NTE_BAD_KEYSET', 'ERR_CARD_CHANGED']],
  [0x8009001d, ['NTE_PROVIDER_DLL_FAIL', 'ERR_AGENT_DRIVER_MISSING']],
  [0x8009001e, ['NTE_PROV_DLL_NOT_FOUND', 'ERR_AGENT_DRIVER_MISSING']],
  [0x80090020, ['NTE_FAIL', 'ERR_CARD_FAILED']],
  // The provider would ask for the PIN itself.
  [0x80090022, ['NTE_SILENT_CONTEXT', 'login-lost']],
  [0x80090026, ['NTE_INVALID_HANDLE', 'login-lost']],
  [0x80090027, ['NTE_INVALID_PARAMETER', 'ERR_CARD_FAILED']],
  [0x80090028, ['NTE_BUFFER_TOO_SMALL', 'ERR_CARD_FAILED']],
  [0x80090029, ['NTE_NOT_SUPPORTED', 'ERR_CARD_FAILED']],
  [0x8009002d, ['NTE_INTERNAL_ERROR', 'ERR_CARD_FAILED']],
  [0x8009002e, ['NTE_UI_REQUIRED', 'login-lost']],
  [0x80090030, ['NTE_DEVICE_NOT_READY', 'ERR_CARD_FAILED']],
  [0x80090033, ['NTE_INCORRECT_PASSWORD', 'ERR_PIN_WRONG']],
  [0x80090035, ['NTE_DEVICE_NOT_FOUND', 'ERR_CARD_REMOVED']],
  [0x80090036, ['NTE_USER_CANCELLED', 'login-lost']],
  [0x80090037, ['NTE_PASSWORD_CHANGE_REQUIRED', 'ERR_CARD_FAILED']],
]);

const cardFailures = new Map<string, TokenFailure>([
  ['SCARD_E_NO_SMARTCARD', 'ERR_CARD_REMOVED'],
  ['SCARD_W_REMOVED_CARD', 'ERR_CARD_REMOVED'],
  ['SCARD_E_UNKNOWN_READER', 'ERR_CARD_REMOVED'],
  ['SCARD_E_READER_UNAVAILABLE', 'ERR_CARD_REMOVED'],
  ['SCARD_E_NO_READERS_AVAILABLE', 'ERR_CARD_REMOVED'],
  ['SCARD_E_NO_SERVICE', 'ERR_CARD_SERVICE'],
  ['SCARD_E_SERVICE_STOPPED', 'ERR_CARD_SERVICE'],
  ['SCARD_E_UNKNOWN_CARD', 'ERR_CARD_UNSUPPORTED'],
  ['SCARD_E_CARD_UNSUPPORTED', 'ERR_CARD_UNSUPPORTED'],
  ['SCARD_W_UNSUPPORTED_CARD', 'ERR_CARD_UNSUPPORTED'],
  ['SCARD_E_NO_KEY_CONTAINER', 'ERR_CARD_CHANGED'],
  ['SCARD_E_INVALID_CHV', 'ERR_PIN_FORMAT'],
  ['SCARD_W_WRONG_CHV', 'ERR_PIN_WRONG'],
  ['SCARD_W_CHV_BLOCKED', 'ERR_PIN_LOCKED'],
  ['SCARD_W_SECURITY_VIOLATION', 'login-lost'],
  ['SCARD_W_CARD_NOT_AUTHENTICATED', 'login-lost'],
  ['SCARD_W_CANCELLED_BY_USER', 'login-lost'],
  // Somebody has reset the card, which has forgotten the PIN.
  ['SCARD_W_RESET_CARD', 'login-lost'],
]);

/** The error that stands for a code. */
export function tokenErrorOfCng(code: number): TokenError {
  const [name, failure] = table.get(code) ?? ofCard(code);
  const hex = code.toString(16).toUpperCase().padStart(8, '0');
  return new TokenError(failure, { native: `${name} (0x${hex})` });
}

/** CngError as TokenError; everything else as it is. */
export async function orTokenError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof CngError ? tokenErrorOfCng(error.code) : error;
  }
}

function ofCard(code: number): readonly [string, TokenFailure] {
  // FACILITY_SCARD.
  if (code >>> 16 !== 0x8010) return ['CNG_UNKNOWN', 'ERR_CARD_FAILED'];
  const name = pcscCodeName(code);
  return [name, cardFailures.get(name) ?? 'ERR_CARD_FAILED'];
}

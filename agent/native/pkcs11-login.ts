// C_Login (PKCS#11 v3.0 5.6.8) without a JavaScript string: the PIN goes to the module from the caller's own memory.
// What the module itself keeps is the module's; see tokens/README.md for what was measured.
import { addon } from './addon.ts';

/**
 * CKU_USER: logs the session's token in. `modulePath` must be the path by which pkcs11js loaded the module in this process, `session` the
 * handle that it gave. Returns the CKR code, 0 for CKR_OK. Blocks while the card works. The caller zeroes `pin`.
 * Throws an Error when the module is not loaded.
 */
export function loginUser(modulePath: string, session: Uint8Array, pin: Uint8Array): number {
  return addon().loginUser(modulePath, session, pin);
}

/** CKU_CONTEXT_SPECIFIC: the PIN for the signature that has been begun in the session (C_SignInit); everything else as `loginUser`. */
export function loginContextSpecific(modulePath: string, session: Uint8Array, pin: Uint8Array): number {
  return addon().loginContextSpecific(modulePath, session, pin);
}

// A loaded PKCS#11 module, in the few words that are needed of it. Its errors come out as TokenError. Login state is the process's, so
// there is one of these in a module host. Every call but `sign` blocks the thread; the watchdog is outside, in the agent.
import pkcs11js from 'pkcs11js';
import { limits } from '../../../shared/limits.ts';
import { type PinStatus } from '../../../shared/messages.ts';
import { loginContextSpecific, loginUser } from '../../native/pkcs11-login.ts';
import { shownCertificate } from '../shown-certificate.ts';
import { type SignatureAlgorithm, type TokenCertificate, type TokenDescription, TokenError } from '../token.ts';
import { tokenErrorOfCkr } from './ckr.ts';
import { digestMechanisms, signInput } from './mechanisms.ts';

export type Slot = pkcs11js.Handle;
export type Session = pkcs11js.Handle;
export type ObjectHandle = pkcs11js.Handle;

/** What a token says of itself: C_GetTokenInfo. */
export type TokenFacts = Pick<
  TokenDescription,
  'label' | 'serialNumber' | 'manufacturer' | 'model' | 'protectedAuthenticationPath' | 'pin'
>;

/** Room for a signature: RSA of 8192 bits. */
const longestSignature = 1024;
/** Objects looked at in one token; far above any card's. */
const mostObjects = 64;

export class Cryptoki {
  readonly #module = new pkcs11js.PKCS11();
  readonly #path: string;
  #initialized = false;

  /** Loads the module and sees that it can be initialised. @throws TokenError ERR_AGENT_DRIVER_MISSING */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#module.load(path);
      this.restart();
      this.end();
    } catch (error) {
      const native = error instanceof Error ? error.message.slice(0, 150) : '';
      throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native });
    }
  }

  /** C_Finalize and C_Initialize: the module knows nothing of what was before, and every session is gone. */
  restart(): void {
    this.end();
    checked(() => this.#module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK }));
    this.#initialized = true;
  }

  /** C_Finalize: every session and every handle to a card is gone. */
  end(): void {
    if (!this.#initialized) return;
    this.#initialized = false;
    try {
      this.#module.C_Finalize();
    } catch {
      // A module that cannot be finalised refuses the next C_Initialize, which is then told.
    }
  }

  /** Slots with a token in a reader; its name may be longer than the 64 bytes that a slot's description has. */
  slotsOf(reader: string): Slot[] {
    const wanted = Buffer.from(reader).subarray(0, 64).toString().trim();
    return checked(() =>
      this.#module
        .C_GetSlotList(true)
        .filter((slot) => this.#module.C_GetSlotInfo(slot).slotDescription.trim() === wanted),
    );
  }

  tokenFacts(slot: Slot): TokenFacts {
    const token = checked(() => this.#module.C_GetTokenInfo(slot));
    return {
      label: text(token.label, 32),
      serialNumber: text(token.serialNumber, 16),
      manufacturer: text(token.manufacturerID, 32),
      model: text(token.model, 16),
      protectedAuthenticationPath: (token.flags & pkcs11js.CKF_PROTECTED_AUTHENTICATION_PATH) !== 0,
      pin: { state: pinState(token.flags) },
    };
  }

  mechanisms(slot: Slot): TokenDescription['mechanisms'] {
    return digestMechanisms(checked(() => this.#module.C_GetMechanismList(slot)));
  }

  openSession(slot: Slot): Session {
    return checked(() => this.#module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION));
  }

  /** Closes a session as far as there still is one. */
  closeSession(session: Session): void {
    try {
      this.#module.C_CloseSession(session);
    } catch {
      // It is gone with its card.
    }
  }

  /** X.509 certificates of a token; those that are too many are left out, those that are too large come without their bytes. */
  certificates(session: Session): TokenCertificate[] {
    const template = [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_CERTIFICATE },
      { type: pkcs11js.CKA_CERTIFICATE_TYPE, value: pkcs11js.CKC_X_509 },
    ];
    const objects = this.#find(session, template).slice(0, limits.certificatesPerToken);
    return objects.map((object) => this.#certificate(session, object));
  }

  /** The private key with a CKA_ID; most modules show one only while somebody is logged in. */
  privateKey(session: Session, id: string): ObjectHandle | undefined {
    return this.privateKeys(session, { type: pkcs11js.CKA_ID, value: Buffer.from(id, 'hex') })[0];
  }

  /** Every private key that is shown now, or those with an attribute. */
  privateKeys(session: Session, ...attributes: pkcs11js.Template): ObjectHandle[] {
    return this.#find(session, [{ type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY }, ...attributes]);
  }

  /** CKA_ALWAYS_AUTHENTICATE: false also where the module does not know of it (PKCS#11 before v2.20). */
  alwaysAuthenticates(session: Session, key: ObjectHandle): boolean {
    try {
      const [found] = this.#module.C_GetAttributeValue(session, key, [{ type: pkcs11js.CKA_ALWAYS_AUTHENTICATE }]);
      return Buffer.isBuffer(found?.value) && found.value[0] === 1;
    } catch {
      return false;
    }
  }

  /** C_Login as the user. Returns the CKR code. `pin` is not zeroed here. */
  login(session: Session, pin: Uint8Array): number {
    return loginUser(this.#path, session, pin);
  }

  /** C_Login for the signature that has been begun. Returns the CKR code. `pin` is not zeroed here. */
  loginForSignature(session: Session, pin: Uint8Array): number {
    return loginContextSpecific(this.#path, session, pin);
  }

  /** Logs the token out as far as somebody is logged in. On some cards this is a word within the module alone. */
  logout(session: Session): void {
    try {
      this.#module.C_Logout(session);
    } catch {
      // Nobody was logged in, or the card is gone.
    }
  }

  /** `authenticate` gives the PIN to a key that wants it now, after C_SignInit. */
  async sign(
    session: Session,
    key: ObjectHandle,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
    authenticate?: () => Promise<void>,
  ): Promise<Uint8Array> {
    const { mechanism, data } = signInput(algorithm, digest);
    const signature = Buffer.alloc(longestSignature);
    checked(() => this.#module.C_SignInit(session, mechanism, key));
    await authenticate?.();
    try {
      return await this.#module.C_SignAsync(session, data, signature);
    } catch (error) {
      throw tokenErrorOf(error);
    }
  }

  #certificate(session: Session, object: ObjectHandle): TokenCertificate {
    const attribute = (type: number): Buffer => {
      const [found] = checked(() => this.#module.C_GetAttributeValue(session, object, [{ type }]));
      return Buffer.isBuffer(found?.value) ? found.value : Buffer.alloc(0);
    };
    const id = attribute(pkcs11js.CKA_ID).toString('hex');
    const shown = shownCertificate(id, attribute(pkcs11js.CKA_LABEL).toString(), attribute(pkcs11js.CKA_VALUE));
    const key = id === '' ? undefined : this.privateKey(session, id);
    return key === undefined ? shown : { ...shown, alwaysAuthenticate: this.alwaysAuthenticates(session, key) };
  }

  #find(session: Session, template: pkcs11js.Template): ObjectHandle[] {
    return checked(() => {
      this.#module.C_FindObjectsInit(session, template);
      try {
        return this.#module.C_FindObjects(session, mostObjects);
      } finally {
        this.#module.C_FindObjectsFinal(session);
      }
    });
  }
}

function checked<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw tokenErrorOf(error);
  }
}

function tokenErrorOf(error: unknown): unknown {
  return error instanceof pkcs11js.Pkcs11Error ? tokenErrorOfCkr(error.code) : error;
}

/** A fixed field of PKCS#11: padded with blanks, and sometimes with zeros. */
function text(field: string, length: number): string {
  return field.replaceAll('\0', ' ').trim().slice(0, length);
}

/** The flags say low, final and locked in words; how many tries are left they do not say. */
function pinState(flags: number): PinStatus['state'] {
  if ((flags & pkcs11js.CKF_USER_PIN_LOCKED) !== 0) return 'locked';
  if ((flags & pkcs11js.CKF_USER_PIN_FINAL_TRY) !== 0) return 'final';
  return (flags & pkcs11js.CKF_USER_PIN_COUNT_LOW) !== 0 ? 'low' : 'ok';
}

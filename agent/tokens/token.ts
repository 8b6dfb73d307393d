// What a card can do, whatever drives it: the one face that operations see. Implementations run in a module host, a child
// process per driver, so that vendor code that hangs or crashes takes nothing else with it.
import { type ErrorCode } from '../../shared/errors.ts';
import { type PinStatus } from '../../shared/messages.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';

/** All readers at one moment, as PC/SC or the simulator shows them: the addon's own shape. */
export { type ReaderPicture } from '../native/reader-picture.ts';

/** JWA names of the signatures that a token may be asked for. ECDSA values are raw r||s. */
export { type SignatureAlgorithm };

/** A certificate on the token and what the token can do with its key. */
export interface TokenCertificate {
  /** CKA_ID, lower-case hex: joins certificate and key. */
  id: string;
  /** CKA_LABEL. */
  label: string;
  /** DER; not yet parsed and not to be trusted. Empty: the card has this certificate, and its driver does not show it. */
  der: Uint8Array;
  /**
   * CKA_ALWAYS_AUTHENTICATE: its key wants the PIN for each signature. Left out where the driver does not tell: PKCS#11 modules hide
   * private keys until somebody is logged in.
   */
  alwaysAuthenticate?: boolean;
}

/**
 * What one PIN of a card opens, as it was when it was bound: read once, when the card came in. A card with a PIN for login and
 * another for signatures is two tokens with the same serial number.
 */
export interface TokenDescription {
  /** Names the token within its module host until the card leaves: opaque. */
  handle: string;
  reader: string;
  label: string;
  /** CKF: token serial number, as the driver tells it. */
  serialNumber: string;
  manufacturer: string;
  model: string;
  /** What the card itself said of its identity (hex; see card-profiles.ts), or '' when this card cannot be asked. */
  identity: string;
  /** CKF_PROTECTED_AUTHENTICATION_PATH: the PIN is typed at the reader. */
  protectedAuthenticationPath: boolean;
  pin: PinStatus;
  /** Mechanisms for raw digests that the token has. */
  mechanisms: ('CKM_RSA_PKCS' | 'CKM_RSA_PKCS_PSS' | 'CKM_ECDSA')[];
  certificates: TokenCertificate[];
}

/** A signature for which the PIN is given, whoever is logged in. */
export interface PinSignature {
  /** Whose key: TokenCertificate.id. */
  certificate: string;
  algorithm: SignatureAlgorithm;
  /** As long as the algorithm's hash. */
  digest: Uint8Array;
  /** The holder knows that this is the last try. */
  finalTryConfirmed: boolean;
}

/** Why a token did not do what it was asked. `login-lost`: the PIN has to be entered again, the card is still there. */
export type TokenFailure = ErrorCode | 'login-lost' | 'final-try-unconfirmed';

/** The code of a failure for everybody but the agent's own operations, which alone can mend a lost login or confirm the last try. */
export function codeOfFailure(failure: TokenFailure): ErrorCode {
  return failure === 'login-lost' || failure === 'final-try-unconfirmed' ? 'ERR_CARD_FAILED' : failure;
}

/** `native` names the driver's or service's own code (CKR_PIN_LOCKED (0xA4)): for the audit log only. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly failure: TokenFailure;
  readonly triesLeft?: number;
  readonly native?: string;

  constructor(failure: TokenFailure, details: { triesLeft?: number; native?: string } = {}) {
    super(details.native === undefined ? failure : `${failure}: ${details.native}`);
    this.failure = failure;
    if (details.triesLeft !== undefined) this.triesLeft = details.triesLeft;
    if (details.native !== undefined) this.native = details.native;
  }
}

/**
 * What a driver's backend does inside the module host. Every call may throw TokenError. A `signal` is heard by the agent's side alone,
 * while the call waits for its turn: then nothing is sent, and the call fails with the signal's reason. Once sent, it runs to its end.
 */
export interface TokenBackend {
  /**
   * Reads every token of the card in `reader` and keeps a session open: the only call that reads certificates.
   * `atr` is the card's answer to reset, by which the APDUs that this card understands are chosen (card-profiles.ts).
   * `reset` resets the card first, so that nothing that was verified before stays so. Empty: this driver does not know the card.
   */
  bind(reader: string, atr: Uint8Array, reset: boolean): Promise<TokenDescription[]>;
  /** Reads the PIN's state from the card: at most one APDU. */
  pinStatus(handle: string): Promise<PinStatus>;
  /**
   * Reads the card's identity and PIN state again and only then sends the PIN (PKCS#11 v3.0 5.6.8 C_Login, CKU_USER).
   * Another card: ERR_CARD_CHANGED. Locked: ERR_PIN_LOCKED without C_Login. One try left and not `finalTryConfirmed`:
   * 'final-try-unconfirmed'. Wrong: ERR_PIN_WRONG with the tries left if the card tells them. Never retried. `pin` is zeroed.
   */
  login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean, signal?: AbortSignal): Promise<void>;
  /** Signs `digest` with the key of certificate `id`. Not verified here: the caller does that. */
  sign(
    handle: string,
    id: string,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;
  /**
   * Sends the PIN and signs once with it, refusing as `login` does and never retrying. A key that wants the PIN for each signature
   * gets it between C_SignInit and C_Sign (C_Login, CKU_CONTEXT_SPECIFIC; PKCS#11 v3.0 5.6.8); modules that hide their keys until
   * somebody is logged in get it before that as well, and right before each time the card's identity is read again. Afterwards the
   * card has forgotten the PIN, unless the token was logged in to before (`login`) and stays so. The signature is not verified here:
   * cards/signature-key.ts does that. `pin` is zeroed.
   */
  signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** Logs out and resets the card, so that the card itself forgets the PIN. The token must be bound again afterwards. */
  lock(handle: string): Promise<void>;
  /** Drops every session of the card that was in `reader`; touches no card. */
  release(reader: string): Promise<void>;
}

// The page API's public types, and nothing else: the build turns this file into dist/page/kortbro.d.ts.
import { type ErrorCode } from '../../shared/errors.ts';

/** Every refusal. `code` is stable; `message` is a sentence for the card holder, in the language of the browser. */
export interface KortbroError extends Error {
  readonly name: 'KortbroError';
  readonly code: ErrorCode;
  /** Tries left before the PIN locks; only where the card itself tells the number. */
  readonly triesLeft?: number;
  /** Number of an internal fault; the help desk finds it in the log. */
  readonly incident?: string;
}

/** Any call can be given up: it then rejects with ERR_REQUEST_CANCELLED, whose `cause` is the signal's reason. */
export interface CallOptions {
  signal?: AbortSignal;
}

export interface Status {
  /** Version of the extension. */
  version: string;
  /** Version of the program that talks to the card. */
  agent: string;
  /** Only after the card holder has let this origin use the card, and while that holds. */
  card?: 'present' | 'absent';
}

export interface AuthenticateRequest {
  /** From your server, used once: 44 to 128 characters of base64 (at least 256 bits), bound to the session. */
  nonce: string;
  /** How your server wants to hear that the card has left. */
  logout?: LogoutRegistration;
}

export interface LogoutRegistration {
  /** Called by the program that talks to the card, without the browser and without cookies; on the page's own origin. */
  url: string;
  /** From your server: names the session that this login makes. 22 to 512 characters of A-Z a-z 0-9 _ . ~ + / = - */
  token: string;
  /** 10 to 3600: your server ends the session by itself when it is not renewed within this time. */
  leaseSeconds?: number;
  /** A browser that comes back without the card sends your server nothing before its visitor is logged out. */
  guard?: boolean;
}

/** Why the session ends; `unknown` where that has been forgotten. */
export type LogoutReason =
  'card-removed' | 'card-exchanged' | 'reader-gone' | 'service-gone' | 'session-gone' | 'another-holder' | 'unknown';

/** Cookies and storage of this origin are about to be cleared, and its tabs to leave it. */
export interface LoggedOutEvent {
  readonly reason: LogoutReason;
  /** Holds that up until `promise` settles, for 500 ms at most: to save what was being written. */
  readonly waitUntil: (promise: PromiseLike<unknown>) => void;
}

/** A Web eID 1.0 login token. Send it to your server; only the server can tell whether it is good. */
export interface AuthenticationToken {
  format: 'web-eid:1.0';
  /** Base64 of the DER certificate. */
  unverifiedCertificate: string;
  algorithm: 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'RS256' | 'RS384' | 'RS512';
  /** Base64; ECDSA as R || S. */
  signature: string;
  appVersion: string;
}

/** A document that the card holder is to sign. */
export interface DocumentToSign {
  /** What the holder knows it by: 1 to 200 characters. */
  name: string;
  /** Media type without parameters, in lower case, such as `text/plain`; decides how it is shown. */
  type: string;
  /** A text is signed as UTF-8. At most 50 MiB; not to be changed before the promise has settled. */
  content: string | ArrayBuffer | ArrayBufferView | Blob;
}

/** What the signature comes in; docs/signing.md tells what each is for. */
export type SignatureFormat =
  | { type: 'raw' }
  | { type: 'cms'; attached: boolean }
  | { type: 'xades'; packaging: 'enveloped' | 'enveloping' | 'detached'; uri?: string }
  | { type: 'xmldsig' }
  | {
      type: 'pades';
      /** Where a visible signature stands: page from 1, points from the page's lower left corner. */
      field?: { page: number; x: number; y: number; width: number; height: number };
      reason?: string;
      location?: string;
    }
  | { type: 'jws'; detached: boolean }
  | { type: 'hash'; hash: SignatureHash };

export type SignatureHash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

export interface SignRequest {
  /** 1 to 100, at most 100 MiB together: one consent and one PIN for all of them. */
  documents: readonly DocumentToSign[];
  format: SignatureFormat;
  /** ETSI baseline level; default: B-B. */
  level?: 'B-B' | 'B-T' | 'B-LT';
  algorithm?: { hash?: SignatureHash; padding?: 'pkcs1' | 'pss' };
  /** The certificate that you mean; what is left out is the holder's to choose. */
  certificate?: { hsaId?: string; issuer?: string; serialNumber?: string };
}

/** How far a signing has come; sizes in bytes. */
export type SignProgress =
  | { stage: 'sending'; sent: number; total: number }
  /** Every byte has arrived, and is being looked at. */
  | { stage: 'reading' }
  /** The holder is being shown the documents and asked. */
  | { stage: 'consent' }
  | { stage: 'signing'; done: number; of: number }
  | { stage: 'receiving'; received: number; total: number };

export interface SignOptions extends CallOptions {
  onProgress?: (progress: SignProgress) => void;
}

/** What came of it: one entry for each document, in their order. */
export interface SignResult {
  documents: (
    | { name: string; status: 'signed'; signature: Uint8Array }
    | { name: string; status: 'failed'; code: ErrorCode; message: string }
  )[];
  /** Base64 of the DER certificate. */
  certificate: string;
  algorithm: AuthenticationToken['algorithm'] | 'RS1';
}

/** Told only to origins that the card holder has let in. */
export interface KortbroEvents {
  cardremoved: undefined;
  cardinserted: undefined;
  loggedout: LoggedOutEvent;
}
export type KortbroEventName = keyof KortbroEvents;

export interface Kortbro {
  /** @throws KortbroError */
  readonly status: (options?: CallOptions) => Promise<Status>;
  /** Asks the card holder to log in; the PIN is asked for outside the browser, and only when needed. @throws KortbroError */
  readonly authenticate: (request: AuthenticateRequest, options?: CallOptions) => Promise<AuthenticationToken>;
  /** Shows the documents to the card holder and has them signed; the PIN is asked for outside the browser. @throws KortbroError */
  readonly sign: (request: SignRequest, options?: SignOptions) => Promise<SignResult>;
  /** Calls `listener` at each event until the returned function is called. */
  readonly on: <Name extends KortbroEventName>(
    event: Name,
    listener: (event: KortbroEvents[Name]) => void,
  ) => () => void;
  /** The class of every refusal, for `instanceof`. */
  readonly KortbroError: KortbroErrorConstructor;
}

export interface KortbroErrorConstructor {
  new (
    code: ErrorCode,
    message?: string,
    details?: { triesLeft?: number; incident?: string; cause?: unknown },
  ): KortbroError;
  readonly prototype: KortbroError;
}

declare global {
  interface Window {
    /** Absent where the extension is not installed, in frames, and on pages that are not https. */
    readonly kortbro?: Kortbro;
  }
}

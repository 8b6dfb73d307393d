// What CMS, OCSP and CRLs ask of a certificate beside what `certificate.ts` reads: names and numbers as their very
// octets, since that is how they are compared (RFC 5280 7.1, with the issuer's own encoding).
import { type Certificate, parseCertificate } from './certificate.ts';
import {
  bitsOf,
  DerCursor,
  DerError,
  type DerValue,
  oidOf,
  onlyPart,
  onlyValue,
  partsOf,
  readAs,
  serialOf,
  TAG,
} from './der.ts';
import { SIGNATURE_ERROR_TEXT, SignatureError, type SignatureErrorCode } from './signature-error.ts';
import { TokenError } from './token-error.ts';

export interface CertificateFacts {
  /** Names as DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** As `serialOf` writes it. */
  readonly serialNumber: string;
  /** The BIT STRING of the SubjectPublicKeyInfo: what OCSP hashes. */
  readonly publicKeyBits: Uint8Array;
  /** extnValue's content, by object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

const CONTEXT_0 = 0xa0;
const CONTEXT_3 = 0xa3;
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const facts = new WeakMap<Certificate, CertificateFacts>();

/** @throws SignatureError ERR_CERTIFICATE_MALFORMED */
export function factsOf(certificate: Certificate): CertificateFacts {
  const known = facts.get(certificate) ?? readAs('ERR_CERTIFICATE_MALFORMED', () => read(certificate.der));
  facts.set(certificate, known);
  return known;
}

/** The subjectKeyIdentifier, if the certificate has one. @throws SignatureError ERR_CERTIFICATE_MALFORMED */
export function subjectKeyIdentifierOf(certificate: Certificate): Uint8Array | undefined {
  const value = factsOf(certificate).extensions.get(SUBJECT_KEY_IDENTIFIER);
  return value && readAs('ERR_CERTIFICATE_MALFORMED', () => onlyValue(value, TAG.octetString).content);
}

/** `parseCertificate`, with the other error. @throws SignatureError ERR_CERTIFICATE_MALFORMED */
export function readCertificate(der: Uint8Array): Certificate {
  return asSignatureError(() => parseCertificate(der));
}

/** Runs what judges certificates at logins; its codes mean the same here. */
export function asSignatureError<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (error instanceof TokenError && isSignatureErrorCode(error.code)) throw new SignatureError(error.code);
    throw error;
  }
}

function isSignatureErrorCode(code: string): code is SignatureErrorCode {
  return Object.hasOwn(SIGNATURE_ERROR_TEXT, code);
}

function read(der: Uint8Array): CertificateFacts {
  const toBeSigned = partsOf(partsOf(onlyValue(der, TAG.sequence)).next(TAG.sequence));
  toBeSigned.optional(CONTEXT_0); // version
  const serialNumber = serialOf(toBeSigned.next(TAG.integer));
  toBeSigned.next(TAG.sequence); // signature algorithm
  const issuer = toBeSigned.next(TAG.sequence).bytes;
  toBeSigned.next(TAG.sequence); // validity
  const subject = toBeSigned.next(TAG.sequence).bytes;
  const publicKey = partsOf(toBeSigned.next(TAG.sequence));
  publicKey.next(TAG.sequence);
  const publicKeyBits = bitsOf(publicKey.next(TAG.bitString));
  const rest = [...toBeSigned.rest()];
  const wrapped = rest.find(({ tag }) => tag === CONTEXT_3);
  const extensions = wrapped === undefined ? new Map<string, Uint8Array>() : readExtensions(wrapped).values;
  return { issuer, subject, serialNumber, publicKeyBits, extensions };
}

/**
 * The content of an explicitly tagged Extensions, and which of them are critical.
 * @throws DerError, also if one occurs twice
 */
export function readExtensions(wrapped: DerValue): { values: Map<string, Uint8Array>; critical: string[] } {
  return readExtensionList(onlyPart(wrapped, TAG.sequence).content);
}

/** See `readExtensions`; `content` is that of the Extensions itself. */
export function readExtensionList(content: Uint8Array): { values: Map<string, Uint8Array>; critical: string[] } {
  const values = new Map<string, Uint8Array>();
  const critical: string[] = [];
  for (const extension of new DerCursor(content).rest(TAG.sequence)) {
    const parts = partsOf(extension);
    const type = oidOf(parts.next(TAG.oid));
    const isCritical = parts.optional(TAG.boolean)?.content[0] === 0xff;
    const value = parts.next(TAG.octetString).content;
    parts.end();
    if (values.has(type)) throw new DerError();
    values.set(type, value);
    if (isCritical) critical.push(type);
  }
  return { values, critical };
}

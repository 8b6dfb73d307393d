// OCSP (RFC 6960): the question about one certificate, and the verification of an answer. An answer counts if it is
// signed by the issuing CA itself, or by a responder that this very CA has named (extended key usage OCSPSigning).
import { createHash } from 'node:crypto';
import { factsOf, readCertificate, readExtensions } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import {
  assertDer,
  bitsOf,
  DerError,
  type DerValue,
  equalBytes,
  oidOf,
  onlyPart,
  onlyValue,
  partsOf,
  readAs,
  serialOf,
  smallIntegerOf,
  TAG,
  timeOf,
} from './der.ts';
import { encodeDer, encodeOid, encodeSerial } from './der-encode.ts';
import { readAlgorithm, signatureAlgorithmOf, verifySignature } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { isSignedBy, isValidAt } from './trust.ts';

/** Whose revocation is asked for. */
export interface Subject {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

/** What a verified answer or list says. Times in milliseconds since 1970. */
export interface RevocationStatement {
  readonly kind: 'ocsp' | 'crl';
  readonly revokedAt: number | undefined;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

const ID_BASIC = '1.3.6.1.5.5.7.48.1.1';
const ID_NONCE = '1.3.6.1.5.5.7.48.1.2';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const CERTIFICATE_ID_HASHES: Readonly<Record<string, string>> = {
  // Names the certificate and protects nothing; responders know no other (RFC 5019 2.1.1).
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const SHA1_ALGORITHM = encodeDer(TAG.sequence, encodeOid('1.3.14.3.2.26'), encodeDer(TAG.null));
const MAX_RESPONSES = 100;
const MAX_CERTIFICATES = 8;
export const MAX_OCSP_LENGTH = 65_536;
/** How far the clocks of a responder and of who feeds it may differ. */
const TOLERANCE_MS = 300_000;

/** OCSPRequest with a nonce (RFC 8954). */
export function encodeOcspRequest({ certificate, issuer }: Subject, nonce: Uint8Array): Uint8Array {
  const { issuer: issuerName, serialNumber } = factsOf(certificate);
  const certificateId = encodeDer(
    TAG.sequence,
    SHA1_ALGORITHM,
    encodeDer(TAG.octetString, hash('sha1', issuerName)),
    encodeDer(TAG.octetString, hash('sha1', factsOf(issuer).publicKeyBits)),
    encodeSerial(serialNumber),
  );
  const extension = encodeDer(
    TAG.sequence,
    encodeOid(ID_NONCE),
    encodeDer(TAG.octetString, encodeDer(TAG.octetString, nonce)),
  );
  const requests = encodeDer(TAG.sequence, encodeDer(TAG.sequence, certificateId));
  const extensions = encodeDer(0xa2, encodeDer(TAG.sequence, extension));
  return encodeDer(TAG.sequence, encodeDer(TAG.sequence, requests, extensions));
}

/**
 * Verifies who says it and about whom, not how old it is.
 * @param response OCSPResponse, or the BasicOCSPResponse inside one.
 * @param nonce what was sent. A response without one is taken (most responders sign in advance); another one is not.
 * @throws SignatureError ERR_REVOCATION_MALFORMED, ERR_REVOCATION_UNTRUSTED, ERR_REVOCATION_UNKNOWN,
 *   ERR_REVOCATION_STALE for another nonce
 */
export function verifyOcspResponse(response: Uint8Array, subject: Subject, nonce?: Uint8Array): RevocationStatement {
  return readAs('ERR_REVOCATION_MALFORMED', () => {
    if (response.length > MAX_OCSP_LENGTH) throw new DerError();
    assertDer(response);
    const basic = basicResponseOf(response);
    assertDer(basic);
    const parts = partsOf(onlyValue(basic, TAG.sequence));
    const toBeSigned = parts.next(TAG.sequence);
    const algorithm = parts.next(TAG.sequence);
    const signature = bitsOf(parts.next(TAG.bitString));
    const brought = parts.optional(0xa0);
    parts.end();
    const { responderId, producedAt, responses, givenNonce } = readResponseData(toBeSigned);
    const certificates = brought === undefined ? [] : [...partsOf(onlyPart(brought, TAG.sequence)).rest(TAG.sequence)];
    if (certificates.length > MAX_CERTIFICATES) throw new DerError();
    const responder = findResponder(responderId, certificates, subject.issuer, producedAt);
    assertSignedBy(responder, algorithm, toBeSigned, signature);
    if (nonce !== undefined && givenNonce !== undefined && !equalBytes(nonce, givenNonce)) {
      throw new SignatureError('ERR_REVOCATION_STALE');
    }
    const single = responses.find((one) => isAbout(one, subject));
    if (single === undefined) throw new SignatureError('ERR_REVOCATION_UNKNOWN');
    const statement = readStatement(single);
    // Nobody knows what is said of later: a time that suits the responder's certificate, by whoever has its old key.
    if (statement.thisUpdate > producedAt + TOLERANCE_MS) throw new SignatureError('ERR_REVOCATION_UNTRUSTED');
    return statement;
  });
}

/** Whatever is wrong with the signature or its algorithm: it proves nothing. Shared with CRLs. */
export function assertSignedBy(
  signer: Certificate,
  algorithm: DerValue,
  toBeSigned: DerValue,
  signature: Uint8Array,
): void {
  try {
    const name = signatureAlgorithmOf(readAlgorithm(algorithm));
    verifySignature({
      algorithm: name,
      publicKey: signer.publicKey,
      signed: toBeSigned.bytes,
      signature,
      encoding: 'der',
    });
  } catch (error) {
    if (error instanceof SignatureError) throw new SignatureError('ERR_REVOCATION_UNTRUSTED', { cause: error });
    throw error;
  }
}

/** RFC 6960 4.2.1: a bare BasicOCSPResponse begins with a SEQUENCE, an OCSPResponse with an ENUMERATED. */
function basicResponseOf(response: Uint8Array): Uint8Array {
  const parts = partsOf(onlyValue(response, TAG.sequence));
  if (parts.tag === TAG.sequence) return response;
  const status = parts.next(TAG.enumerated).content;
  const wrapped = parts.optional(0xa0);
  parts.end();
  // malformedRequest, internalError, tryLater, sigRequired, unauthorized: unsigned, so no more than "no answer".
  if (status[0] !== 0 || wrapped === undefined) throw new SignatureError('ERR_REVOCATION_UNAVAILABLE');
  const responseBytes = partsOf(onlyPart(wrapped, TAG.sequence));
  if (oidOf(responseBytes.next(TAG.oid)) !== ID_BASIC) throw new DerError();
  const { content } = responseBytes.next(TAG.octetString);
  responseBytes.end();
  return content;
}

interface ResponseData {
  /** [1] byName or [2] byKey. */
  readonly responderId: DerValue;
  readonly producedAt: number;
  readonly responses: readonly DerValue[];
  readonly givenNonce: Uint8Array | undefined;
}

function readResponseData(toBeSigned: DerValue): ResponseData {
  const parts = partsOf(toBeSigned);
  const version = parts.optional(0xa0);
  if (version !== undefined && smallIntegerOf(onlyPart(version, TAG.integer)) !== 0) throw new DerError();
  const responderId = parts.next(0xa1, 0xa2);
  const producedAt = timeOf(parts.next(TAG.generalizedTime));
  const responses = [...partsOf(parts.next(TAG.sequence)).rest(TAG.sequence)];
  const wrapped = parts.optional(0xa1);
  parts.end();
  if (responses.length > MAX_RESPONSES) throw new DerError();
  const { values, critical } = wrapped === undefined ? { values: undefined, critical: [] } : readExtensions(wrapped);
  if (critical.some((type) => type !== ID_NONCE)) throw new DerError();
  const given = values?.get(ID_NONCE);
  const givenNonce = given === undefined ? undefined : onlyValue(given, TAG.octetString).content;
  return { responderId, producedAt, responses, givenNonce };
}

function findResponder(
  id: DerValue,
  brought: readonly DerValue[],
  issuer: Certificate,
  producedAt: number,
): Certificate {
  if (isIdOf(id, issuer)) return issuer;
  for (const { bytes } of brought) {
    let certificate: Certificate;
    try {
      certificate = readCertificate(bytes);
    } catch {
      continue;
    }
    if (isIdOf(id, certificate) && isResponder(certificate, issuer, producedAt)) return certificate;
  }
  throw new SignatureError('ERR_REVOCATION_UNTRUSTED');
}

/** RFC 6960 4.2.2.2: issued by the CA whose certificates it speaks of, for this purpose. */
function isResponder(certificate: Certificate, issuer: Certificate, producedAt: number): boolean {
  const { isAuthority, keyUsage, extendedKeyUsage, hasStrongSignature } = certificate;
  return (
    !isAuthority &&
    hasStrongSignature &&
    extendedKeyUsage?.includes(OCSP_SIGNING) === true &&
    (keyUsage === undefined || keyUsage.digitalSignature) &&
    isValidAt(certificate, producedAt) &&
    isSignedBy(certificate, issuer)
  );
}

function isIdOf(id: DerValue, certificate: Certificate): boolean {
  const { subject, publicKeyBits } = factsOf(certificate);
  return id.tag === 0xa1
    ? equalBytes(onlyPart(id, TAG.sequence).bytes, subject)
    : equalBytes(onlyPart(id, TAG.octetString).content, hash('sha1', publicKeyBits));
}

function isAbout(single: DerValue, { certificate, issuer }: Subject): boolean {
  const id = partsOf(partsOf(single).next(TAG.sequence));
  const algorithm = CERTIFICATE_ID_HASHES[readAlgorithm(id.next(TAG.sequence)).oid];
  const nameHash = id.next(TAG.octetString).content;
  const keyHash = id.next(TAG.octetString).content;
  const serialNumber = serialOf(id.next(TAG.integer));
  id.end();
  const facts = factsOf(certificate);
  return (
    algorithm !== undefined &&
    serialNumber === facts.serialNumber &&
    equalBytes(nameHash, hash(algorithm, facts.issuer)) &&
    equalBytes(keyHash, hash(algorithm, factsOf(issuer).publicKeyBits))
  );
}

/** SingleResponse behind its certID. */
function readStatement(single: DerValue): RevocationStatement {
  const parts = partsOf(single);
  parts.next(TAG.sequence);
  const status = parts.next(0x80, 0xa1, 0x82);
  const thisUpdate = timeOf(parts.next(TAG.generalizedTime));
  const next = parts.optional(0xa0);
  const wrapped = parts.optional(0xa1);
  parts.end();
  if (wrapped !== undefined && readExtensions(wrapped).critical.length > 0) throw new DerError();
  if (status.tag === 0x82) throw new SignatureError('ERR_REVOCATION_UNKNOWN');
  return {
    kind: 'ocsp',
    revokedAt: status.tag === 0xa1 ? timeOf(partsOf(status).next(TAG.generalizedTime)) : undefined,
    thisUpdate,
    nextUpdate: next && timeOf(onlyPart(next, TAG.generalizedTime)),
  };
}

function hash(algorithm: string, bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

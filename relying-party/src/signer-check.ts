// Checks one SignerInfo against its content: the signing certificate is the one that the signed attributes name (ESS,
// RFC 5035), the message digest is the content's (RFC 5652 11), and the signature is the certificate's over the
// attributes. Says nothing yet about who the certificate is from.
import { createHash, timingSafeEqual } from 'node:crypto';
import { factsOf, readCertificate, subjectKeyIdentifierOf } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import { DerError, type DerValue, equalBytes, oidOf, onlyPart, partsOf, serialOf, TAG, timeOf } from './der.ts';
import { type Hash, hashOf, readAlgorithm, verifySignature } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignedData, type SignerIdentifier } from './signed-data.ts';

export interface CheckedSigner {
  readonly certificate: Certificate;
  /** The signing-time attribute, in milliseconds since 1970. */
  readonly claimedSigningTime: number | undefined;
}

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_TIME = '1.2.840.113549.1.9.5';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const DIRECTORY_NAME = 0xa4;

/**
 * @param content what was signed, in pieces that follow each other.
 * @param rules.certificates more of them than the container brings.
 * @param rules.allowSha1CertificateId RFC 3161's own attribute (v1), which many authorities still write. It only
 *   names the certificate, which a chain to a configured authority vouches for.
 * @throws DerError; SignatureError
 */
export function checkSigner(
  { contentType, signer, certificates }: SignedData,
  content: readonly Uint8Array[],
  rules: { readonly certificates?: readonly Uint8Array[]; readonly allowSha1CertificateId?: boolean } = {},
): CheckedSigner {
  const { signedAttributes: attributes, algorithm, signedBytes, signature } = signer;
  const certificate = findCertificate([...certificates, ...(rules.certificates ?? [])], signer.identifier);
  if (oidOf(onlyAttribute(attributes, CONTENT_TYPE)) !== contentType) {
    throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  }
  const digest = onlyAttribute(attributes, MESSAGE_DIGEST);
  if (digest.tag !== TAG.octetString) throw new DerError();
  assertNamed(certificate, attributes, rules.allowSha1CertificateId ?? false);
  const { publicKey } = certificate;
  verifySignature({ algorithm, publicKey, signed: signedBytes, signature, encoding: 'der' });
  const hash = digestOf(signer.digest, content);
  if (digest.content.length !== hash.length || !timingSafeEqual(digest.content, hash)) {
    throw new SignatureError('ERR_DOCUMENT_CHANGED');
  }
  const time = attributes.has(SIGNING_TIME) ? timeOf(onlyAttribute(attributes, SIGNING_TIME)) : undefined;
  return { certificate, claimedSigningTime: time };
}

/** The hash over pieces that follow each other. */
export function digestOf(hash: Hash, pieces: readonly Uint8Array[]): Uint8Array {
  const hashing = createHash(hash);
  for (const piece of pieces) hashing.update(piece);
  return hashing.digest();
}

function findCertificate(candidates: readonly Uint8Array[], identifier: SignerIdentifier): Certificate {
  for (const der of candidates) {
    let certificate: Certificate;
    try {
      certificate = readCertificate(der);
    } catch {
      continue; // Whatever else the container brings along need not be readable; the signer's own must.
    }
    if (isNamedBy(certificate, identifier)) return certificate;
  }
  throw new SignatureError('ERR_CERTIFICATE_MISSING');
}

function isNamedBy(certificate: Certificate, identifier: SignerIdentifier): boolean {
  if ('subjectKeyIdentifier' in identifier) {
    const own = subjectKeyIdentifierOf(certificate);
    return own !== undefined && equalBytes(own, identifier.subjectKeyIdentifier);
  }
  const { issuer, serialNumber } = factsOf(certificate);
  return serialNumber === identifier.serialNumber && equalBytes(issuer, identifier.issuer);
}

/** An attribute that must be there, with one value. */
function onlyAttribute(attributes: ReadonlyMap<string, readonly DerValue[]>, type: string): DerValue {
  const [value, ...more] = attributes.get(type) ?? [];
  if (value === undefined || more.length > 0) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  return value;
}

/** The first of the certificates that the attribute lists is the signer's (RFC 5035 3). */
function assertNamed(
  certificate: Certificate,
  attributes: ReadonlyMap<string, readonly DerValue[]>,
  allowVersion1: boolean,
): void {
  const version2 = attributes.has(SIGNING_CERTIFICATE_V2);
  if (!version2 && !allowVersion1) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  const attribute = onlyAttribute(attributes, version2 ? SIGNING_CERTIFICATE_V2 : SIGNING_CERTIFICATE);
  const parts = partsOf(attribute);
  const [first] = partsOf(parts.next(TAG.sequence)).rest(TAG.sequence);
  parts.optional(TAG.sequence); // policies
  parts.end();
  if (first === undefined) throw new DerError();
  const id = partsOf(first);
  const hashAlgorithm = version2 ? id.optional(TAG.sequence) : undefined;
  const hash = version2 ? (hashAlgorithm === undefined ? 'sha256' : hashOf(readAlgorithm(hashAlgorithm))) : 'sha1';
  const certificateHash = id.next(TAG.octetString).content;
  const issuerSerial = id.optional(TAG.sequence);
  id.end();
  if (!equalBytes(certificateHash, createHash(hash).update(certificate.der).digest())) {
    throw new SignatureError('ERR_SIGNING_CERTIFICATE_MISMATCH');
  }
  if (issuerSerial !== undefined) assertIssuerSerial(certificate, issuerSerial);
}

function assertIssuerSerial(certificate: Certificate, value: DerValue): void {
  const parts = partsOf(value);
  const names = partsOf(parts.next(TAG.sequence));
  const name = onlyPart(names.next(DIRECTORY_NAME), TAG.sequence).bytes;
  names.end();
  const serialNumber = serialOf(parts.next(TAG.integer));
  parts.end();
  const facts = factsOf(certificate);
  if (facts.serialNumber !== serialNumber || !equalBytes(facts.issuer, name)) {
    throw new SignatureError('ERR_SIGNING_CERTIFICATE_MISMATCH');
  }
}

// Reads a CMS SignedData (RFC 5652 5) with exactly one signer, as signatures and time stamps are. Says what stands in
// it and checks nothing of it but the form; the octets that were signed are views of the container's own.
import {
  DerCursor,
  DerError,
  type DerValue,
  assertDer,
  equalBytes,
  oidOf,
  onlyPart,
  onlyValue,
  partsOf,
  serialOf,
  smallIntegerOf,
  TAG,
} from './der.ts';
import { type Hash, hashOf, readAlgorithm, signatureAlgorithmOf } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';

/** Certificates, OCSP responses and CRLs that somebody brought along, each DER; not verified yet. */
export interface Evidence {
  readonly certificates: readonly Uint8Array[];
  /** OCSPResponse or BasicOCSPResponse. */
  readonly ocsp: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

export interface SignedData extends Evidence {
  /** eContentType. */
  readonly contentType: string;
  /** Absent: the content is detached. */
  readonly content: Uint8Array | undefined;
  readonly signer: SignerInfo;
}

/** How the signer names its certificate: by issuer (DER) and serial number, or by subjectKeyIdentifier. */
export type SignerIdentifier =
  { readonly issuer: Uint8Array; readonly serialNumber: string } | { readonly subjectKeyIdentifier: Uint8Array };

export interface SignerInfo {
  readonly identifier: SignerIdentifier;
  readonly digest: Hash;
  readonly algorithm: SignatureAlgorithm;
  /** By object identifier; each occurs once. */
  readonly signedAttributes: ReadonlyMap<string, readonly DerValue[]>;
  /** What the signature is over: the signed attributes as a SET OF (RFC 5652 5.4). */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly unsignedAttributes: ReadonlyMap<string, readonly DerValue[]>;
}

export const ID_DATA = '1.2.840.113549.1.7.1';
const ID_SIGNED_DATA = '1.2.840.113549.1.7.2';
const ID_OCSP_RESPONSE = '1.3.6.1.5.5.7.16.2';

const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const SUBJECT_KEY_IDENTIFIER = 0x80;
const MAX_CERTIFICATES = 32;
const MAX_REVOCATIONS = 32;
const MAX_ATTRIBUTES = 32;
const MAX_ATTRIBUTE_VALUES = 8;

/**
 * @param bytes a ContentInfo, and nothing behind it.
 * @throws DerError; SignatureError ERR_SIGNATURE_FORMAT_UNSUPPORTED, ERR_SIGNATURE_MULTIPLE, ERR_SIGNATURE_ATTRIBUTES,
 *   ERR_ALGORITHM_UNSUPPORTED, ERR_ALGORITHM_MISMATCH
 */
export function readSignedData(bytes: Uint8Array): SignedData {
  assertDer(bytes);
  const contentInfo = partsOf(onlyValue(bytes, TAG.sequence));
  if (oidOf(contentInfo.next(TAG.oid)) !== ID_SIGNED_DATA) throw new SignatureError('ERR_SIGNATURE_FORMAT_UNSUPPORTED');
  const signedData = partsOf(onlyPart(contentInfo.next(CONTEXT_0), TAG.sequence));
  contentInfo.end();

  const version = smallIntegerOf(signedData.next(TAG.integer));
  if (version < 1 || version > 5) throw new DerError();
  const digests = [...partsOf(signedData.next(TAG.set)).rest(TAG.sequence)].map((value) => readAlgorithm(value).oid);
  const encapsulated = partsOf(signedData.next(TAG.sequence));
  const contentType = oidOf(encapsulated.next(TAG.oid));
  const wrapped = encapsulated.optional(CONTEXT_0);
  encapsulated.end();
  const certificates = readCertificates(signedData.optional(CONTEXT_0));
  const revocations = readRevocations(signedData.optional(CONTEXT_1));
  const signers = [...partsOf(signedData.next(TAG.set)).rest(TAG.sequence)];
  signedData.end();

  const [only] = signers;
  if (only === undefined || signers.length > 1) throw new SignatureError('ERR_SIGNATURE_MULTIPLE');
  const { signer, digestOid } = readSignerInfo(only);
  if (!digests.includes(digestOid)) throw new SignatureError('ERR_ALGORITHM_MISMATCH');
  const content = wrapped === undefined ? undefined : onlyPart(wrapped, TAG.octetString).content;
  return { contentType, content, certificates, ...revocations, signer };
}

/** Certificates only: no attribute certificates, nothing of PKCS#6. */
function readCertificates(value: DerValue | undefined): Uint8Array[] {
  const certificates = value === undefined ? [] : [...partsOf(value).rest(TAG.sequence)];
  if (certificates.length > MAX_CERTIFICATES) throw new DerError();
  return certificates.map(({ bytes }) => bytes);
}

/** RevocationInfoChoices: CRLs, and OCSP responses as RFC 5940 puts them. */
function readRevocations(value: DerValue | undefined): { ocsp: Uint8Array[]; crls: Uint8Array[] } {
  const choices = value === undefined ? [] : [...partsOf(value).rest(TAG.sequence, CONTEXT_1)];
  if (choices.length > MAX_REVOCATIONS) throw new DerError();
  const crls = choices.filter(({ tag }) => tag === TAG.sequence).map(({ bytes }) => bytes);
  const ocsp: Uint8Array[] = [];
  for (const choice of choices.filter(({ tag }) => tag === CONTEXT_1)) {
    const other = partsOf(choice);
    const format = oidOf(other.next(TAG.oid));
    const { bytes } = other.next();
    other.end();
    if (format === ID_OCSP_RESPONSE) ocsp.push(bytes);
  }
  return { ocsp, crls };
}

function readSignerInfo(value: DerValue): { signer: SignerInfo; digestOid: string } {
  const parts = partsOf(value);
  const version = smallIntegerOf(parts.next(TAG.integer));
  const identifier = readIdentifier(parts.next(TAG.sequence, SUBJECT_KEY_IDENTIFIER));
  if (version !== ('issuer' in identifier ? 1 : 3)) throw new DerError();
  const digestAlgorithm = readAlgorithm(parts.next(TAG.sequence));
  const signed = parts.optional(CONTEXT_0);
  // Without signed attributes the signature could be one that was made over somebody else's attributes, or the reverse.
  if (signed === undefined) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  const digest = hashOf(digestAlgorithm);
  const algorithm = signatureAlgorithmOf(readAlgorithm(parts.next(TAG.sequence)), digest);
  const signature = parts.next(TAG.octetString).content;
  const unsigned = parts.optional(CONTEXT_1);
  parts.end();

  assertSorted(signed);
  const signedBytes = Buffer.from(signed.bytes);
  signedBytes[0] = TAG.set;
  const signedAttributes = readAttributes(signed);
  const unsignedAttributes = unsigned === undefined ? new Map<string, DerValue[]>() : readAttributes(unsigned);
  const signer = { identifier, digest, algorithm, signedAttributes, signedBytes, signature, unsignedAttributes };
  return { signer, digestOid: digestAlgorithm.oid };
}

function readIdentifier(value: DerValue): SignerIdentifier {
  if (value.tag === SUBJECT_KEY_IDENTIFIER) return { subjectKeyIdentifier: value.content };
  const parts = partsOf(value);
  const issuer = parts.next(TAG.sequence).bytes;
  const serialNumber = serialOf(parts.next(TAG.integer));
  parts.end();
  return { issuer, serialNumber };
}

function readAttributes(value: DerValue): Map<string, DerValue[]> {
  const attributes = new Map<string, DerValue[]>();
  for (const attribute of partsOf(value).rest(TAG.sequence)) {
    const parts = partsOf(attribute);
    const type = oidOf(parts.next(TAG.oid));
    const values = [...partsOf(parts.next(TAG.set)).rest()];
    parts.end();
    if (attributes.has(type)) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
    if (values.length === 0 || values.length > MAX_ATTRIBUTE_VALUES) throw new DerError();
    attributes.set(type, values);
  }
  if (attributes.size === 0 || attributes.size > MAX_ATTRIBUTES) throw new DerError();
  return attributes;
}

/** X.690 11.6: in DER the encodings of a SET OF stand in ascending order. */
function assertSorted(set: DerValue): void {
  let before: Uint8Array | undefined;
  for (const { bytes } of new DerCursor(set.content).rest()) {
    if (before !== undefined && (Buffer.compare(before, bytes) > 0 || equalBytes(before, bytes))) throw new DerError();
    before = bytes;
  }
}

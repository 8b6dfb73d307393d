// Certificate revocation lists (RFC 5280 5): complete lists that the certificate's own issuer has signed. Delta CRLs,
// indirect ones and those for some reasons only are refused: they cannot say that a certificate is good.
import { factsOf, readExtensions, readExtensionList } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import {
  assertDer,
  bitsOf,
  DerCursor,
  DerError,
  type DerValue,
  equalBytes,
  onlyPart,
  onlyValue,
  partsOf,
  readAs,
  serialOf,
  smallIntegerOf,
  TAG,
  timeOf,
} from './der.ts';
import { assertSignedBy, type RevocationStatement, type Subject } from './ocsp.ts';
import { SignatureError } from './signature-error.ts';

interface Crl {
  readonly issuer: Uint8Array;
  readonly toBeSigned: DerValue;
  readonly algorithm: DerValue;
  readonly signature: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Serial number -> when it was revoked. */
  readonly revoked: ReadonlyMap<string, number>;
  /** DistributionPointName of the issuingDistributionPoint, DER. */
  readonly distributionPoint: Uint8Array | undefined;
  /** Issuers whose signature it was found to carry. */
  readonly signers: WeakSet<Certificate>;
}

const CRL_NUMBER = '2.5.29.20';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
const DELTA_CRL_INDICATOR = '2.5.29.27';
const CERTIFICATE_ISSUER = '2.5.29.29';
const CRL_DISTRIBUTION_POINTS = '2.5.29.31';
export const MAX_CRL_LENGTH = 16 * 1024 * 1024;

/** A list is asked about many certificates: read once for as long as somebody keeps its bytes, also one that is none at its end. */
const known = new WeakMap<Uint8Array, Crl | DerError>();

/**
 * Verifies who says it and about whom, not how old it is.
 * @throws SignatureError ERR_REVOCATION_MALFORMED, ERR_REVOCATION_UNTRUSTED
 */
export function verifyCrl(bytes: Uint8Array, { certificate, issuer }: Subject): RevocationStatement {
  return readAs('ERR_REVOCATION_MALFORMED', () => {
    const crl = readOnce(bytes);
    const subject = factsOf(certificate);
    // A list of somebody else says nothing about this certificate, whatever serial numbers it has.
    if (!equalBytes(crl.issuer, subject.issuer) || !equalBytes(crl.issuer, factsOf(issuer).subject)) {
      throw new SignatureError('ERR_REVOCATION_UNTRUSTED');
    }
    if (!crl.signers.has(issuer)) {
      if (issuer.keyUsage !== undefined && !issuer.keyUsage.cRLSign)
        throw new SignatureError('ERR_REVOCATION_UNTRUSTED');
      assertSignedBy(issuer, crl.algorithm, crl.toBeSigned, crl.signature);
      crl.signers.add(issuer);
    }
    assertPartition(crl, certificate);
    const { thisUpdate, nextUpdate } = crl;
    return { kind: 'crl', revokedAt: crl.revoked.get(subject.serialNumber), thisUpdate, nextUpdate };
  });
}

/** @throws DerError */
function readOnce(bytes: Uint8Array): Crl {
  const crl = known.get(bytes) ?? crlOrError(bytes);
  known.set(bytes, crl);
  if (crl instanceof DerError) throw crl;
  return crl;
}

function crlOrError(bytes: Uint8Array): Crl | DerError {
  try {
    return readCrl(bytes);
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}

function readCrl(bytes: Uint8Array): Crl {
  if (bytes.length > MAX_CRL_LENGTH) throw new DerError();
  assertDer(bytes);
  const parts = partsOf(onlyValue(bytes, TAG.sequence));
  const toBeSigned = parts.next(TAG.sequence);
  const algorithm = parts.next(TAG.sequence);
  const signature = bitsOf(parts.next(TAG.bitString));
  parts.end();
  const list = partsOf(toBeSigned);
  if (smallIntegerOf(list.next(TAG.integer)) !== 1) throw new DerError(); // v2
  if (!equalBytes(list.next(TAG.sequence).bytes, algorithm.bytes)) throw new DerError();
  const issuer = list.next(TAG.sequence).bytes;
  const thisUpdate = timeOf(list.next(TAG.utcTime, TAG.generalizedTime));
  const hasNext = list.tag === TAG.utcTime || list.tag === TAG.generalizedTime;
  const nextUpdate = hasNext ? timeOf(list.next()) : undefined;
  const revoked = readEntries(list.optional(TAG.sequence));
  const wrapped = list.optional(0xa0);
  list.end();
  const distributionPoint = wrapped === undefined ? undefined : readListExtensions(wrapped);
  return {
    ...{ issuer, toBeSigned, algorithm, signature, thisUpdate, nextUpdate, revoked, distributionPoint },
    signers: new WeakSet(),
  };
}

function readEntries(value: DerValue | undefined): Map<string, number> {
  const revoked = new Map<string, number>();
  if (value === undefined) return revoked;
  for (const entry of partsOf(value).rest(TAG.sequence)) {
    const parts = partsOf(entry);
    const serialNumber = serialOf(parts.next(TAG.integer));
    const revokedAt = timeOf(parts.next(TAG.utcTime, TAG.generalizedTime));
    const extensions = parts.optional(TAG.sequence);
    parts.end();
    if (extensions !== undefined) assertEntryExtensions(extensions);
    revoked.set(serialNumber, Math.min(revokedAt, revoked.get(serialNumber) ?? revokedAt));
  }
  return revoked;
}

/** certificateIssuer would make the entry, and those behind it, somebody else's (RFC 5280 5.3.3). */
function assertEntryExtensions({ content }: DerValue): void {
  const { values, critical } = readExtensionList(content);
  if (critical.length > 0 || values.has(CERTIFICATE_ISSUER)) throw new DerError();
}

/** @returns the name of the distribution point that the list is for, if it is for one alone. */
function readListExtensions(wrapped: DerValue): Uint8Array | undefined {
  const { values, critical } = readExtensions(wrapped);
  const understood = [CRL_NUMBER, AUTHORITY_KEY_IDENTIFIER, ISSUING_DISTRIBUTION_POINT];
  if (values.has(DELTA_CRL_INDICATOR) || critical.some((type) => !understood.includes(type))) throw new DerError();
  const value = values.get(ISSUING_DISTRIBUTION_POINT);
  if (value === undefined) return undefined;
  assertDer(value);
  const point = partsOf(onlyValue(value, TAG.sequence));
  const name = point.optional(0xa0);
  point.optional(0x81); // onlyContainsUserCerts: holders are such
  point.end(); // onlyContainsCACerts, onlySomeReasons, indirectCRL, onlyContainsAttributeCerts
  return name && onlyPart(name, 0xa0).bytes;
}

/** RFC 5280 6.3.3 (b)(2): one of the names of the list's distribution point must be one of the certificate's. */
function assertPartition({ distributionPoint }: Crl, certificate: Certificate): void {
  if (distributionPoint === undefined) return;
  const points = factsOf(certificate).extensions.get(CRL_DISTRIBUTION_POINTS);
  const own = points === undefined ? [] : distributionPointNames(points);
  const theirs = [...partsOf(onlyValue(distributionPoint, 0xa0)).rest()];
  if (!theirs.some(({ bytes }) => own.some((name) => equalBytes(name.bytes, bytes)))) throw new DerError();
}

/** The GeneralNames of a cRLDistributionPoints' full names. @throws DerError */
export function distributionPointNames(extension: Uint8Array): DerValue[] {
  assertDer(extension);
  const names: DerValue[] = [];
  for (const point of partsOf(onlyValue(extension, TAG.sequence)).rest(TAG.sequence)) {
    const name = partsOf(point).optional(0xa0);
    const full = name && partsOf(name).optional(0xa0);
    if (full !== undefined) names.push(...new DerCursor(full.content).rest());
  }
  return names;
}

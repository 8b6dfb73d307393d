// Who may vouch for a holder: the configured issuing CAs, each directly beneath a configured root. Nothing is fetched
// (no AIA) and nothing that a token brings with it can widen the circle.
import { type Certificate, parseCertificate } from './certificate.ts';
import { type AssuranceLevel, isAssuranceLevel } from './assurance-level.ts';
import { decodeBase64 } from './base64.ts';
import { TokenError } from './token-error.ts';

/** A certificate as DER, or as PEM text with exactly one certificate. */
export type CertificateInput = Uint8Array | string;

/** An issuing CA, and the level that it issues at. */
export interface TrustedIssuer {
  readonly certificate: CertificateInput;
  readonly assuranceLevel: AssuranceLevel;
}

export interface TrustOptions {
  readonly roots: readonly CertificateInput[];
  readonly trustedIssuers: readonly TrustedIssuer[];
}

/** An issuing CA that was checked against its root when the configuration was read. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly root: Certificate;
  readonly assuranceLevel: AssuranceLevel;
}

const MAX_AUTHORITIES = 100;
const PEM = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

/**
 * Reads and checks the configuration.
 * @throws TypeError that names the entry, if a certificate does not parse, is no CA, or has no root among `roots`.
 */
export function readTrustedIssuers({ roots, trustedIssuers }: TrustOptions): readonly Issuer[] {
  if (roots.length === 0 || trustedIssuers.length === 0) {
    throw new TypeError('roots and trustedIssuers must each name at least one certificate.');
  }
  if (roots.length > MAX_AUTHORITIES || trustedIssuers.length > MAX_AUTHORITIES) {
    throw new TypeError(`roots and trustedIssuers may each name at most ${MAX_AUTHORITIES} certificates.`);
  }
  const anchors = roots.map((root, index) => readAuthority(root, `roots[${index}]`));
  return trustedIssuers.map(({ certificate: input, assuranceLevel }, index) => {
    const where = `trustedIssuers[${index}]`;
    if (!isAssuranceLevel(assuranceLevel)) throw new TypeError(`${where}: assuranceLevel must be 1, 2, 3 or 4.`);
    const certificate = readAuthority(input, where);
    if (!certificate.hasStrongSignature) throw new TypeError(`${where} is not signed with SHA-256 or better.`);
    // A root with pathLength 0 has no CA beneath it (RFC 5280 4.2.1.9).
    const root = anchors.find((anchor) => anchor.pathLength !== 0 && certificate.isSignedBy(anchor));
    if (root === undefined) throw new TypeError(`${where} is not issued by any of the roots.`);
    return { certificate, root, assuranceLevel };
  });
}

/**
 * The trusted issuer whose signature the certificate carries.
 * @throws TokenError ERR_CERTIFICATE_UNTRUSTED, ERR_ISSUER_NOT_VALID
 */
export function findIssuer(certificate: Certificate, issuers: readonly Issuer[], now: number): Issuer {
  if (!certificate.hasStrongSignature) throw new TokenError('ERR_CERTIFICATE_UNTRUSTED');
  // More than one can match: a CA that was renewed with the same key.
  const matching = issuers.filter((issuer) => isSignedBy(certificate, issuer.certificate));
  if (matching.length === 0) throw new TokenError('ERR_CERTIFICATE_UNTRUSTED');
  const valid = matching.find((issuer) => isValidAt(issuer.certificate, now) && isValidAt(issuer.root, now));
  if (valid === undefined) throw new TokenError('ERR_ISSUER_NOT_VALID');
  return valid;
}

/** RFC 5280 4.1.2.5: both ends belong to the period. */
export function isValidAt({ notBefore, notAfter }: Certificate, now: number): boolean {
  return now >= notBefore && now <= notAfter;
}

/** `issuer` has issued and signed the certificate. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.isSignedBy(issuer);
  } catch {
    return false; // OpenSSL refuses some malformed signatures by throwing.
  }
}

/** @throws TypeError that names the entry, if it is no certificate. */
export function readCertificateInput(input: CertificateInput, where: string): Certificate {
  const der = typeof input === 'string' ? decodePem(input) : input;
  try {
    return parseCertificate(der ?? new Uint8Array());
  } catch (cause) {
    throw new TypeError(`${where} is not one certificate in DER or PEM.`, { cause });
  }
}

function readAuthority(input: CertificateInput, where: string): Certificate {
  const certificate = readCertificateInput(input, where);
  if (!certificate.isAuthority || certificate.keyUsage?.keyCertSign !== true) {
    throw new TypeError(`${where} is not a CA: basicConstraints and keyUsage must allow it to sign certificates.`);
  }
  return certificate;
}

function decodePem(text: string): Uint8Array | undefined {
  const body = PEM.exec(text)?.[1];
  return body === undefined ? undefined : decodeBase64(body.replace(/\s+/g, ''));
}

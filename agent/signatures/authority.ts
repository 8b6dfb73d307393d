// Whether a certificate was issued by another, up to an authority that the caller trusts, and what it is for (RFC 5280 6.1
// in so far as answers of authorities need it: signatures, validity, basicConstraints, keyUsage; no name constraints).
import { X509Certificate } from 'node:crypto';
import { same, verifies } from './algorithm.ts';
import { certificateParts, type CertificateExtension } from './certificate-parts.ts';
import { children, objectIdentifier, readElement, tag } from './der.ts';

/** id-kp: what an extended key usage may say. */
export const keyPurpose = { timeStamping: '1.3.6.1.5.5.7.3.8', ocspSigning: '1.3.6.1.5.5.7.3.9' } as const;

const oid = { keyUsage: '2.5.29.15', extendedKeyUsage: '2.5.29.37' } as const;

/** Intermediate certificates between an authority in the list and the one that answers. */
const longestChain = 4;

/** Whether `certificate` is by the key of `issuer`, which calls itself an authority; times are not looked at. */
export function isIssuedBy(certificate: Uint8Array, issuer: Uint8Array): boolean {
  const child = certificateParts(certificate);
  const parent = new X509Certificate(issuer);
  return (
    parent.ca &&
    mayDo(issuer, 'keyCertSign') &&
    same(child.issuer, certificateParts(issuer).subject) &&
    verifies(child.signatureAlgorithm, parent.publicKey, child.signed, child.signature)
  );
}

/** Whether the certificate is valid at this time. */
export function isValidAt(certificate: Uint8Array, time: Date): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return new Date(validFrom) <= time && time <= new Date(validTo);
}

/**
 * Whether `certificate` stands in the list of authorities, or was issued below one of them through `between`, everything valid
 * at `time`. The list is what decides: a certificate in `between` is trusted for nothing else.
 */
export function isTrusted(
  certificate: Uint8Array,
  between: readonly Uint8Array[],
  authorities: readonly Uint8Array[],
  time: Date,
): boolean {
  let level: Uint8Array[] = [certificate];
  for (let height = 0; height <= longestChain && level.length > 0; height += 1) {
    const valid = level.filter((one) => isValidAt(one, time));
    if (valid.some((one) => authorities.some((authority) => same(one, authority)))) return true;
    const issuedBy = (issuer: Uint8Array): boolean => valid.some((one) => isIssuedBy(one, issuer));
    if (authorities.some((authority) => isValidAt(authority, time) && issuedBy(authority))) return true;
    level = between.filter((issuer) => !level.includes(issuer) && issuedBy(issuer));
  }
  return false;
}

const usageBit = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, cRLSign: 0x02 } as const;

/** Whether keyUsage allows this; without the extension everything is allowed (RFC 5280 4.2.1.3). */
export function mayDo(certificate: Uint8Array, usage: keyof typeof usageBit): boolean {
  const found = extensionOf(certificate, oid.keyUsage);
  return found === undefined || ((readElement(found.value).content[1] ?? 0) & usageBit[usage]) !== 0;
}

/** The purposes in extendedKeyUsage, as DER; undefined without the extension. */
export function purposes(
  certificate: Uint8Array,
): { critical: boolean; only: (purpose: string) => boolean; has: (purpose: string) => boolean } | undefined {
  const found = extensionOf(certificate, oid.extendedKeyUsage);
  if (found === undefined) return undefined;
  const listed = children(readElement(found.value), tag.sequence).map(({ der }) => der);
  const has = (purpose: string): boolean => listed.some((der) => same(der, objectIdentifier(purpose)));
  return { critical: found.critical, has, only: (purpose) => listed.length === 1 && has(purpose) };
}

/** An extension of the certificate; one that is there twice makes the certificate unusable. */
export function extensionOf(certificate: Uint8Array, dotted: string): CertificateExtension | undefined {
  const wanted = objectIdentifier(dotted);
  const found = certificateParts(certificate).extensions.filter((extension) => same(extension.oid, wanted));
  if (found.length > 1) throw new Error('extension repeated');
  return found[0];
}

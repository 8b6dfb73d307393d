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
 * From `certificate` up to the first that stands in the list of authorities, by way of `between`; undefined when there is no way, or
 * something on it is not valid at `time`. The list is what decides: a certificate in `between` is trusted for nothing else.
 */
export function trustedChain(
  certificate: Uint8Array,
  between: readonly Uint8Array[],
  authorities: readonly Uint8Array[],
  time: Date,
): Uint8Array[] | undefined {
  let chains = [{ chain: [certificate], top: certificate }];
  for (let height = 0; height <= longestChain && chains.length > 0; height += 1) {
    const valid = chains.filter(({ top }) => isValidAt(top, time));
    const listed = valid.find(({ top }) => authorities.some((authority) => same(top, authority)));
    if (listed !== undefined) return listed.chain;
    const below = (issuer: Uint8Array) =>
      valid.find(({ top, chain }) => !chain.includes(issuer) && isIssuedBy(top, issuer));
    for (const authority of authorities) {
      const found = isValidAt(authority, time) ? below(authority) : undefined;
      if (found !== undefined) return [...found.chain, authority];
    }
    chains = between.flatMap((issuer) => {
      const found = below(issuer);
      return found === undefined ? [] : [{ chain: [...found.chain, issuer], top: issuer }];
    });
  }
  return undefined;
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

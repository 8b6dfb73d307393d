// The parts of an X.509 certificate that containers repeat, octet by octet as the certificate has them (RFC 5280 4.1).
import { X509Certificate } from 'node:crypto';
import { same } from './algorithm.ts';
import { children, contextTag, type DerElement, readElement, tag, wholeOctets } from './der.ts';
import { SignatureError } from './signature-error.ts';

/** `oid`: the OBJECT IDENTIFIER's DER. `value`: what extnValue holds. */
export interface CertificateExtension {
  oid: Uint8Array;
  critical: boolean;
  value: Uint8Array;
}

/** DER of each part: views on the certificate. */
export interface CertificateParts {
  serialNumber: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  /** What the issuer signed, with which AlgorithmIdentifier, and the signature. */
  signed: Uint8Array;
  signatureAlgorithm: Uint8Array;
  signature: Uint8Array;
  /** Content of subjectPublicKey, without the octet of unused bits: what key identifiers are hashes of. */
  publicKey: Uint8Array;
  extensions: readonly CertificateExtension[];
}

/** Parses the signer's or an authority's certificate; ERR_SIGNATURE_ALGORITHM when it is none. */
export function certificateParts(der: Uint8Array): CertificateParts {
  try {
    return parts(der);
  } catch (cause) {
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'a certificate that is none', { cause });
  }
}

function parts(der: Uint8Array): CertificateParts {
  if (!same(new X509Certificate(der).raw, der)) throw new Error('not one certificate');
  const [tbs, signatureAlgorithm, signature] = children(readElement(der), tag.sequence);
  const fields = children(tbs, tag.sequence);
  if (fields[0]?.tag === contextTag(0)) fields.shift();
  const [serialNumber, innerAlgorithm, issuer, , subject, publicKeyInfo, ...rest] = fields;
  const [, publicKey] = children(publicKeyInfo, tag.sequence);
  if (serialNumber?.tag !== tag.integer || issuer === undefined || subject === undefined || publicKey === undefined)
    throw new Error('not a certificate');
  if (tbs === undefined || signatureAlgorithm === undefined || signature === undefined)
    throw new Error('not a certificate');
  // What is signed must say with what (4.1.1.2).
  if (innerAlgorithm === undefined || !same(innerAlgorithm.der, signatureAlgorithm.der))
    throw new Error('signed with another algorithm than it says');
  const tagged = rest.find((field) => field.tag === contextTag(3));
  const [list] = tagged === undefined ? [] : children(tagged, contextTag(3));
  return {
    serialNumber: serialNumber.der,
    issuer: issuer.der,
    subject: subject.der,
    signed: tbs.der,
    signatureAlgorithm: signatureAlgorithm.der,
    signature: wholeOctets(signature),
    publicKey: wholeOctets(publicKey),
    extensions: list === undefined ? [] : children(list, tag.sequence).map(extension),
  };
}

function extension(element: DerElement): CertificateExtension {
  const [id, ...values] = children(element, tag.sequence);
  const value = values.at(-1);
  if (id === undefined || value?.tag !== tag.octetString) throw new Error('not an extension');
  // DER writes `critical` only when it is TRUE.
  return { oid: id.der, critical: values.length === 2, value: value.content };
}

/** The subject's common name (2.5.4.3), or ''. */
export function commonNameOf(der: Uint8Array): string {
  const name: unknown = new X509Certificate(der).toLegacyObject().subject.CN;
  return typeof name === 'string' ? name : '';
}

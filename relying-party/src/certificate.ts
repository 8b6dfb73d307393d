// Reads an X.509 certificate once, strictly, into plain values. It says what the certificate says, and nothing about
// whether to believe it. OpenSSL (node:crypto) checks signatures and names; @peculiar/x509 reads the extensions.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { isStrictDer } from './strict-der.ts';
import { TokenError } from './token-error.ts';

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly nonRepudiation: boolean;
  readonly keyCertSign: boolean;
  readonly cRLSign: boolean;
}

export interface Certificate {
  readonly der: Uint8Array;
  /** Inclusive, milliseconds since 1970 (RFC 5280 4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  /** All values of a subject attribute, by object identifier. */
  readonly subjectValues: (oid: string) => readonly string[];
  /** basicConstraints; absent counts as an end entity. */
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
  /** Undefined: the extension is absent. */
  readonly keyUsage: KeyUsage | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly extendedKeyUsageIsCritical: boolean;
  readonly policies: readonly string[];
  /** Signed with SHA-256, SHA-384 or SHA-512. */
  readonly hasStrongSignature: boolean;
  /** Issuer and subject names match, key identifiers too, and the issuer may sign certificates; and it has. */
  readonly isSignedBy: (issuer: Certificate) => boolean;
  readonly native: X509Certificate;
}

/** Extensions that are understood here; any other that is marked critical is a refusal (RFC 5280 4.2). */
const UNDERSTOOD = new Set([
  '2.5.29.14', // subjectKeyIdentifier
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.32', // certificatePolicies
  '2.5.29.35', // authorityKeyIdentifier
  '2.5.29.37', // extKeyUsage
]);
const STRONG_HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512']);
const MAX_EXTENSIONS = 32;

/** @throws TokenError ERR_CERTIFICATE_MALFORMED */
export function parseCertificate(der: Uint8Array): Certificate {
  // Both parsers would also take PEM and text; a certificate in DER is a SEQUENCE with a long length.
  if (der[0] !== 0x30 || der[1] !== 0x82 || !isStrictDer(der)) throw new TokenError('ERR_CERTIFICATE_MALFORMED');
  try {
    return read(new Uint8Array(der));
  } catch {
    // The parsers' own errors may quote the bytes, and are of no help to a developer.
    throw new TokenError('ERR_CERTIFICATE_MALFORMED');
  }
}

function read(der: Uint8Array<ArrayBuffer>): Certificate {
  const native = new X509Certificate(der);
  const parsed = new x509.X509Certificate(der);
  assertExtensions(parsed.extensions);
  const keyUsage = parsed.getExtension(x509.KeyUsagesExtension);
  const basicConstraints = parsed.getExtension(x509.BasicConstraintsExtension);
  const extendedKeyUsage = parsed.getExtension(x509.ExtendedKeyUsageExtension);
  const { subjectName } = parsed;
  const hash: unknown = parsed.signatureAlgorithm.hash;
  const hashName = typeof hash === 'object' && hash !== null && 'name' in hash ? hash.name : hash;
  return {
    der,
    notBefore: parsed.notBefore.getTime(),
    notAfter: parsed.notAfter.getTime(),
    publicKey: native.publicKey,
    subjectValues: (oid) => subjectName.getField(oid),
    isAuthority: basicConstraints?.ca ?? false,
    pathLength: basicConstraints?.pathLength,
    keyUsage: keyUsage === null ? undefined : keyUsageOf(keyUsage.usages),
    extendedKeyUsage: extendedKeyUsage?.usages.map(String),
    extendedKeyUsageIsCritical: extendedKeyUsage?.critical ?? false,
    policies: [...(parsed.getExtension(x509.CertificatePolicyExtension)?.policies ?? [])],
    hasStrongSignature: typeof hashName === 'string' && STRONG_HASHES.has(hashName),
    isSignedBy: (issuer) => native.checkIssued(issuer.native) && native.verify(issuer.publicKey),
    native,
  };
}

function keyUsageOf(usages: x509.KeyUsageFlags): KeyUsage {
  const has = (flag: x509.KeyUsageFlags): boolean => (usages & flag) !== 0;
  return {
    digitalSignature: has(x509.KeyUsageFlags.digitalSignature),
    nonRepudiation: has(x509.KeyUsageFlags.nonRepudiation),
    keyCertSign: has(x509.KeyUsageFlags.keyCertSign),
    cRLSign: has(x509.KeyUsageFlags.cRLSign),
  };
}

function assertExtensions(extensions: readonly x509.Extension[]): void {
  const types = extensions.map(({ type }) => type);
  if (types.length > MAX_EXTENSIONS) throw new RangeError('too many extensions');
  if (new Set(types).size !== types.length) throw new RangeError('an extension occurs twice');
  if (extensions.some(({ critical, type }) => critical && !UNDERSTOOD.has(type))) {
    throw new RangeError('an extension that must be understood is not');
  }
}

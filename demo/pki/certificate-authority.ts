// A certificate authority in the small: one key, one certificate, and the making of certificates below it.
// It signs whatever it is told to, wrong profiles too: tests need certificates that an honest authority would not issue.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomBytes } from 'node:crypto';
import { type KeyPair, type SignatureHash, signingKeyOf, subjectKeyOf } from './keys.ts';

/** Subject attributes in the order they are written. */
export type DistinguishedName = readonly (readonly [type: NameAttribute, value: string])[];
export type NameAttribute = 'C' | 'O' | 'OU' | 'L' | 'CN' | 'SN' | 'GN' | 'title' | 'serialNumber';
export type KeyUsage = 'digitalSignature' | 'nonRepudiation' | 'keyEncipherment' | 'keyCertSign' | 'cRLSign';

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** An extension given as its bytes (the content of extnValue). */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** What a certificate is to say (RFC 5280 4.1 and 4.2). An absent or empty list leaves the extension out. */
export interface CertificateProfile extends Validity {
  readonly subject: DistinguishedName;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly string[];
  readonly policies?: readonly string[];
  /** basicConstraints. Absent: an end entity. */
  readonly authority?: { readonly pathLength?: number };
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly extensions?: readonly RawExtension[];
  /** What the issuer signs with. Default SHA-256; SHA-1 is there to be refused. */
  readonly signatureHash?: SignatureHash;
}

export interface CertificateAuthority {
  readonly keys: KeyPair;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** Object identifiers of the attribute types (X.520); names that the library does not know by itself are among them. */
const ATTRIBUTE_OID: Readonly<Record<NameAttribute, string>> = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  L: '2.5.4.7',
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  GN: '2.5.4.42',
  title: '2.5.4.12',
  serialNumber: '2.5.4.5',
};

const KEY_USAGE_BIT: Readonly<Record<KeyUsage, number>> = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyEncipherment: 0x20,
  keyCertSign: 0x04,
  cRLSign: 0x02,
};

/** Makes a self-signed root. */
export async function createRoot(profile: CertificateProfile, keys: KeyPair): Promise<CertificateAuthority> {
  const name = nameOf(profile.subject);
  return { keys, certificate: await sign(profile, keys, { name, keys }) };
}

/** Issues a certificate for `subjectKeys`; DER. The private half is not needed. */
export async function issueCertificate(
  authority: CertificateAuthority,
  profile: CertificateProfile,
  subjectKeys: Pick<KeyPair, 'publicKey'>,
): Promise<Uint8Array> {
  // Taken from the issuer's own bytes, so that issuer and subject match octet by octet (RFC 5280 4.1.2.4).
  const name = new x509.X509Certificate(new Uint8Array(authority.certificate)).subjectName;
  return sign(profile, subjectKeys, { name, keys: authority.keys });
}

async function sign(
  profile: CertificateProfile,
  subjectKeys: Pick<KeyPair, 'publicKey'>,
  issuer: { readonly name: x509.Name; readonly keys: KeyPair },
): Promise<Uint8Array> {
  const hash = profile.signatureHash ?? 'SHA-256';
  const [publicKey, issuerKey, signingKey] = await Promise.all([
    subjectKeyOf(subjectKeys.publicKey),
    subjectKeyOf(issuer.keys.publicKey),
    signingKeyOf(issuer.keys.privateKey, hash),
  ]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(profile.subject),
    issuer: issuer.name,
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    publicKey,
    signingKey,
    signingAlgorithm: { name: signingKey.algorithm.name, hash },
    extensions: [
      ...profileExtensions(profile),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

function profileExtensions(profile: CertificateProfile): x509.Extension[] {
  const { authority, keyUsage = [], extendedKeyUsage = [], policies = [], dnsNames = [], ipAddresses = [] } = profile;
  const extensions: x509.Extension[] = [];
  extensions.push(
    authority === undefined
      ? new x509.BasicConstraintsExtension(false)
      : new x509.BasicConstraintsExtension(true, authority.pathLength, true),
  );
  if (keyUsage.length > 0) extensions.push(new x509.Extension('2.5.29.15', true, keyUsageBits(keyUsage)));
  if (extendedKeyUsage.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension([...extendedKeyUsage]));
  if (policies.length > 0) extensions.push(new x509.CertificatePolicyExtension([...policies]));
  if (dnsNames.length + ipAddresses.length > 0) {
    extensions.push(
      new x509.SubjectAlternativeNameExtension([
        ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
        ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
    );
  }
  for (const { oid, critical, value } of profile.extensions ?? []) {
    extensions.push(new x509.Extension(oid, critical, new Uint8Array(value)));
  }
  return extensions;
}

/** KeyUsage as a DER BIT STRING: bit 0 is the highest, trailing zero bits are not written (RFC 5280 4.2.1.3). */
function keyUsageBits(usages: readonly KeyUsage[]): Uint8Array<ArrayBuffer> {
  const octet = usages.reduce((bits, usage) => bits | KEY_USAGE_BIT[usage], 0);
  const unused = 31 - Math.clz32(octet & -octet);
  return new Uint8Array([0x03, 0x02, unused, octet]);
}

/** C and serialNumber are PrintableString (RFC 5280 appendix A), all else UTF8String. */
function nameOf(attributes: DistinguishedName): x509.Name {
  return new x509.Name(
    attributes.map(([type, value]) => ({
      [ATTRIBUTE_OID[type]]: [
        (type === 'C' || type === 'serialNumber') && x509.Name.isPrintableString(value)
          ? { printableString: value }
          : { utf8String: value },
      ],
    })),
  );
}

/** 16 random octets, positive, without leading zeros (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
}

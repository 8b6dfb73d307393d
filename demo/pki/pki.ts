// A test PKI that looks like the one of SITHS: one root, an issuing CA for each kind of person certificate, and a TLS
// root of its own for the demonstration's sites. Made at run time; two of them carry the same names and different keys,
// which is what a test of "unknown issuer with the right name" needs. It proves nothing about anyone.
import { createHash, type KeyObject } from 'node:crypto';
import {
  type CertificateAuthority,
  type CertificateProfile,
  createRoot,
  type DistinguishedName,
  issueCertificate,
  type KeyUsage,
  type RawExtension,
  type Validity,
} from './certificate-authority.ts';
import { createKeyPair, type KeyKind, type KeyPair, type SignatureHash } from './keys.ts';
import { type Person } from './persons.ts';
import { type AssuranceLevel, type Identity, policyFor } from './policies.ts';

/** Extended key usages (RFC 5280 4.2.1.12, and Microsoft's smart card logon). */
export const EXTENDED_KEY_USAGE = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  smartCardLogon: '1.3.6.1.4.1.311.20.2.2',
} as const;

export const ROOT_NAME = 'TEST SITHS e-id Root CA v2';
export const TLS_ROOT_NAME = 'TEST Kortbro Demo TLS Root CA v1';

/** Common names of the issuing CAs. */
export const ISSUER_NAME = {
  hsaId3: 'TEST SITHS e-id Person HSA-id 3 CA v1',
  hsaId2: 'TEST SITHS e-id Person HSA-id 2 CA v1',
  id3: 'TEST SITHS e-id Person ID 3 CA v1',
  id2: 'TEST SITHS e-id Person ID 2 CA v1',
} as const;

export type IssuerKey = keyof typeof ISSUER_NAME;
export const ISSUER_KEYS: readonly IssuerKey[] = ['hsaId3', 'hsaId2', 'id3', 'id2'];

/** The authorities themselves: what is kept when a PKI is saved. */
export interface PkiAuthorities {
  readonly root: CertificateAuthority;
  readonly tlsRoot: CertificateAuthority;
  readonly issuers: Readonly<Record<IssuerKey, CertificateAuthority>>;
}

export interface PkiOptions {
  /** Keys of the authorities, and of whatever is issued without a word about its key. Default 'rsa-2048'. */
  readonly keyKind?: KeyKind;
  /** The time that validity periods are counted from. Default: the system's clock. */
  readonly now?: () => Date;
}

/** What is to be issued to a person. Everything after `assuranceLevel` overrides the honest profile. */
export interface PersonRequest extends Partial<Validity> {
  readonly person: Person;
  /** authentication: digitalSignature, clientAuth and smart card logon. signature: nonRepudiation alone. */
  readonly kind: 'authentication' | 'signature';
  readonly identity: Identity;
  /** Default: the person's own. */
  readonly assuranceLevel?: AssuranceLevel;
  /** A key that exists already (on a card, or from an earlier test), or the kind of key to make. */
  readonly key?: KeyPair | KeyKind;
  /** Another issuing CA than identity and level lead to. */
  readonly issuer?: IssuerKey;
  readonly subject?: DistinguishedName;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly string[];
  readonly policies?: readonly string[];
  readonly extensions?: readonly RawExtension[];
  readonly signatureHash?: SignatureHash;
}

/** A certificate, its key, and the certificates above it without the root. Certificates are DER. */
export interface Issued extends KeyPair {
  readonly certificate: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

export interface TestPki {
  /** DER of the root above the person CAs: what a relying party trusts. */
  readonly root: Uint8Array;
  /** DER of the issuing CAs. */
  readonly issuers: Readonly<Record<IssuerKey, Uint8Array>>;
  /** DER of the root above the server certificates: what the demonstration's browser trusts. */
  readonly tlsRoot: Uint8Array;
  readonly authorities: PkiAuthorities;
  issuePerson(request: PersonRequest): Promise<Issued>;
  /** DNS names (`journal.localhost`) and IPv4 or IPv6 addresses. Valid for 90 days. */
  issueServer(names: readonly string[], key?: KeyPair | KeyKind): Promise<Issued>;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
const PERSON_DAYS = 730;
/** Reserve cards live for at most two weeks (the dispensation for level 2). */
const RESERVE_CARD_DAYS = 14;
const SERVER_DAYS = 90;

/** Makes a new PKI: six keys, about 0.5-2 s with RSA on two cores, some 20 ms with 'ec-p256'. */
export async function createTestPki(options: PkiOptions = {}): Promise<TestPki> {
  const { keyKind = 'rsa-2048', now = () => new Date() } = options;
  const validity = validFrom(now(), AUTHORITY_DAYS);
  const [rootKeys, tlsKeys] = await Promise.all([createKeyPair(keyKind), createKeyPair(keyKind)]);
  const root = await createRoot(authorityProfile(ROOT_NAME, validity, {}), rootKeys);
  const tlsRoot = await createRoot(authorityProfile(TLS_ROOT_NAME, validity, { pathLength: 0 }), tlsKeys);
  const issue = async (key: IssuerKey): Promise<CertificateAuthority> => {
    const keys = await createKeyPair(keyKind);
    const profile = authorityProfile(ISSUER_NAME[key], validity, { pathLength: 0 });
    return { keys, certificate: await issueCertificate(root, profile, keys) };
  };
  const [hsaId3, hsaId2, id3, id2] = await Promise.all([issue('hsaId3'), issue('hsaId2'), issue('id3'), issue('id2')]);
  return testPkiOf({ root, tlsRoot, issuers: { hsaId3, hsaId2, id3, id2 } }, options);
}

/** A PKI around authorities that exist already, such as ones read from a directory. */
export function testPkiOf(authorities: PkiAuthorities, options: PkiOptions = {}): TestPki {
  const { keyKind = 'rsa-2048', now = () => new Date() } = options;
  const { root, tlsRoot, issuers } = authorities;
  const keysFor = async (key: KeyPair | KeyKind = keyKind): Promise<KeyPair> =>
    typeof key === 'string' ? createKeyPair(key) : key;

  return {
    root: root.certificate,
    tlsRoot: tlsRoot.certificate,
    issuers: {
      hsaId3: issuers.hsaId3.certificate,
      hsaId2: issuers.hsaId2.certificate,
      id3: issuers.id3.certificate,
      id2: issuers.id2.certificate,
    },
    authorities,
    async issuePerson(request) {
      const level = request.assuranceLevel ?? request.person.assuranceLevel;
      const issuer = issuers[request.issuer ?? issuerFor(request.identity, level)];
      const { privateKey, publicKey } = await keysFor(request.key);
      const certificate = await issueCertificate(issuer, personProfile(request, level, now()), { publicKey });
      return { privateKey, publicKey, certificate, chain: [issuer.certificate] };
    },
    async issueServer(names, key) {
      const { privateKey, publicKey } = await keysFor(key);
      const certificate = await issueCertificate(tlsRoot, serverProfile(names, now()), { publicKey });
      return { privateKey, publicKey, certificate, chain: [] };
    },
  };
}

/** The issuing CA that honest certificates of this kind come from. */
export function issuerFor(identity: Identity, level: AssuranceLevel): IssuerKey {
  if (identity === 'hsa-id') return level === 3 ? 'hsaId3' : 'hsaId2';
  return level === 3 ? 'id3' : 'id2';
}

/** For Chromium's `--ignore-certificate-errors-spki-list`: base64 of SHA-256 over the SubjectPublicKeyInfo. */
export function spkiSha256(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

function personProfile(request: PersonRequest, level: AssuranceLevel, now: Date): CertificateProfile {
  const signature = request.kind === 'signature';
  const validity = validFrom(now, level === 3 ? PERSON_DAYS : RESERVE_CARD_DAYS);
  return {
    subject: request.subject ?? subjectOf(request.person, request.identity),
    notBefore: request.notBefore ?? validity.notBefore,
    notAfter: request.notAfter ?? validity.notAfter,
    keyUsage: request.keyUsage ?? [signature ? 'nonRepudiation' : 'digitalSignature'],
    extendedKeyUsage:
      request.extendedKeyUsage ?? (signature ? [] : [EXTENDED_KEY_USAGE.clientAuth, EXTENDED_KEY_USAGE.smartCardLogon]),
    policies: request.policies ?? [policyFor(request.identity, level)],
    ...(request.extensions && { extensions: request.extensions }),
    ...(request.signatureHash && { signatureHash: request.signatureHash }),
  };
}

/** A certificate with the HSA-id is the employer's and names it; one with the personal number is the person's own. */
function subjectOf(person: Person, identity: Identity): DistinguishedName {
  const name = [
    ['CN', `${person.givenName} ${person.surname}`],
    ['SN', person.surname],
    ['GN', person.givenName],
  ] as const;
  if (identity === 'hsa-id') {
    const title = person.title === undefined ? [] : ([['title', person.title]] as const);
    return [['C', 'SE'], ['O', person.organisation], ...name, ...title, ['serialNumber', person.hsaId]];
  }
  if (person.personalNumber === undefined) throw new TypeError(`${person.givenName} has no personal number.`);
  return [['C', 'SE'], ...name, ['serialNumber', person.personalNumber]];
}

function serverProfile(names: readonly string[], now: Date): CertificateProfile {
  const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);
  return {
    subject: [
      ['O', 'Testkliniken (demo)'],
      ['CN', names[0] ?? 'localhost'],
    ],
    ...validFrom(now, SERVER_DAYS),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth],
    dnsNames: names.filter((name) => !isAddress(name)),
    ipAddresses: names.filter(isAddress),
  };
}

function authorityProfile(name: string, validity: Validity, authority: { pathLength?: number }): CertificateProfile {
  return {
    subject: [
      ['C', 'SE'],
      ['O', 'Testutfärdare (demo)'],
      ['CN', name],
    ],
    ...validity,
    keyUsage: ['keyCertSign', 'cRLSign'],
    authority,
  };
}

/** From an hour ago, so that a clock which is a little slow does not refuse a new certificate; whole seconds, as DER has. */
function validFrom(now: Date, days: number): Validity {
  const start = Math.floor(now.getTime() / 1000) * 1000 - 3_600_000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) };
}

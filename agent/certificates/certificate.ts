// Reads an X.509 certificate (RFC 5280) from a card: who holds it, what it is for, what it claims. Verifies no signature and
// no chain: that is the relying party's. Bytes from a card are hostile: whatever is odd makes the certificate unreadable.
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { BitString, Constructed, fromBER, Integer, ObjectIdentifier, OctetString, type BaseBlock } from 'asn1js';
import { displayText } from './display-text.ts';

/** What the key may be used for, by keyUsage: nonRepudiation makes it a signature certificate, whatever else is set. */
export type CertificateUsage = 'authentication' | 'signature' | 'other';

/** Form of the subject's serialNumber (2.5.4.5). */
export type IdentityForm = 'hsa-id' | 'personal-number' | 'other';

/** What the rest of the agent knows of a certificate. Texts are cleaned for showing and bounded. */
export interface CardCertificate {
  der: Uint8Array;
  /** SHA-256 over the DER, hex. */
  fingerprint: string;
  publicKey: KeyObject;
  holder: string;
  organisation: string;
  /** serialNumber (2.5.4.5): HSA-id or personal number. */
  holderId: string;
  identity: IdentityForm;
  issuer: string;
  /** The certificate's own number, upper-case hex. */
  serial: string;
  notBefore: Date;
  notAfter: Date;
  usage: CertificateUsage;
  /** Certificate policy OIDs (RFC 5280 4.2.1.4). */
  policies: string[];
}

const oid = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  organisation: '2.5.4.10',
  keyUsage: '2.5.29.15',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

/** Only these are looked into: others may hold anything. */
const readExtensions: readonly string[] = [oid.keyUsage, oid.certificatePolicies, oid.extendedKeyUsage];

/** Parses `der`, or undefined when it is no certificate that this product can use. */
export function parseCertificate(der: Uint8Array): CardCertificate | undefined {
  try {
    const x509 = new X509Certificate(der);
    if (!x509.raw.equals(der)) return undefined;
    const fields = certificateFields(der);
    const serialNumber = attribute(fields.subject, oid.serialNumber);
    return {
      der,
      fingerprint: createHash('sha256').update(der).digest('hex'),
      publicKey: x509.publicKey,
      holder: displayText(attribute(fields.subject, oid.commonName), 100),
      organisation: displayText(attribute(fields.subject, oid.organisation), 100),
      holderId: displayText(serialNumber, 64),
      identity: identityForm(serialNumber),
      issuer: displayText(attribute(fields.issuer, oid.commonName), 200),
      serial: x509.serialNumber,
      notBefore: parsedDate(x509.validFrom),
      notAfter: parsedDate(x509.validTo),
      usage: certificateUsage(fields.extensions),
      policies: certificatePolicies(fields.extensions),
    };
  } catch {
    return undefined;
  }
}

/**
 * By the exact text, as a relying party reads it. HSA-id: `SE` (`TSTNMT` in the test directory), organisation number, hyphen,
 * characters; 31 at most. Personal number: twelve digits.
 */
export function identityForm(serialNumber: string): IdentityForm {
  if (/^(?=.{1,31}$)(?:SE|TSTNMT)\d{10}(?:\d{2})?-[0-9A-Z]{1,18}$/.test(serialNumber)) return 'hsa-id';
  return /^\d{12}$/.test(serialNumber) ? 'personal-number' : 'other';
}

interface Fields {
  issuer: BaseBlock;
  subject: BaseBlock;
  extensions: Map<string, BaseBlock>;
}

/** TBSCertificate (RFC 5280 4.1): [0] version, serialNumber, signature, issuer, validity, subject, key, ..., [3] extensions. */
function certificateFields(der: Uint8Array): Fields {
  const tbs = children(children(decode(der))[0]);
  const [version, , , issuer, , subject] = tbs;
  if (!isVersion3(version) || issuer === undefined || subject === undefined) throw new Error('not v3');
  const tagged = tbs.find((block) => block.idBlock.tagClass === 3 && block.idBlock.tagNumber === 3);
  const extensions = new Map<string, BaseBlock>();
  const names = new Set<string>();
  for (const extension of tagged === undefined ? [] : children(children(tagged)[0])) {
    const [id, ...rest] = children(extension);
    const value = rest.at(-1);
    if (!(id instanceof ObjectIdentifier) || !(value instanceof OctetString)) throw new Error('not an extension');
    const name = id.valueBlock.toString();
    if (names.has(name)) throw new Error('extension repeated');
    names.add(name);
    if (readExtensions.includes(name)) extensions.set(name, decode(value.valueBlock.valueHexView));
  }
  return { issuer, subject, extensions };
}

/** [0] { INTEGER 2 }. Versions 1 and 2 have no extensions, so they cannot say what they are for. */
function isVersion3(block: BaseBlock | undefined): boolean {
  if (block?.idBlock.tagClass !== 3 || block.idBlock.tagNumber !== 0) return false;
  const [version] = children(block);
  return version instanceof Integer && version.valueBlock.valueDec === 2;
}

/** The value of an attribute in a Name (RFC 5280 4.1.2.4), or ''. With two of them there is no ground to choose one. */
function attribute(name: BaseBlock, type: string): string {
  const values = children(name)
    .flatMap((set) => children(set))
    .map((pair) => children(pair))
    .filter(([id]) => id instanceof ObjectIdentifier && id.valueBlock.toString() === type);
  const [first, ...others] = values;
  if (others.length > 0) throw new Error('attribute repeated');
  const [, value] = first ?? [];
  const text: unknown = value === undefined ? '' : Reflect.get(value.valueBlock, 'value');
  if (typeof text !== 'string') throw new Error('not a text');
  return text;
}

/** keyUsage (RFC 5280 4.2.1.3): bit 0 digitalSignature, bit 1 nonRepudiation. Authentication wants clientAuth too, if EKU is there. */
function certificateUsage(extensions: Map<string, BaseBlock>): CertificateUsage {
  const usage = extensions.get(oid.keyUsage);
  const bits = usage instanceof BitString ? (usage.valueBlock.valueHexView[0] ?? 0) : 0;
  if ((bits & 0x40) !== 0) return 'signature';
  if ((bits & 0x80) === 0) return 'other';
  const extended = extensions.get(oid.extendedKeyUsage);
  if (extended === undefined) return 'authentication';
  const purposes = children(extended).map((purpose) =>
    purpose instanceof ObjectIdentifier ? purpose.valueBlock.toString() : '',
  );
  const fits = purposes.includes(oid.clientAuthentication) || purposes.includes(oid.anyExtendedKeyUsage);
  return fits ? 'authentication' : 'other';
}

function certificatePolicies(extensions: Map<string, BaseBlock>): string[] {
  const policies = extensions.get(oid.certificatePolicies);
  return (policies === undefined ? [] : children(policies)).slice(0, 32).flatMap((information) => {
    const [id] = children(information);
    return id instanceof ObjectIdentifier ? [id.valueBlock.toString()] : [];
  });
}

function decode(bytes: Uint8Array): BaseBlock {
  const { offset, result } = fromBER(bytes);
  if (offset !== bytes.length) throw new Error('not DER');
  return result;
}

function children(block: BaseBlock | undefined): BaseBlock[] {
  if (!(block instanceof Constructed)) throw new Error('not constructed');
  return block.valueBlock.value;
}

function parsedDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new Error('not a date');
  return date;
}

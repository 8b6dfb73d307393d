// The properties of a XAdES signature (ETSI EN 319 132-1): the signed ones, which name certificate and time, and the unsigned ones,
// which bring time stamps and evidence along.
import { createHash } from 'node:crypto';
import { equalBytes } from './der.ts';
import { SignatureError } from './signature-error.ts';
import { type Evidence } from './signed-data.ts';
import { algorithmOf, hashOfMethod } from './xml-algorithms.ts';
import { bytesOf, canonicalize, elementsOf, textOf, type XmlElement } from './xml-document.ts';
import { isDsig, type XmlSignature } from './xml-signature.ts';

export const SIGNED_PROPERTIES_TYPE = 'http://uri.etsi.org/01903#SignedProperties';
const XADES = 'http://uri.etsi.org/01903/v1.3.2#';
/** The later schema, of TimeStampValidationData. */
const XADES_141 = 'http://uri.etsi.org/01903/v1.4.1#';
const CANONICAL_XML_1_0 = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const MAX_VALUES = 64;

export interface XadesProperties {
  readonly signedProperties: XmlElement;
  /** Milliseconds since 1970. */
  readonly claimedSigningTime: number | undefined;
  /** The certificate in KeyInfo that SigningCertificateV2 names first, DER. */
  readonly certificate: Uint8Array;
  /** Id of the reference that DataObjectFormat is about. */
  readonly formatOf: string | undefined;
  readonly timeStamps: readonly Uint8Array[];
  /** The canonical ds:SignatureValue: what they must be over. */
  readonly stamped: Uint8Array;
  readonly evidence: Evidence;
}

/** @throws SignatureError */
export function readXadesProperties(signature: XmlSignature): XadesProperties {
  const qualifying = only(
    signature.objects.flatMap((object) => (hasQualifying(object) ? elementsOf(object) : [])),
    'QualifyingProperties',
  );
  const target = qualifying.attr('Target')?.value;
  if (target !== `#${signature.element.attr('Id')?.value ?? ''}`) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  const parts = elementsOf(qualifying);
  const signedProperties = only(parts.slice(0, 1), 'SignedProperties');
  const unsigned = parts.length > 1 ? only(parts.slice(1), 'UnsignedProperties') : undefined;
  const [ofSignature, ofDocument, ...more] = elementsOf(signedProperties);
  if (more.length > 0) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  const signed = elementsOf(only(ofSignature === undefined ? [] : [ofSignature], 'SignedSignatureProperties'));
  const time = optional(signed, 'SigningTime');
  const certificate = optional(signed, 'SigningCertificateV2');
  if (certificate === undefined) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  return {
    signedProperties,
    claimedSigningTime: time === undefined ? undefined : timeOf(textOf(time)),
    certificate: named(certificate, signature.certificates),
    formatOf: ofDocument === undefined ? undefined : formatOf(ofDocument),
    ...readUnsigned(unsigned, signature),
  };
}

function hasQualifying(object: XmlElement): boolean {
  const first = object.firstChild;
  return first !== null && 'name' in first && first.name === 'QualifyingProperties';
}

/** EN 319 132-1 5.2.2: the first is the signer's. Digests of SHA-1 are not accepted: the name is the only thing that binds it. */
function named(property: XmlElement, candidates: readonly Uint8Array[]): Uint8Array {
  const [first] = elementsOf(property);
  const [digest] = elementsOf(only(first === undefined ? [] : [first], 'Cert'));
  const [method, value, ...more] = elementsOf(only(digest === undefined ? [] : [digest], 'CertDigest'));
  if (method === undefined || value === undefined || more.length > 0) {
    throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  }
  const [hash, expected] = [hashOfMethod(method), bytesOf(value)];
  if (candidates.length === 0) throw new SignatureError('ERR_CERTIFICATE_MISSING');
  const found = candidates.find((der) => equalBytes(createHash(hash).update(der).digest(), expected));
  if (found === undefined) throw new SignatureError('ERR_SIGNING_CERTIFICATE_MISMATCH');
  return found;
}

function formatOf(properties: XmlElement): string | undefined {
  const format = optional(elementsOf(only([properties], 'SignedDataObjectProperties')), 'DataObjectFormat');
  return format?.attr('ObjectReference')?.value;
}

function readUnsigned(
  unsigned: XmlElement | undefined,
  { valueElement }: XmlSignature,
): Pick<XadesProperties, 'timeStamps' | 'stamped' | 'evidence'> {
  const none = { timeStamps: [], stamped: new Uint8Array(), evidence: { certificates: [], ocsp: [], crls: [] } };
  if (unsigned === undefined) return none;
  const [ofSignature] = elementsOf(unsigned);
  if (ofSignature === undefined || !isXades(ofSignature, 'UnsignedSignatureProperties')) return none;
  const properties = elementsOf(ofSignature);
  const stamps = properties.filter((one) => isXades(one, 'SignatureTimeStamp'));
  // What is for the time stamps (EN 319 132-1 5.5.1) and what is for the signer: each is proof by itself, wherever it stands.
  const ofTimeStamps = properties
    .filter((one) => one.name === 'TimeStampValidationData' && one.namespaceUri === XADES_141)
    .flatMap(elementsOf);
  const values = (list: string, entry: string): readonly Uint8Array[] =>
    bounded(
      [...properties, ...ofTimeStamps].filter((one) => isXades(one, list)).flatMap((one) => valuesIn(one, entry)),
    );
  return {
    timeStamps: stamps.flatMap((one) => valuesIn(one, 'EncapsulatedTimeStamp')),
    stamped: stamps.length === 0 ? new Uint8Array() : canonicalize(valueElement, methodOf(stamps)),
    evidence: {
      certificates: values('CertificateValues', 'EncapsulatedX509Certificate'),
      ocsp: values('RevocationValues', 'EncapsulatedOCSPValue'),
      crls: values('RevocationValues', 'EncapsulatedCRLValue'),
    },
  };
}

/** How the value was canonicalised for the time stamps: one way for all of them (XAdES: Canonical XML 1.0 where none is named). */
function methodOf(stamps: readonly XmlElement[]): string {
  const methods = stamps.map((stamp) => {
    const method = elementsOf(stamp).find((part) => isDsig(part, 'CanonicalizationMethod'));
    return method === undefined ? CANONICAL_XML_1_0 : algorithmOf(method);
  });
  const [method, ...others] = new Set(methods);
  if (method === undefined || others.length > 0) throw new SignatureError('ERR_TIMESTAMP_MALFORMED');
  return method;
}

/** The entries of a property, directly in it or in a list within it. */
function valuesIn(property: XmlElement, entry: string): Uint8Array[] {
  const parts = elementsOf(property).filter((part) => part.namespaceUri === XADES);
  const entries = parts.flatMap((part) => (part.name.startsWith('Encapsulated') ? [part] : elementsOf(part)));
  const found = entries.filter((part) => isXades(part, entry));
  return bounded(found).map(bytesOf);
}

function bounded<T>(values: readonly T[]): readonly T[] {
  if (values.length > MAX_VALUES) throw new SignatureError('ERR_SIGNATURE_TOO_LARGE');
  return values;
}

function timeOf(text: string): number {
  const match = DATE_TIME.exec(text);
  const time = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}${match[2] ?? ''}`);
  if (Number.isNaN(time)) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  return time;
}

function only(elements: readonly XmlElement[], name: string): XmlElement {
  const [element, ...more] = elements;
  if (element === undefined || more.length > 0 || !isXades(element, name)) {
    throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  }
  return element;
}

function optional(elements: readonly XmlElement[], name: string): XmlElement | undefined {
  const [element, ...more] = elements.filter((one) => isXades(one, name));
  if (more.length > 0) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  return element;
}

function isXades(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespaceUri === XADES;
}

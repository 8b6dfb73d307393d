// Reads the one ds:Signature of a document from a closed set of elements, each in its place (XML Signature 1.1 4). Nothing is ever
// looked up by Id: what a reference names must be where it belongs, and its Id must be nobody else's.
import { type Hash } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';
import { algorithmOf, algorithmOfMethod, DSIG, hashOfMethod } from './xml-algorithms.ts';
import { bytesOf, canonicalize, elementsOf, isCanonicalization, type XmlDocument, XmlElement } from './xml-document.ts';

export interface XmlReference {
  readonly id: string | undefined;
  readonly uri: string | undefined;
  readonly type: string | undefined;
  /** Their identifiers, in order. */
  readonly transforms: readonly string[];
  readonly hash: Hash;
  readonly digest: Uint8Array;
}

export interface XmlSignature {
  readonly element: XmlElement;
  readonly algorithm: SignatureAlgorithm;
  /** The canonical ds:SignedInfo: what the signature value is over. */
  readonly signedBytes: Uint8Array;
  readonly references: readonly XmlReference[];
  readonly valueElement: XmlElement;
  readonly value: Uint8Array;
  /** ds:X509Certificate in ds:KeyInfo, DER: nothing but candidates. Keys without a certificate are not looked at. */
  readonly certificates: readonly Uint8Array[];
  readonly objects: readonly XmlElement[];
}

const MAX_REFERENCES = 2;
const MAX_TRANSFORMS = 2;
const MAX_CERTIFICATES = 16;
const ID = /^[A-Za-z_][\w.-]{0,255}$/;

/** @throws SignatureError */
export function readXmlSignature(document: XmlDocument): XmlSignature {
  const [element, ...more] = document
    .find('/descendant::ds:Signature', { ds: DSIG })
    .filter((node) => node instanceof XmlElement);
  if (element === undefined) throw new SignatureError('ERR_SIGNATURE_MISSING');
  if (more.length > 0) throw new SignatureError('ERR_SIGNATURE_MULTIPLE');
  const [signedInfo, valueElement, ...rest] = elementsOf(element);
  const keyInfo = rest[0] !== undefined && isDsig(rest[0], 'KeyInfo') ? rest.shift() : undefined;
  const [canonicalization, method, ...references] = elementsOf(expect(signedInfo, 'SignedInfo'));
  if (references.length === 0 || references.length > MAX_REFERENCES) throw new SignatureError('ERR_REFERENCE_REFUSED');
  if (elementsOf(expect(canonicalization, 'CanonicalizationMethod')).length > 0) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED'); // prefixes to keep
  }
  return {
    element,
    algorithm: algorithmOfMethod(expect(method, 'SignatureMethod')),
    signedBytes: canonicalize(
      expect(signedInfo, 'SignedInfo'),
      algorithmOf(expect(canonicalization, 'CanonicalizationMethod')),
    ),
    references: references.map((reference) => readReference(expect(reference, 'Reference'))),
    valueElement: expect(valueElement, 'SignatureValue'),
    value: bytesOf(expect(valueElement, 'SignatureValue')),
    certificates: keyInfo === undefined ? [] : certificatesOf(keyInfo),
    objects: rest.map((object) => expect(object, 'Object')),
  };
}

/** Whether `reference` is to `element` by this Id, which no other element has. @throws SignatureError ERR_REFERENCE_REFUSED */
export function refersTo({ uri }: XmlReference, element: XmlElement): boolean {
  const id = element.attr('Id')?.value;
  if (id === undefined || uri !== `#${id}`) return false;
  // Others may find the wrong one, and show that.
  const names = ['Id', 'ID', 'id'].map((name) => `local-name()='${name}'`).join(' or ');
  if (!ID.test(id) || element.doc.find(`//@*[(${names}) and .='${id}']`).length !== 1) {
    throw new SignatureError('ERR_REFERENCE_REFUSED');
  }
  return true;
}

export function isDsig(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespaceUri === DSIG;
}

function readReference(element: XmlElement): XmlReference {
  const parts = elementsOf(element);
  const transforms = parts[0] !== undefined && isDsig(parts[0], 'Transforms') ? parts.shift() : undefined;
  const [method, value, ...more] = parts;
  if (more.length > 0) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  return {
    id: element.attr('Id')?.value,
    uri: element.attr('URI')?.value,
    type: element.attr('Type')?.value,
    transforms: transforms === undefined ? [] : elementsOf(transforms).map(readTransform),
    hash: hashOfMethod(expect(method, 'DigestMethod')),
    digest: bytesOf(expect(value, 'DigestValue')),
  };
}

/** A transform with parameters (an XPath, a style sheet, prefixes) is none of ours. */
function readTransform(transform: XmlElement, index: number): string {
  const name = algorithmOf(expect(transform, 'Transform'));
  const isKnown = isCanonicalization(name) || name.startsWith(DSIG);
  if (!isKnown || transform.firstChild !== null || index >= MAX_TRANSFORMS) {
    throw new SignatureError('ERR_REFERENCE_REFUSED');
  }
  return name;
}

function certificatesOf(keyInfo: XmlElement): Uint8Array[] {
  const certificates = elementsOf(keyInfo)
    .filter((part) => isDsig(part, 'X509Data'))
    .flatMap(elementsOf)
    .filter((part) => isDsig(part, 'X509Certificate'));
  if (certificates.length > MAX_CERTIFICATES) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  return certificates.map(bytesOf);
}

function expect(element: XmlElement | undefined, name: string): XmlElement {
  if (element === undefined || !isDsig(element, name)) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  return element;
}

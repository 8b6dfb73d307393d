// XML Signature for sites that put the document together themselves: given the canonical ds:SignedInfo, its signature value. The site
// has computed the digests; the holder is shown SignedInfo itself, and told that what it refers to cannot be.
import { type XmlElement, type XmlTreeNode, XmlElement as Element, XmlText } from 'libxml2-wasm';
import { type HashName, hashLength } from './algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type Signer } from './signer.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import {
  digestMethods,
  dsigNamespace,
  exclusiveCanonicalization,
  maskGeneration,
  pssMethod,
  pssNamespace,
  sha1DigestMethod,
  signatureMethods,
} from './xml-algorithms.ts';
import { type CanonicalizationMethod, canonicalizationMethods, canonicalize, withXml } from './xml.ts';

/** What a ds:SignedInfo says, for showing. Texts are the site's own. */
export interface SignedInfoDescription {
  canonicalizationMethod: string;
  algorithm: SignatureAlgorithm;
  references: readonly SignedReference[];
}

export interface SignedReference {
  /** Absent: left to whoever verifies. Empty: the document that the signature stands in. */
  uri?: string;
  type?: string;
  transforms: readonly string[];
  hash: 'SHA-1' | HashName;
  /** Base64. */
  digest: string;
}

const maximumReferences = 100;
const maximumTransforms = 8;
const maximumSize = 262_144;
/** What all references and transforms have in full, and namespaces in scope: Canonical XML 1.0 compares each with each, at each element. */
const maximumMarkup = 10_000;
const maximumInherited = 128;

/**
 * The value of ds:SignatureValue, as bytes.
 * @param signedInfo a whole ds:SignedInfo, in the canonical form that its CanonicalizationMethod names
 * @throws SignatureError before the signer is called; and what the signer throws
 */
export async function signSignedInfo(signedInfo: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const { algorithm, references } = describeSignedInfo(signedInfo);
  if (algorithm !== signer.algorithm)
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'SignatureMethod is not what the key signs with');
  if (algorithm !== 'RS1' && references.some(({ hash }) => hash === 'SHA-1'))
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'SHA-1 in a reference');
  return signer.sign(signedInfo);
}

/**
 * Reads a canonical ds:SignedInfo from a closed set of elements.
 * @throws SignatureError ERR_DOCUMENT_FORMAT, ERR_DOCUMENT_REFUSED, ERR_DOCUMENT_TOO_LARGE, ERR_SIGNATURE_ALGORITHM
 */
export function describeSignedInfo(signedInfo: Uint8Array): SignedInfoDescription {
  if (signedInfo.length > maximumSize) throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'too long a SignedInfo');
  return withXml(signedInfo, (document, { markup, inherited }) => {
    if (markup > maximumMarkup || inherited > maximumInherited)
      throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'too much markup in a SignedInfo');
    const root = document.root;
    if (!is(root, 'SignedInfo')) throw malformed('the root is not ds:SignedInfo');
    const [method, signatureMethod, ...references] = elementsOf(root);
    const { canonicalizationMethod, prefixes } = readCanonicalization(expect(method, 'CanonicalizationMethod'));
    const pieces: Buffer[] = [];
    canonicalize(document, canonicalizationMethod, (piece) => pieces.push(Buffer.from(piece)), prefixes);
    if (Buffer.compare(Buffer.concat(pieces), signedInfo) !== 0) throw malformed('not in canonical form');
    if (references.length === 0 || references.length > maximumReferences) throw malformed('no reference, or too many');
    return {
      canonicalizationMethod,
      algorithm: readSignatureMethod(expect(signatureMethod, 'SignatureMethod')),
      references: references.map((reference) => readReference(expect(reference, 'Reference'))),
    };
  });
}

function readCanonicalization(element: XmlElement): {
  canonicalizationMethod: CanonicalizationMethod;
  prefixes: string[];
} {
  const algorithm = attribute(element, 'Algorithm');
  if (algorithm === undefined || !Object.hasOwn(canonicalizationMethods, algorithm))
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'a canonicalisation that is not known, or with comments');
  const [inclusive, ...more] = elementsOf(element);
  const isInclusive = inclusive?.name === 'InclusiveNamespaces' && inclusive.namespaceUri === exclusiveCanonicalization;
  if (more.length > 0 || (inclusive !== undefined && (!isInclusive || algorithm !== exclusiveCanonicalization)))
    throw malformed('a CanonicalizationMethod with more in it than it has');
  const list = inclusive === undefined ? '' : (attribute(inclusive, 'PrefixList') ?? '');
  return {
    canonicalizationMethod: algorithm as CanonicalizationMethod,
    prefixes: list.split(/[ \t\r\n]+/).filter((prefix) => prefix !== ''),
  };
}

function readSignatureMethod(element: XmlElement): SignatureAlgorithm {
  const uri = attribute(element, 'Algorithm') ?? '';
  const parameters = elementsOf(element);
  if (uri === pssMethod && parameters.length === 1 && parameters[0] !== undefined) return readPss(parameters[0]);
  const algorithm = Object.hasOwn(signatureMethods, uri) ? signatureMethods[uri] : undefined;
  if (algorithm === undefined || parameters.length > 0)
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'a SignatureMethod that is not known');
  return algorithm;
}

/** Parameters in full, the mask by the same hash, the salt as long as the hash: what PS256, PS384 and PS512 mean. */
function readPss(parameters: XmlElement): SignatureAlgorithm {
  const [digest, mask, salt, trailer, ...more] = elementsOf(parameters);
  const named = (element: XmlElement | undefined, name: string): boolean =>
    element?.name === name && element.namespaceUri === pssNamespace;
  const hash = digest === undefined ? undefined : readHash(digest);
  const isPss =
    hash !== undefined &&
    hash !== 'SHA-1' &&
    named(parameters, 'RSAPSSParams') &&
    mask !== undefined &&
    named(mask, 'MaskGenerationFunction') &&
    attribute(mask, 'Algorithm') === maskGeneration &&
    elementsOf(mask).map(readHash).join() === hash &&
    named(salt, 'SaltLength') &&
    salt?.content === String(hashLength(hash)) &&
    (trailer === undefined || (named(trailer, 'TrailerField') && trailer.content === '1')) &&
    more.length === 0;
  if (!isPss) throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'parameters of RSASSA-PSS other than the usual');
  return `PS${hash.slice('SHA-'.length)}` as SignatureAlgorithm;
}

function readReference(element: XmlElement): SignedReference {
  const parts = elementsOf(element);
  const transforms = parts[0] !== undefined && is(parts[0], 'Transforms') ? parts.shift() : undefined;
  const [method, value, ...more] = parts;
  const hash = readHash(expect(method, 'DigestMethod'));
  const digest = expect(value, 'DigestValue').content;
  const bytes = Buffer.from(digest, 'base64');
  if (
    more.length > 0 ||
    bytes.toString('base64') !== digest ||
    bytes.length !== (hash === 'SHA-1' ? 20 : hashLength(hash))
  )
    throw malformed('a reference whose digest is none');
  const [uri, type] = [attribute(element, 'URI'), attribute(element, 'Type')];
  return {
    ...(uri !== undefined && { uri }),
    ...(type !== undefined && { type }),
    transforms: transforms === undefined ? [] : readTransforms(transforms),
    hash,
    digest,
  };
}

function readTransforms(element: XmlElement): string[] {
  const transforms = elementsOf(element);
  if (transforms.length === 0 || transforms.length > maximumTransforms) throw malformed('no transform, or too many');
  return transforms.map((transform) => {
    const algorithm = attribute(expect(transform, 'Transform'), 'Algorithm');
    if (algorithm === undefined) throw malformed('a transform without a name');
    return algorithm;
  });
}

function readHash(element: XmlElement): 'SHA-1' | HashName {
  const uri = is(element, 'DigestMethod') ? attribute(element, 'Algorithm') : undefined;
  if (uri === sha1DigestMethod) return 'SHA-1';
  for (const hash of ['SHA-256', 'SHA-384', 'SHA-512'] as const) if (digestMethods[hash] === uri) return hash;
  throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'a DigestMethod that is not known');
}

/** Children that are elements; between them nothing but white space. */
function elementsOf(parent: XmlElement): XmlElement[] {
  const elements: XmlElement[] = [];
  for (let child: XmlTreeNode | null = parent.firstChild; child !== null; child = child.next) {
    if (child instanceof Element) elements.push(child);
    else if (!(child instanceof XmlText) || child.content.trim() !== '') throw malformed('text between elements');
  }
  return elements;
}

function expect(element: XmlElement | undefined, name: string): XmlElement {
  if (element === undefined || !is(element, name)) throw malformed(`no ds:${name} where one belongs`);
  return element;
}

function is(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespaceUri === dsigNamespace;
}

function attribute(element: XmlElement, name: string): string | undefined {
  return element.attr(name)?.value;
}

function malformed(reason: string): SignatureError {
  return new SignatureError('ERR_DOCUMENT_FORMAT', reason);
}

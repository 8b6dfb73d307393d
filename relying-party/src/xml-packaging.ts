// Which bytes the reference of an XML signature is over: the document around the signature, the object within it, or a document
// beside it. Whoever uses the document must use these bytes: another reading of the same XML is what signature wrapping lives on.
import { createHash, timingSafeEqual } from 'node:crypto';
import { SignatureError } from './signature-error.ts';
import { BASE64, ENVELOPED_SIGNATURE } from './xml-algorithms.ts';
import { bytesOf, canonicalize, isCanonicalization, type XmlDocument, type XmlElement } from './xml-document.ts';
import { refersTo, type XmlReference, type XmlSignature } from './xml-signature.ts';

/**
 * The signed bytes, once their digest is right. Takes the signature out of an enveloped document: to be called last.
 * @throws SignatureError
 */
export function signedDocument(
  tree: XmlDocument,
  { element, objects }: XmlSignature,
  reference: XmlReference,
  given: Uint8Array | undefined,
): Uint8Array {
  const { uri, transforms } = reference;
  const root = tree.root;
  if (uri === '' || refersTo(reference, root)) {
    if (given !== undefined) throw new SignatureError('ERR_DOCUMENT_UNEXPECTED');
    return checked(reference, enveloped(tree, root, element, reference));
  }
  if (!element.isSameNode(root)) throw new SignatureError('ERR_REFERENCE_REFUSED');
  const object = objects.find((one) => refersTo(reference, one));
  if (object !== undefined) {
    if (given !== undefined) throw new SignatureError('ERR_DOCUMENT_UNEXPECTED');
    return checked(reference, enveloping(object, transforms));
  }
  if (uri?.includes('#') === true || transforms.length > 0) throw new SignatureError('ERR_REFERENCE_REFUSED');
  if (given === undefined) throw new SignatureError('ERR_DOCUMENT_MISSING');
  return checked(reference, given);
}

/** @throws SignatureError ERR_DOCUMENT_CHANGED */
export function checked({ hash, digest }: XmlReference, bytes: Uint8Array): Uint8Array {
  const found = createHash(hash).update(bytes).digest();
  if (found.length !== digest.length || !timingSafeEqual(found, digest)) {
    throw new SignatureError('ERR_DOCUMENT_CHANGED');
  }
  return bytes;
}

function enveloped(tree: XmlDocument, root: XmlElement, signature: XmlElement, reference: XmlReference): Uint8Array {
  const [first, method, ...more] = reference.transforms;
  const isExact = first === ENVELOPED_SIGNATURE && method !== undefined && isCanonicalization(method);
  if (!isExact || more.length > 0 || signature.isSameNode(root)) throw new SignatureError('ERR_REFERENCE_REFUSED');
  signature.remove();
  return canonicalize(reference.uri === '' ? tree : root, method);
}

function enveloping(object: XmlElement, [transform, ...more]: readonly string[]): Uint8Array {
  if (transform === undefined || more.length > 0) throw new SignatureError('ERR_REFERENCE_REFUSED');
  if (transform === BASE64) return bytesOf(object);
  if (!isCanonicalization(transform)) throw new SignatureError('ERR_REFERENCE_REFUSED');
  return canonicalize(object, transform);
}

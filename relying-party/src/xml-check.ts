// The checks of an XML signature that need its tree: structure, references, digests, and the signature value. Loaded when the first
// XML signature comes: libxml2 is a megabyte that a site without them does without.
import { readCertificate } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import { verifySignature } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';
import { type Evidence } from './signed-data.ts';
import { readXadesProperties, SIGNED_PROPERTIES_TYPE } from './xades-properties.ts';
import { canonicalize, isCanonicalization, withXml, type XmlElement } from './xml-document.ts';
import { checked, signedDocument } from './xml-packaging.ts';
import { readXmlSignature, refersTo, type XmlReference, type XmlSignature } from './xml-signature.ts';

/** What is known once the signature itself is good. Nothing of it is judged yet. */
export interface CheckedXml {
  readonly certificate: Certificate;
  readonly algorithm: SignatureAlgorithm;
  readonly documentBytes: Uint8Array;
}

export interface CheckedXades extends CheckedXml {
  readonly claimedSigningTime: number | undefined;
  readonly timeStamps: readonly Uint8Array[];
  readonly stamped: Uint8Array;
  readonly evidence: Evidence;
}

/** @throws SignatureError */
export function checkXades(signature: Uint8Array, document: Uint8Array | undefined): CheckedXades {
  return withXml(signature, (tree) => {
    const read = readXmlSignature(tree);
    const { certificate: der, signedProperties, formatOf, ...properties } = readXadesProperties(read);
    const certificate = verifiedBy(read, der);
    const reference = withoutProperties(read.references, signedProperties);
    if (formatOf !== undefined && formatOf !== `#${reference.id ?? ''}`) {
      throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
    }
    const documentBytes = signedDocument(tree, read, reference, document);
    return { certificate, algorithm: read.algorithm, documentBytes, ...properties };
  });
}

/** @throws SignatureError */
export function checkXmlDsig(signature: Uint8Array, document: Uint8Array | undefined): CheckedXml {
  return withXml(signature, (tree) => {
    const read = readXmlSignature(tree);
    const [reference, ...more] = read.references;
    if (reference === undefined || more.length > 0) throw new SignatureError('ERR_REFERENCE_REFUSED');
    const [der] = read.certificates;
    if (der === undefined) throw new SignatureError('ERR_CERTIFICATE_MISSING');
    const certificate = verifiedBy(read, der);
    return { certificate, algorithm: read.algorithm, documentBytes: signedDocument(tree, read, reference, document) };
  });
}

function verifiedBy({ algorithm, signedBytes, value }: XmlSignature, der: Uint8Array): Certificate {
  const certificate = readCertificate(der);
  const { publicKey } = certificate;
  verifySignature({ algorithm, publicKey, signed: signedBytes, signature: value, encoding: 'ieee-p1363' });
  return certificate;
}

/** Of the two references one is to the signed properties, and these are as they were signed; the other is returned. */
function withoutProperties(references: readonly XmlReference[], properties: XmlElement): XmlReference {
  const [toProperties, ...otherProperties] = references.filter(({ type }) => type === SIGNED_PROPERTIES_TYPE);
  const [document, ...others] = references.filter(({ type }) => type !== SIGNED_PROPERTIES_TYPE);
  if (toProperties === undefined) throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  const [method, ...more] = toProperties.transforms;
  const isExact = method !== undefined && more.length === 0 && isCanonicalization(method);
  const isOne = document !== undefined && others.length === 0 && otherProperties.length === 0;
  if (!isOne || !isExact || !refersTo(toProperties, properties)) throw new SignatureError('ERR_REFERENCE_REFUSED');
  checked(toProperties, canonicalize(properties, method));
  return document;
}

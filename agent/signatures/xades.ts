// XAdES baseline signatures (ETSI EN 319 132-1): enveloped in the XML document, enveloping it in base64, or detached from it. The
// signer signs once, over SignedInfo; what B-T and B-LT add stands in unsigned properties behind it and changes no signed byte.
import { createHash, randomUUID } from 'node:crypto';
import { hashOf, nodeHash } from './algorithm.ts';
import { revocationOfSigner } from './long-term.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureSurroundings, type Signer } from './signer.ts';
import {
  base64,
  keyInfoElement,
  type ReferenceTemplate,
  signatureFrame,
  signatureValueElement,
  signedInfoElement,
  signedPropertiesElement,
} from './xades-template.ts';
import { unsignedPropertiesElement } from './xades-unsigned.ts';
import {
  base64Transform,
  dsigNamespace,
  envelopedSignature,
  exclusiveCanonicalization,
  strongAlgorithm,
} from './xml-algorithms.ts';
import { canonicalize, withXml } from './xml.ts';
import { type XmlOutline } from './xml-outline.ts';

export interface XadesOptions {
  packaging: 'enveloped' | 'enveloping' | 'detached';
  /** Media type of the document, which the signature tells under signature. */
  mimeType: string;
  /** How a detached signature names its document. Absent: whoever verifies knows. */
  uri?: string;
}

type Digest = (bytes: Uint8Array) => string;

/** Where the signature goes, and how it refers to the document. */
interface Packaging {
  head: Uint8Array;
  /** An element of the signature that holds the document. */
  object?: Uint8Array[];
  tail: Uint8Array;
  reference: Omit<ReferenceTemplate, 'id'>;
}

const xmlType = /^(?:text|application)\/(?:xml|[^;]*\+xml)$/;
/** An absolute or relative reference (RFC 3986) to another document: no fragment. */
const documentUri = /^(?:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * Signs `document`; level B-B, or what `surroundings` can reach. The result is XML in UTF-8.
 * @throws SignatureError before the signer is called, or when an authority gave nothing (ERR_SIGNATURE_*); and what the signer throws
 */
export async function signXades(
  document: Uint8Array,
  { packaging, mimeType, uri }: XadesOptions,
  signer: Signer,
  surroundings: SignatureSurroundings,
): Promise<Uint8Array> {
  const algorithm = strongAlgorithm(signer.algorithm);
  const hash = hashOf(algorithm);
  const digest: Digest = (bytes) => createHash(nodeHash(hash)).update(bytes).digest('base64');
  const id = randomUUID();
  const [signatureId, valueId, propertiesId, referenceId] = ['sig', 'value', 'properties', 'document'].map(
    (part) => `${part}-${id}`,
  ) as [string, string, string, string];

  const { head, object, tail, reference } = packed();
  const revocation = await revocationOfSigner(surroundings);
  const properties = signedPropertiesElement({
    id: propertiesId,
    signingTime: surroundings.now,
    hash,
    certificateDigest: digest(signer.certificate),
    reference: referenceId,
    mimeType,
  });
  const signedInfo = signedInfoElement(
    algorithm,
    hash,
    { ...reference, id: referenceId },
    { id: propertiesId, digest: digest(Buffer.from(properties)) },
  );
  const value = signatureValueElement(valueId, base64(await signer.sign(Buffer.from(signedInfo))));
  const certificates = [signer.certificate, ...signer.chain];
  const unsigned = await unsignedPropertiesElement(value, hash, certificates, surroundings, revocation);
  const frame = signatureFrame(signatureId);
  return Buffer.concat([
    head,
    Buffer.from(frame.head + signedInfo + value + keyInfoElement(certificates)),
    ...(object ?? []),
    Buffer.from(frame.qualifying.head + properties + unsigned + frame.qualifying.tail + frame.tail),
    tail,
  ]);

  function packed(): Packaging {
    if (packaging === 'enveloped') return enveloped(document, nodeHash(hash));
    if (xmlType.test(mimeType)) withXml(document, () => undefined);
    if (packaging === 'enveloping') return enveloping(document, mimeType, `object-${id}`, digest);
    return detached(document, uri, digest);
  }
}

/** The signature becomes the root's last child; every byte of the document stays. */
function enveloped(document: Uint8Array, hash: string): Packaging {
  return withXml(document, (tree, outline) => {
    // Whoever verifies takes only one signature out: one more would break the first.
    if (tree.get('//ds:Signature', { ds: dsigNamespace }) !== null)
      throw new SignatureError('ERR_DOCUMENT_REFUSED', 'a signature in it already');
    const digest = createHash(hash);
    canonicalize(tree, exclusiveCanonicalization, (piece) => digest.update(piece));
    return {
      ...split(document, outline),
      reference: {
        uri: '',
        transforms: [envelopedSignature, exclusiveCanonicalization],
        digest: digest.digest('base64'),
      },
    };
  });
}

function split(
  document: Uint8Array,
  { rootName, rootEnd, isEmptyElement }: XmlOutline,
): Pick<Packaging, 'head' | 'tail'> {
  const before = document.subarray(0, rootEnd);
  if (!isEmptyElement) return { head: before, tail: document.subarray(rootEnd) };
  return {
    head: Buffer.concat([before, Buffer.from('>')]),
    tail: Buffer.concat([Buffer.from(`</${rootName}>`), document.subarray(rootEnd + '/>'.length)]),
  };
}

/** The document in base64 within the signature, its very bytes signed (XML Signature 1.1 6.6.2). */
function enveloping(document: Uint8Array, mimeType: string, id: string, digest: Digest): Packaging {
  const type = mimeType.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return {
    head: Buffer.from(declaration),
    object: [
      Buffer.from(`<ds:Object Encoding="${base64Transform}" Id="${id}" MimeType="${type}">`),
      Buffer.from(base64(document), 'latin1'),
      Buffer.from('</ds:Object>'),
    ],
    tail: new Uint8Array(),
    reference: { uri: `#${id}`, transforms: [base64Transform], digest: digest(document) },
  };
}

function detached(document: Uint8Array, uri: string | undefined, digest: Digest): Packaging {
  // An empty one, or one with a fragment, would name the signature's own document.
  if (uri !== undefined && !documentUri.test(uri))
    throw new SignatureError('ERR_DOCUMENT_REFUSED', 'an address that is no URI of another document');
  return {
    head: Buffer.from(declaration),
    tail: new Uint8Array(),
    reference: { ...(uri !== undefined && { uri }), transforms: [], digest: digest(document) },
  };
}

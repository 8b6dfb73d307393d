// Parses XML with libxml2 within the bounds of xml-outline.ts, and canonicalises it. Nothing is ever loaded from elsewhere, and
// no tree outlives its use: WebAssembly memory is not collected.
import { ParseOption, XmlC14NMode, XmlDocument, XmlError, XmlParseError } from 'libxml2-wasm';
import { SignatureError } from './signature-error.ts';
import { exclusiveCanonicalization } from './xml-algorithms.ts';
import { outlineOf, type XmlOutline } from './xml-outline.ts';

/** Canonicalisation methods without comments, by their identifiers (XML Signature 1.1 6.5). */
export const canonicalizationMethods = {
  [exclusiveCanonicalization]: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': XmlC14NMode.XML_C14N_1_0,
  'http://www.w3.org/2006/12/xml-c14n11': XmlC14NMode.XML_C14N_1_1,
} as const;

export type CanonicalizationMethod = keyof typeof canonicalizationMethods;

/** Bounds are those of xml-outline.ts: libxml2's own would refuse a text of 10 MB, such as an attachment in base64. */
const parseOptions: ParseOption =
  ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_HUGE;

/**
 * Parses `bytes` and lets `use` work with the tree, which is gone afterwards.
 * @throws SignatureError ERR_DOCUMENT_FORMAT, ERR_DOCUMENT_REFUSED, ERR_DOCUMENT_TOO_LARGE
 */
export function withXml<Result>(
  bytes: Uint8Array,
  use: (document: XmlDocument, outline: XmlOutline) => Result,
): Result {
  const outline = outlineOf(bytes);
  const document = parse(bytes);
  try {
    if (document.dtd !== null) throw new SignatureError('ERR_DOCUMENT_REFUSED', 'a DOCTYPE');
    return use(document, outline);
  } finally {
    document.dispose();
  }
}

/**
 * Passes the canonical form of a whole document on, piece by piece; each piece is valid only during the call.
 * @throws SignatureError ERR_DOCUMENT_REFUSED, for a document that has none (a namespace name that is relative)
 */
export function canonicalize(
  document: XmlDocument,
  method: CanonicalizationMethod,
  take: (piece: Uint8Array) => void,
  inclusivePrefixes: readonly string[] = [],
): void {
  const write = (piece: Uint8Array): number => {
    take(piece);
    return piece.length;
  };
  try {
    document.canonicalize(
      { write, close: () => true },
      {
        mode: canonicalizationMethods[method],
        ...(inclusivePrefixes.length > 0 && { inclusiveNamespacePrefixes: [...inclusivePrefixes] }),
      },
    );
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new SignatureError('ERR_DOCUMENT_REFUSED', 'no canonical form', { cause });
  }
}

function parse(bytes: Uint8Array): XmlDocument {
  try {
    return XmlDocument.fromBuffer(bytes, { option: parseOptions });
  } catch (cause) {
    if (!(cause instanceof XmlParseError)) throw cause;
    // libxml2's own words quote the document.
    throw new SignatureError('ERR_DOCUMENT_FORMAT', 'not well-formed XML with namespaces');
  }
}

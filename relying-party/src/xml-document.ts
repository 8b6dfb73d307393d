// Parses XML that may be hostile, with libxml2: UTF-8 without a byte-order mark, XML 1.0, no DOCTYPE, within bounds that are read
// from the text before there is a tree. Nothing is loaded from elsewhere, and no tree outlives its use.
import { ParseOption, XmlC14NMode, XmlDocument, XmlElement, XmlParseError, XmlText } from 'libxml2-wasm';
import { SignatureError } from './signature-error.ts';

export { type XmlDocument, XmlElement } from 'libxml2-wasm';

/** A document of 64 MiB in base64, and what stands around it. */
const MAX_LENGTH = 96 * 1024 * 1024;
const MAX_DEPTH = 128;
/** Tags, attributes, comments and instructions: what the agent signs. Each costs some microseconds. */
const MAX_MARKUP = 500_000;
const MAX_ATTRIBUTES = 256;
/** Attributes of an element and of all that it stands in; and the sum of their squares: inclusive canonicalisation compares each
 *  namespace in scope with each, at each element, in a hundred million comparisons a second. */
const MAX_INHERITED = 512;
const MAX_COMPARISONS = 1_000_000_000;
const UTF16 = new Set(['feff', 'fffe', '003c', '3c00']);
const BYTE_ORDER_MARK = 'efbbbf';
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"utf-8"|'utf-8'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>$/i;
const MAX_DECLARATION_LENGTH = 200;

/** Canonicalisation methods without comments, by their identifiers (XML Signature 1.1 6.5). */
const METHODS: ReadonlyMap<string, (typeof XmlC14NMode)[keyof typeof XmlC14NMode]> = new Map([
  ['http://www.w3.org/2001/10/xml-exc-c14n#', XmlC14NMode.XML_C14N_EXCLUSIVE_1_0],
  ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315', XmlC14NMode.XML_C14N_1_0],
  ['http://www.w3.org/2006/12/xml-c14n11', XmlC14NMode.XML_C14N_1_1],
]);

// Bounds are our own: libxml2's would refuse a text of 10 MB, such as a document in base64.
const PARSE_OPTIONS: ParseOption =
  ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_HUGE;

/** @throws SignatureError ERR_DOCUMENT_FORMAT, ERR_DOCUMENT_REFUSED, ERR_SIGNATURE_TOO_LARGE, and what `use` throws */
export function withXml<T>(bytes: Uint8Array, use: (document: XmlDocument) => T): T {
  if (bytes.length > MAX_LENGTH) throw new SignatureError('ERR_SIGNATURE_TOO_LARGE');
  assertMarkup(decode(bytes));
  const document = parse(bytes);
  try {
    if (document.dtd !== null) throw new SignatureError('ERR_DOCUMENT_REFUSED');
    return use(document);
  } finally {
    document.dispose();
  }
}

export function isCanonicalization(method: string): boolean {
  return METHODS.has(method);
}

/**
 * The canonical form of a whole document, or of an element where it stands.
 * @throws SignatureError ERR_ALGORITHM_UNSUPPORTED, ERR_DOCUMENT_REFUSED
 */
export function canonicalize(node: XmlDocument | XmlElement, method: string): Uint8Array {
  const mode = METHODS.get(method);
  if (mode === undefined) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  const pieces: Buffer[] = [];
  const write = (piece: Uint8Array): number => {
    pieces.push(Buffer.from(piece));
    return piece.length;
  };
  try {
    node.canonicalize({ write, close: () => true }, { mode });
  } catch {
    throw new SignatureError('ERR_DOCUMENT_REFUSED'); // a namespace name that is relative
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** Children that are elements; between them nothing but white space. @throws SignatureError ERR_SIGNATURE_MALFORMED */
export function elementsOf(parent: XmlElement): XmlElement[] {
  const elements: XmlElement[] = [];
  for (let child = parent.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) elements.push(child);
    else if (!(child instanceof XmlText) || child.content.trim() !== '') {
      throw new SignatureError('ERR_SIGNATURE_MALFORMED');
    }
  }
  return elements;
}

/** The text of an element that holds nothing else. @throws SignatureError ERR_SIGNATURE_MALFORMED */
export function textOf(element: XmlElement): string {
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (!(child instanceof XmlText)) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  }
  return element.content;
}

/** Base64 that may be broken into lines, else canonical. @throws SignatureError ERR_SIGNATURE_MALFORMED */
export function bytesOf(element: XmlElement): Uint8Array {
  const text = textOf(element).replace(/[ \t\r\n]+/g, '');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  return new Uint8Array(bytes);
}

function parse(bytes: Uint8Array): XmlDocument {
  try {
    return XmlDocument.fromBuffer(bytes, { option: PARSE_OPTIONS });
  } catch (error) {
    if (!(error instanceof XmlParseError)) throw error;
    throw new SignatureError('ERR_DOCUMENT_FORMAT'); // libxml2's own words quote the document.
  }
}

function decode(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 3)).toString('hex');
  if (UTF16.has(start.slice(0, 4)) || start === BYTE_ORDER_MARK) throw new SignatureError('ERR_DOCUMENT_REFUSED');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SignatureError('ERR_DOCUMENT_FORMAT');
  }
}

/** In a well-formed document without a DOCTYPE every `<` begins markup; in any other libxml2 finds the fault. */
function assertMarkup(text: string): void {
  let at = declarationEnd(text);
  let markup = 0;
  let comparisons = 0;
  /** What each open element has and inherits. */
  const open: number[] = [];
  for (at = text.indexOf('<', at); at >= 0; at = text.indexOf('<', at)) {
    let attributes = 0;
    if (text.startsWith('<!--', at)) at = behind(text, '-->', at + 4);
    else if (text.startsWith('<![CDATA[', at)) at = behind(text, ']]>', at + 9);
    else if (text[at + 1] === '!') throw new SignatureError('ERR_DOCUMENT_REFUSED');
    else if (text[at + 1] === '?') at = behind(text, '?>', at + 2);
    else if (text[at + 1] === '/') {
      open.pop();
      at += 2;
    } else {
      ({ at, attributes } = behindTag(text, at + 1));
      const inherited = attributes + (open[open.length - 1] ?? 0);
      comparisons += inherited ** 2;
      if (inherited > MAX_INHERITED || comparisons > MAX_COMPARISONS) throw new SignatureError('ERR_DOCUMENT_REFUSED');
      if (text[at - 2] !== '/') open.push(inherited);
    }
    markup += 1 + attributes;
    if (open.length > MAX_DEPTH || markup > MAX_MARKUP || attributes > MAX_ATTRIBUTES) {
      throw new SignatureError('ERR_DOCUMENT_REFUSED');
    }
  }
}

function declarationEnd(text: string): number {
  if (!/^<\?xml\s/.test(text)) return 0;
  const end = behind(text.slice(0, MAX_DECLARATION_LENGTH), '?>', 0);
  if (!DECLARATION.test(text.slice(0, end))) throw new SignatureError('ERR_DOCUMENT_REFUSED');
  return end;
}

function behind(text: string, delimiter: string, from: number): number {
  const found = text.indexOf(delimiter, from);
  if (found < 0) throw new SignatureError('ERR_DOCUMENT_FORMAT');
  return found + delimiter.length;
}

/** A `>` in an attribute's value does not end the tag. */
function behindTag(text: string, from: number): { at: number; attributes: number } {
  const delimiter = /["'>]/g;
  let attributes = 0;
  for (let at = from; attributes <= MAX_ATTRIBUTES; attributes += 1) {
    delimiter.lastIndex = at;
    const found = delimiter.exec(text);
    if (found === null) throw new SignatureError('ERR_DOCUMENT_FORMAT');
    if (found[0] === '>') return { at: found.index + 1, attributes };
    at = behind(text, found[0], found.index + 1);
  }
  throw new SignatureError('ERR_DOCUMENT_REFUSED');
}

// Reads the markup of an XML document from its bytes before any parser builds a tree of it: UTF-8 without a byte-order mark,
// XML 1.0, no DOCTYPE, within bounds. Says where the root ends. What it lets through may still be ill-formed: xml.ts finds that.
import { isUtf8 } from 'node:buffer';
import { limits } from '../../shared/limits.ts';
import { SignatureError } from './signature-error.ts';

/** Where something can be put in as the root's last child. */
export interface XmlOutline {
  /** The root's name as it is written, with its prefix. */
  rootName: string;
  /** Offset of the root's end tag; of its `/>` if it is empty. */
  rootEnd: number;
  isEmptyElement: boolean;
  /** Tags, attributes and other markup, counted; and the most attributes that an element has with those that it stands in. */
  markup: number;
  inherited: number;
}

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;
const QUOTES = [0x22, 0x27];

const utf16 = ['feff', 'fffe', '003c', '3c00'];
const byteOrderMark = 'efbbbf';
const declaration =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"utf-8"|'utf-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$/i;
const longestDeclaration = 200;
const nameEnd = /[ \t\r\n/>]/;

/**
 * The outline of a document that is within bounds.
 * @throws SignatureError ERR_DOCUMENT_FORMAT, ERR_DOCUMENT_REFUSED, ERR_DOCUMENT_TOO_LARGE
 */
export function outlineOf(bytes: Uint8Array): XmlOutline {
  if (bytes.length > limits.xmlSize) throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'too many bytes of XML');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertEncoding(text);
  return new MarkupReader(text).read();
}

/** Bytes are looked at from here on: in UTF-8 no markup character is part of another. */
function assertEncoding(text: Buffer): void {
  if (utf16.includes(text.toString('hex', 0, 2))) throw refused('another encoding than UTF-8');
  if (text.toString('hex', 0, 3) === byteOrderMark) throw refused('a byte-order mark');
  if (!isUtf8(text) || text.includes(0)) throw malformed('not UTF-8 text');
}

/** Goes from `<` to `<`. In a well-formed document without a DOCTYPE each of them begins markup. */
class MarkupReader {
  readonly #text: Buffer;
  #at = 0;
  /** How many attributes each open element has, with those that it stands in. */
  readonly #open: number[] = [];
  #markup = 0;
  #inherited = 0;
  #root: string | undefined;
  #end: Pick<XmlOutline, 'rootEnd' | 'isEmptyElement'> | undefined;

  constructor(text: Buffer) {
    this.#text = text;
  }

  read(): XmlOutline {
    this.#readDeclaration();
    for (let at = this.#next(); at >= 0; at = this.#next()) {
      this.#at = at;
      this.#count(1);
      const second = this.#text[at + 1];
      if (second === EXCLAMATION) this.#skipCommentOrSection();
      else if (second === QUESTION) this.#skipBehind('?>');
      else if (second === SLASH) this.#readEndTag();
      else this.#readStartTag();
    }
    if (this.#root === undefined || this.#end === undefined) throw malformed('no root element, or one without an end');
    return { rootName: this.#root, ...this.#end, markup: this.#markup, inherited: this.#inherited };
  }

  #next(): number {
    return this.#text.indexOf(LT, this.#at);
  }

  #count(markup: number): void {
    this.#markup += markup;
    if (this.#markup > limits.xmlMarkup) throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'too much markup');
  }

  #readDeclaration(): void {
    if (!/^<\?xml[ \t\r\n]/.test(this.#text.toString('latin1', 0, 6))) return;
    const end = this.#text.subarray(0, longestDeclaration).indexOf('?>');
    if (end < 0) throw malformed('an XML declaration without an end');
    if (!declaration.test(this.#text.toString('latin1', 0, end + 2)))
      throw refused('an XML declaration other than that of XML 1.0 in UTF-8');
    this.#at = end + 2;
  }

  #skipBehind(delimiter: string): void {
    const end = this.#text.indexOf(delimiter, this.#at + 2);
    if (end < 0) throw malformed('markup without an end');
    this.#at = end + delimiter.length;
  }

  #skipCommentOrSection(): void {
    const opens = (word: string): boolean =>
      this.#text.toString('latin1', this.#at, this.#at + word.length).toUpperCase() === word;
    if (opens('<!--')) {
      this.#at += 2;
      this.#skipBehind('-->');
    } else if (opens('<![CDATA[')) {
      this.#skipBehind(']]>');
    } else if (opens('<!DOCTYPE')) {
      throw refused('a DOCTYPE');
    } else {
      throw malformed('a declaration out of place');
    }
  }

  #readEndTag(): void {
    if (this.#open.pop() === undefined) throw malformed('more end tags than start tags');
    if (this.#open.length === 0) this.#end = { rootEnd: this.#at, isEmptyElement: false };
    this.#at += 2;
  }

  #readStartTag(): void {
    const start = this.#at;
    const { end, attributes } = this.#tagEnd();
    const isEmptyElement = this.#text[end - 1] === SLASH;
    if (this.#open.length === 0) {
      if (this.#root !== undefined) throw malformed('more than one root element');
      const tag = this.#text.toString('utf8', start + 1, Math.min(end + 1, start + longestName));
      this.#root = tag.slice(0, tag.search(nameEnd));
      if (isEmptyElement) this.#end = { rootEnd: end - 1, isEmptyElement };
    }
    const inherited = attributes + (this.#open.at(-1) ?? 0);
    if (inherited > limits.xmlInherited) throw refused('too many attributes above one another');
    this.#inherited = Math.max(this.#inherited, inherited);
    if (!isEmptyElement) this.#open.push(inherited);
    if (this.#open.length > limits.xmlDepth) throw refused('too many levels');
    this.#at = end + 1;
  }

  /** Offset of the tag's `>`; one in an attribute's value is none. */
  #tagEnd(): { end: number; attributes: number } {
    let attributes = 0;
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const byte = this.#text[at] ?? 0;
      if (byte === GT) return { end: at, attributes };
      if (!QUOTES.includes(byte)) continue;
      attributes += 1;
      this.#count(1);
      if (attributes > limits.xmlAttributes) throw refused('too many attributes');
      at = this.#text.indexOf(byte, at + 1);
      if (at < 0) break;
    }
    throw malformed('a tag without an end');
  }
}

/** Bytes of a tag that are looked at for the root's name. */
const longestName = 1_000;

function malformed(reason: string): SignatureError {
  return new SignatureError('ERR_DOCUMENT_FORMAT', reason);
}

function refused(reason: string): SignatureError {
  return new SignatureError('ERR_DOCUMENT_REFUSED', reason);
}

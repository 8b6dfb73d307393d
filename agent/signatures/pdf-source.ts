// The bytes of a PDF and the syntax at a given offset: whitespace, whole numbers, keywords, an object behind its head. Every read is
// bounded, so that a hostile file costs no more than its length.
import { type PDFContext, PDFDict, type PDFObject, PDFObjectParser, PDFStream } from '@cantoo/pdf-lib';
import { damaged } from './pdf-refusals.ts';

/** Bytes of one object that is no stream: a page list of 100 000 references has its room. */
const objectSize = 1_048_576;
/** Bytes of a stream's dictionary. */
const streamDictSize = 65_536;

export class PdfSource {
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The first byte at or after `offset` that is neither white space nor in a comment. */
  skipSpace(offset: number): number {
    let at = offset;
    for (; at < this.bytes.length; at += 1) {
      const byte = this.bytes[at] ?? 0;
      if (byte === 0x25) while (at < this.bytes.length && this.bytes[at] !== 0x0a && this.bytes[at] !== 0x0d) at += 1;
      else if (byte > 0x20 || !isSpace(byte)) return at;
    }
    return at;
  }

  has(keyword: string, offset: number): boolean {
    return this.bytes.toString('latin1', offset, offset + keyword.length) === keyword;
  }

  /** The whole number after white space, and where it ends; undefined when something else is there. */
  integer(offset: number): { value: number; end: number } | undefined {
    const start = this.skipSpace(offset);
    let end = start;
    let value = 0;
    for (let digit = this.#digit(end); digit !== undefined; digit = this.#digit(end)) {
      if (end - start >= 12) return undefined;
      value = value * 10 + digit;
      end += 1;
    }
    return end === start ? undefined : { value, end };
  }

  /** Where the object's own syntax begins: behind `12 0 obj`. */
  behindHead(offset: number, number: number, generation: number): number {
    const first = this.integer(offset);
    const second = first === undefined ? undefined : this.integer(first.end);
    const at = second === undefined ? -1 : this.skipSpace(second.end);
    if (first?.value !== number || second?.value !== generation || !this.has('obj', at))
      return damaged('an object is not where the cross references say');
    return at + 3;
  }

  /** The object behind its head. Streams are not read this way. */
  objectAt(offset: number, number: number, generation: number, context: PDFContext): PDFObject {
    const start = this.behindHead(offset, number, generation);
    const parsed = this.parse(start, start + objectSize, context);
    return parsed instanceof PDFStream ? parsed.dict : parsed;
  }

  /** A stream's dictionary, and where its content starts. */
  streamAt(offset: number, number: number, generation: number, context: PDFContext): { dict: PDFDict; start: number } {
    const behind = this.behindHead(offset, number, generation);
    const keyword = this.bytes.subarray(behind, behind + streamDictSize).indexOf('stream');
    if (keyword < 0) return damaged('no stream');
    const dict = this.parse(behind, behind + keyword, context);
    if (!(dict instanceof PDFDict)) return damaged('no stream');
    const after = behind + keyword + 'stream'.length;
    if (this.has('\r\n', after)) return { dict, start: after + 2 };
    return this.has('\n', after) ? { dict, start: after + 1 } : damaged('no stream');
  }

  /** The content of a stream of this length, which `endstream` must follow. */
  content(start: number, length: number | undefined): Buffer {
    const end = start + (length ?? NaN);
    if (!(end >= start && end <= this.bytes.length) || !this.has('endstream', this.skipSpace(end)))
      return damaged('a stream of another length than it says');
    return this.bytes.subarray(start, end);
  }

  /** One object from these bytes on, by the library's parser. */
  parse(start: number, end: number, context: PDFContext): PDFObject {
    return PDFObjectParser.forBytes(this.bytes.subarray(start, end), context).parseObject();
  }

  #digit(at: number): number | undefined {
    const byte = this.bytes[at] ?? 0;
    return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : undefined;
  }
}

/** White space (7.2.3). */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c || byte === 0;
}

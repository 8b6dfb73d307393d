// The cross references of a PDF (7.5.4, 7.5.8), from the last section back to the first: tables, streams, and both in one file.
// Where two sections speak of an object, the later one counts. Bounded in sections and entries.
import { PDFArray, type PDFContext, PDFDict, PDFName, PDFNumber, type PDFObject, PDFRef } from '@cantoo/pdf-lib';
import { damaged, forbidden } from './pdf-refusals.ts';
import { type PdfSource } from './pdf-source.ts';
import { decodedStream } from './pdf-stream.ts';

export type ObjectPlace =
  | { kind: 'free' }
  | { kind: 'at'; offset: number; generation: number }
  | { kind: 'within'; stream: number; index: number };

export interface CrossReferences {
  places: Map<number, ObjectPlace>;
  /** The last section's trailer: Root, ID, Info. */
  trailer: PDFDict;
  /** Where the last section is: the Prev of an update. */
  start: number;
  /** An update continues in the form of the last section. */
  form: 'table' | 'stream';
  /** One more than the highest object number. */
  size: number;
}

/** A scanned book has some 10 000 objects; beyond this nobody signs, and memory is not to be had. */
const maximumObjects = 500_000;
/** Entries of all sections together, and sections: each signature adds one or two. */
const maximumEntries = 1_000_000;
/** Object numbers end here (annex C.2). */
const highestNumber = 8_388_607;
const maximumSections = 1_000;
/** A file's last words stand within this many bytes of its end. */
const tailSize = 2_048;

interface Section {
  trailer: PDFDict;
  form: 'table' | 'stream';
}

/** Reads every section; throws ERR_DOCUMENT_FORMAT when one is damaged, ERR_DOCUMENT_REFUSED when the file is encrypted. */
export function readCrossReferences(source: PdfSource, context: PDFContext): CrossReferences {
  if (!/^%PDF-[12]\.\d/.test(source.bytes.toString('latin1', 0, 8))) return damaged('no PDF header');
  const start = lastSection(source);
  const reader = new SectionReader(source, context);
  const last = reader.section(start);
  const visited = new Set([start]);
  for (let { trailer } = last; ;) {
    if (trailer.has(PDFName.of('Encrypt'))) return forbidden('the document is encrypted');
    const previous = trailer.get(PDFName.of('Prev'));
    if (previous === undefined) break;
    const offset = previous instanceof PDFNumber ? previous.asNumber() : -1;
    if (visited.has(offset) || visited.size >= maximumSections) return damaged('cross references in a circle');
    visited.add(offset);
    ({ trailer } = reader.section(offset));
  }
  const size = Math.max(wholeNumber(last.trailer, 'Size') ?? 0, reader.highest + 1);
  if (size > highestNumber) return damaged('an object number that is none');
  checkPlaces(source, reader.places);
  return { places: reader.places, trailer: last.trailer, start, form: last.form, size };
}

/** Behind the last `startxref`, which only %%EOF and white space may follow. */
function lastSection(source: PdfSource): number {
  const from = Math.max(0, source.bytes.length - tailSize);
  const keyword = source.bytes.subarray(from).lastIndexOf('startxref');
  const offset = keyword < 0 ? undefined : source.integer(from + keyword + 'startxref'.length);
  if (offset === undefined) return damaged('no startxref');
  const end = source.bytes.toString('latin1', offset.end);
  if (!/^[\s\0]*%%EOF[\s\0]*$/.test(end)) return damaged('the end of the file is missing');
  return offset.value;
}

/** Every object that is said to be somewhere has its head there. */
function checkPlaces(source: PdfSource, places: ReadonlyMap<number, ObjectPlace>): void {
  for (const [number, place] of places) {
    if (place.kind === 'at') source.behindHead(place.offset, number, place.generation);
  }
}

class SectionReader {
  readonly places = new Map<number, ObjectPlace>();
  highest = 0;
  readonly #source: PdfSource;
  readonly #context: PDFContext;
  /** What the table being read calls free. */
  readonly #freed = new Set<number>();
  #entries = 0;

  constructor(source: PdfSource, context: PDFContext) {
    this.#source = source;
    this.#context = context;
  }

  section(offset: number): Section {
    if (!Number.isInteger(offset) || offset < 0 || offset >= this.#source.bytes.length)
      return damaged('no such section');
    const at = this.#source.skipSpace(offset);
    if (!this.#source.has('xref', at)) return this.#stream(at);
    const trailer = this.#table(at + 'xref'.length);
    // A hybrid file (7.5.8.4): the stream fills in what this table calls free or leaves out.
    const hybrid = wholeNumber(trailer, 'XRefStm');
    if (hybrid !== undefined) this.#stream(this.#source.skipSpace(hybrid));
    this.#freed.clear();
    return { trailer, form: 'table' };
  }

  /** Subsections of a table, then the trailer. */
  #table(offset: number): PDFDict {
    let at = offset;
    for (;;) {
      const first = this.#source.integer(at);
      if (first === undefined) break;
      const count = this.#source.integer(first.end);
      if (count === undefined) return damaged('a damaged table');
      at = count.end;
      for (let index = 0; index < count.value; index += 1) at = this.#tableEntry(at, first.value + index);
    }
    const keyword = this.#source.skipSpace(at);
    if (!this.#source.has('trailer', keyword)) return damaged('no trailer');
    const start = keyword + 'trailer'.length;
    const trailer = this.#source.parse(start, start + 65_536, this.#context);
    return trailer instanceof PDFDict ? trailer : damaged('no trailer');
  }

  #tableEntry(offset: number, number: number): number {
    const first = this.#source.integer(offset);
    const second = first === undefined ? undefined : this.#source.integer(first.end);
    if (first === undefined || second === undefined) return damaged('a damaged table');
    const kind = this.#source.skipSpace(second.end);
    const isUsed = this.#source.has('n', kind);
    if (!isUsed && !this.#source.has('f', kind)) return damaged('a damaged table');
    // Some writers leave unused objects as in use at 0.
    if (!isUsed || first.value === 0) {
      if (!this.places.has(number)) this.#freed.add(number);
      this.#enter(number, { kind: 'free' });
    } else this.#enter(number, { kind: 'at', offset: first.value, generation: second.value });
    return kind + 1;
  }

  /** A cross-reference stream (7.5.8): its dictionary is the trailer. */
  #stream(offset: number): Section {
    const number = this.#source.integer(offset);
    const generation = number === undefined ? undefined : this.#source.integer(number.end);
    if (number === undefined || generation === undefined) return damaged('no cross references');
    const { dict, start } = this.#source.streamAt(offset, number.value, generation.value, this.#context);
    const type = dict.get(PDFName.of('Type'));
    if (!(type instanceof PDFName) || type.decodeText() !== 'XRef') return damaged('no cross references');
    const content = decodedStream(dict, this.#source.content(start, wholeNumber(dict, 'Length')), direct);
    const widths = numbers(dict, 'W');
    const [typeWidth = -1, secondWidth = -1, thirdWidth = -1] = widths;
    const width = typeWidth + secondWidth + thirdWidth;
    if (widths.length < 3 || widths.some((one) => !Number.isInteger(one) || one < 0 || one > 6) || width < 1)
      return damaged('cross references of unknown widths');
    const sections = dict.has(PDFName.of('Index')) ? numbers(dict, 'Index') : [0, wholeNumber(dict, 'Size') ?? 0];
    const view = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const field = (at: number, bytes: number): number => (bytes === 0 ? 0 : view.readUIntBE(at, bytes));
    let at = 0;
    for (let pair = 0; pair + 1 < sections.length; pair += 2) {
      for (let index = 0; index < (sections[pair + 1] ?? 0); index += 1, at += width) {
        if (at + width > content.length) return damaged('cross references are cut off');
        const kind = typeWidth === 0 ? 1 : field(at, typeWidth);
        const second = field(at + typeWidth, secondWidth);
        const third = field(at + typeWidth + secondWidth, thirdWidth);
        this.#enter((sections[pair] ?? -1) + index, placeOf(kind, second, third));
      }
    }
    return { trailer: dict, form: 'stream' };
  }

  #enter(number: number, place: ObjectPlace): void {
    this.#entries += 1;
    if (!Number.isInteger(number) || number < 0 || number >= highestNumber)
      return damaged('an object number that is none');
    if (this.places.size >= maximumObjects || this.#entries > maximumEntries) return forbidden('too many objects');
    if (!this.places.has(number) || (place.kind !== 'free' && this.#freed.delete(number)))
      this.places.set(number, place);
    this.highest = Math.max(this.highest, number);
  }
}

/** Types 0, 1 and 2; others are to be taken for null (7.5.8.3). */
function placeOf(kind: number, second: number, third: number): ObjectPlace {
  if (kind === 1 && second > 0) return { kind: 'at', offset: second, generation: third };
  if (kind === 2) return { kind: 'within', stream: second, index: third };
  return { kind: 'free' };
}

/** What a section's own dictionary says must be said directly. */
const direct = {
  resolve: (object: PDFObject | undefined): PDFObject | undefined =>
    object instanceof PDFRef ? damaged('a reference in a cross-reference stream') : object,
  number: wholeNumber,
};

function wholeNumber(dict: PDFDict, key: string): number | undefined {
  const found = dict.get(PDFName.of(key));
  if (found === undefined) return undefined;
  const value = found instanceof PDFNumber ? found.asNumber() : -1;
  return Number.isInteger(value) && value >= 0 ? value : damaged('no whole number');
}

function numbers(dict: PDFDict, key: string): number[] {
  const found = dict.get(PDFName.of(key));
  if (!(found instanceof PDFArray)) return damaged('no list of numbers');
  return found.asArray().map((one) => (one instanceof PDFNumber ? one.asNumber() : NaN));
}

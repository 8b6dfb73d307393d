// A PDF file as its cross-references tell it (ISO 32000-1 7.5): the same way that viewers find objects, so that what is
// checked is what is shown. A file whose cross-references are wrong is refused; viewers would start guessing there.
import { decodeStream } from './pdf-filter.ts';
import { NULL_OBJECT, PdfError, type PdfObject, PdfReader, type PdfStream } from './pdf-objects.ts';

/** Where an object is. */
export type PdfEntry =
  | { readonly in: 'file'; readonly offset: number; readonly generation: number }
  | { readonly in: 'stream'; readonly stream: number; readonly index: number }
  | { readonly in: 'nowhere' };

/** One cross-reference section with its trailer. */
export interface PdfSection {
  readonly offset: number;
  readonly entries: ReadonlyMap<number, PdfEntry>;
  readonly trailer: ReadonlyMap<string, PdfObject>;
  /** Number of the cross-reference stream's own object. */
  readonly ownNumber: number | undefined;
}

const MAX_SECTIONS = 256;
const MAX_ENTRIES = 500_000;
const MAX_IN_STREAM = 100_000;
const ENTRY_LENGTH = 20;
const LINE_ENDS = new Set([0x0a, 0x0d]);
const NOWHERE: PdfEntry = { in: 'nowhere' };
const MAX_DECODED = 256 * 1024 * 1024;

export class PdfFile {
  readonly bytes: Uint8Array;
  /** The newest first. */
  readonly sections: readonly PdfSection[];
  readonly #entries: ReadonlyMap<number, PdfEntry>;
  readonly #objects = new Map<number, PdfObject>();
  readonly #streams = new Map<number, ReadonlyMap<number, { readonly index: number; readonly object: PdfObject }>>();
  readonly #opening = new Set<number>();
  #decoded = 0;

  private constructor(bytes: Uint8Array, sections: readonly PdfSection[]) {
    this.bytes = bytes;
    this.sections = sections;
    const entries = new Map<number, PdfEntry>();
    for (const section of sections) {
      for (const [number, entry] of section.entries) if (!entries.has(number)) entries.set(number, entry);
    }
    this.#entries = entries;
  }

  /** @param bytes the file, or a revision of it, from its header to behind its %%EOF. @throws PdfError */
  static open(bytes: Uint8Array): PdfFile {
    if (latin1(bytes, 0, 5) !== '%PDF-') throw new PdfError();
    const sections: PdfSection[] = [];
    const seen = new Set<number>();
    let entries = 0;
    let offset: number | undefined = startOfSections(bytes);
    while (offset !== undefined) {
      if (seen.has(offset) || seen.size >= MAX_SECTIONS) throw new PdfError();
      seen.add(offset);
      const section = readSection(bytes, offset);
      sections.push(section);
      entries += section.entries.size;
      if (entries > MAX_ENTRIES) throw new PdfError();
      offset = offsetIn(section.trailer, 'Prev');
    }
    return new PdfFile(bytes, sections);
  }

  get trailer(): ReadonlyMap<string, PdfObject> {
    return this.sections[0]?.trailer ?? new Map();
  }

  /** One more than the highest object number. */
  get size(): number {
    const size = this.trailer.get('Size');
    return size?.type === 'number' ? size.value : 0;
  }

  entry(number: number): PdfEntry {
    return this.#entries.get(number) ?? NOWHERE;
  }

  /** The object with this number, whatever its generation. @throws PdfError */
  numbered(number: number): PdfObject {
    const entry = this.entry(number);
    return this.#object(number, entry.in === 'file' ? entry.generation : 0);
  }

  /** Follows references. What is free or was never there is null (ISO 32000-1 7.3.10). @throws PdfError */
  resolve(object: PdfObject | undefined): PdfObject {
    let value = object ?? NULL_OBJECT;
    for (let hops = 0; value.type === 'reference'; hops += 1) {
      if (hops > 8) throw new PdfError();
      value = this.#object(value.number, value.generation);
    }
    return value;
  }

  /** The entries of a dictionary; of none where it is absent. @throws PdfError if it is something else. */
  dictionary(object: PdfObject | undefined): ReadonlyMap<string, PdfObject> {
    const value = this.resolve(object);
    if (value.type === 'null') return new Map();
    if (value.type !== 'dictionary') throw new PdfError();
    return value.entries;
  }

  /** The items of an array; none where it is absent. @throws PdfError if it is something else. */
  array(object: PdfObject | undefined): readonly PdfObject[] {
    const value = this.resolve(object);
    if (value.type === 'null') return [];
    if (value.type !== 'array') throw new PdfError();
    return value.items;
  }

  get catalog(): ReadonlyMap<string, PdfObject> {
    return this.dictionary(this.trailer.get('Root'));
  }

  /** The objects of an object stream, by number. @throws PdfError */
  objectStream(number: number): ReadonlyMap<number, { readonly index: number; readonly object: PdfObject }> {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    const entry = this.entry(number);
    if (entry.in !== 'file') throw new PdfError();
    const stream = this.#object(number, entry.generation);
    if (stream.type !== 'stream' || nameIn(stream.entries, 'Type') !== 'ObjStm') throw new PdfError();
    const objects = readObjectStream(stream.entries, this.decode(stream));
    this.#streams.set(number, objects);
    return objects;
  }

  /** What a stream holds. Bounded for the whole file: many small streams can inflate to any size, too. @throws PdfError */
  decode(stream: PdfStream): Uint8Array {
    const bytes = decodeStream(stream);
    this.#decoded += bytes.length;
    if (this.#decoded > MAX_DECODED) throw new PdfError();
    return bytes;
  }

  /** For `PdfReader.indirectObject`. */
  readonly lengthOf = (length: PdfObject): number => {
    const value = this.resolve(length);
    if (value.type !== 'number') throw new PdfError();
    return value.value;
  };

  #object(number: number, generation: number): PdfObject {
    const known = this.#objects.get(number);
    if (known !== undefined) return known;
    const entry = this.entry(number);
    if (entry.in === 'nowhere') return NULL_OBJECT;
    if (this.#opening.has(number)) throw new PdfError(); // a stream whose length is inside itself
    this.#opening.add(number);
    const object = this.#read(number, generation, entry);
    this.#opening.delete(number);
    this.#objects.set(number, object);
    return object;
  }

  #read(number: number, generation: number, entry: Exclude<PdfEntry, { in: 'nowhere' }>): PdfObject {
    if (entry.in === 'stream') {
      const found = this.objectStream(entry.stream).get(number);
      if (found?.index !== entry.index || generation !== 0) throw new PdfError();
      return found.object;
    }
    const found = new PdfReader(this.bytes, entry.offset).indirectObject(this.lengthOf);
    if (found.number !== number || found.generation !== entry.generation || generation !== entry.generation) {
      throw new PdfError();
    }
    return found.object;
  }
}

export function nameIn(entries: ReadonlyMap<string, PdfObject>, key: string): string | undefined {
  const value = entries.get(key);
  return value?.type === 'name' ? value.value : undefined;
}

/** A whole number, not negative, that stands there itself. @throws PdfError */
export function offsetIn(entries: ReadonlyMap<string, PdfObject>, key: string): number | undefined {
  const value = entries.get(key);
  if (value === undefined) return undefined;
  if (value.type !== 'number' || !Number.isSafeInteger(value.value) || value.value < 0) throw new PdfError();
  return value.value;
}

/** What `startxref` at the very end says. */
function startOfSections(bytes: Uint8Array): number {
  const tail = latin1(bytes, Math.max(0, bytes.length - 1024), bytes.length);
  const match = /startxref[\r\n ]+(\d{1,10})[\r\n ]+%%EOF[\r\n ]*$/.exec(tail);
  if (match === null) throw new PdfError();
  return Number(match[1]);
}

function readSection(bytes: Uint8Array, offset: number): PdfSection {
  if (offset >= bytes.length) throw new PdfError();
  const reader = new PdfReader(bytes, offset);
  if (!reader.takes('xref')) return readStreamSection(reader, offset);
  const entries = readTable(bytes, reader);
  const trailer = reader.object();
  if (trailer.type !== 'dictionary') throw new PdfError();
  const hybrid = offsetIn(trailer.entries, 'XRefStm');
  if (hybrid !== undefined) {
    // What the table calls free, the stream may have (ISO 32000-1 7.5.8.4).
    for (const [number, entry] of readStreamSection(new PdfReader(bytes, hybrid), hybrid).entries) {
      if ((entries.get(number) ?? NOWHERE).in === 'nowhere') entries.set(number, entry);
    }
  }
  return { offset, entries, trailer: trailer.entries, ownNumber: undefined };
}

/** Up to behind `trailer`. */
function readTable(bytes: Uint8Array, reader: PdfReader): Map<number, PdfEntry> {
  const entries = new Map<number, PdfEntry>();
  while (!reader.takes('trailer')) {
    const [first, count] = [reader.integer(), reader.integer()];
    reader.skipSpace();
    if (count > (bytes.length - reader.at) / ENTRY_LENGTH) throw new PdfError();
    for (let index = 0; index < count; index += 1) {
      if (entries.has(first + index)) throw new PdfError();
      entries.set(first + index, readEntry(bytes, reader.at));
      reader.at += ENTRY_LENGTH;
    }
  }
  return entries;
}

/** `oooooooooo ggggg n` and two characters that end the line (ISO 32000-1 7.5.4). Read digit by digit: there are many. */
function readEntry(bytes: Uint8Array, at: number): PdfEntry {
  const [lastButOne, last] = [bytes[at + 18] ?? 0, bytes[at + 19] ?? 0];
  const ended = (lastButOne === 0x20 && LINE_ENDS.has(last)) || (lastButOne === 0x0d && last === 0x0a);
  const kind = bytes[at + 17];
  if (!ended || bytes[at + 10] !== 0x20 || bytes[at + 16] !== 0x20) throw new PdfError();
  const [offset, generation] = [digits(bytes, at, 10), digits(bytes, at + 11, 5)];
  if (kind === 0x66) return NOWHERE;
  if (kind !== 0x6e) throw new PdfError();
  return { in: 'file', offset, generation };
}

function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) throw new PdfError();
    value = value * 10 + digit;
  }
  return value;
}

/** ISO 32000-1 7.5.8. */
function readStreamSection(reader: PdfReader, offset: number): PdfSection {
  const { number, object } = reader.indirectObject((length) => {
    if (length.type !== 'number') throw new PdfError();
    return length.value;
  });
  if (object.type !== 'stream' || nameIn(object.entries, 'Type') !== 'XRef') throw new PdfError();
  const widths = wholeNumbers(object.entries.get('W'));
  const size = offsetIn(object.entries, 'Size');
  if (widths?.length !== 3 || widths.some((width) => width > 6) || size === undefined) throw new PdfError();
  const ranges = wholeNumbers(object.entries.get('Index')) ?? [0, size];
  const rows = decodeStream(object);
  const entries = readRows(rows, widths, ranges);
  return { offset, entries, trailer: object.entries, ownNumber: number };
}

function readRows(rows: Uint8Array, widths: readonly number[], ranges: readonly number[]): Map<number, PdfEntry> {
  const entries = new Map<number, PdfEntry>();
  let at = 0;
  const column = (index: number, otherwise: number): number => {
    const width = widths[index] ?? 0;
    if (at + width > rows.length) throw new PdfError();
    let value = width === 0 ? otherwise : 0;
    for (let octet = 0; octet < width; octet += 1) value = value * 256 + (rows[at + octet] ?? 0);
    at += width;
    return value;
  };
  for (let range = 0; range < ranges.length; range += 2) {
    const [first = 0, count = 0] = ranges.slice(range, range + 2);
    if (count > rows.length) throw new PdfError();
    for (let index = 0; index < count; index += 1) {
      const [kind, second, third] = [column(0, 1), column(1, 0), column(2, 0)];
      if (kind > 2 || entries.has(first + index)) throw new PdfError();
      entries.set(
        first + index,
        kind === 1
          ? { in: 'file', offset: second, generation: third }
          : kind === 2
            ? { in: 'stream', stream: second, index: third }
            : NOWHERE,
      );
    }
  }
  if (at !== rows.length) throw new PdfError();
  return entries;
}

function readObjectStream(
  stream: ReadonlyMap<string, PdfObject>,
  bytes: Uint8Array,
): Map<number, { index: number; object: PdfObject }> {
  const [count, first] = [offsetIn(stream, 'N'), offsetIn(stream, 'First')];
  if (count === undefined || first === undefined || count > MAX_IN_STREAM) throw new PdfError();
  const header = new PdfReader(bytes.subarray(0, first), 0);
  const objects = new Map<number, { index: number; object: PdfObject }>();
  for (let index = 0; index < count; index += 1) {
    const [number, offset] = [header.integer(), header.integer()];
    if (objects.has(number)) throw new PdfError();
    objects.set(number, { index, object: new PdfReader(bytes, first + offset).object() });
  }
  return objects;
}

function wholeNumbers(object: PdfObject | undefined): number[] | undefined {
  if (object === undefined) return undefined;
  if (object.type !== 'array') throw new PdfError();
  return object.items.map((item) => {
    if (item.type !== 'number' || !Number.isSafeInteger(item.value) || item.value < 0) throw new PdfError();
    return item.value;
  });
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

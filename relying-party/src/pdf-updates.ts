// The incremental updates behind a signed revision (ISO 32000-1 7.5.6), each held against the strictest layout: objects
// one after the other, the cross-reference section that names exactly these, its trailer, startxref, %%EOF. Whatever
// does not look like that is a change of unknown meaning.
import { nameIn, offsetIn, PdfFile, type PdfSection } from './pdf-file.ts';
import { PdfError, PdfReader } from './pdf-objects.ts';

export interface PdfUpdate {
  readonly before: PdfFile;
  readonly after: PdfFile;
  /** Numbers of the objects that it adds or replaces. */
  readonly changed: ReadonlySet<number>;
  /** Where the revision ends: behind its %%EOF, and behind the line ends that may follow it. */
  readonly end: number;
  readonly endOfLines: number;
}

const MAX_UPDATES = 16;
const LINE_ENDS = new Set([0x0a, 0x0d]);

/** Opens the revision of one file that ends there; each once. */
export type OpenRevision = (end: number) => PdfFile;

export function revisionsOf(bytes: Uint8Array): OpenRevision {
  const opened = new Map<number, PdfFile>();
  return (end) => {
    const file = opened.get(end) ?? PdfFile.open(bytes.subarray(0, end));
    opened.set(end, file);
    return file;
  };
}

/**
 * The updates behind `start`, the oldest first.
 * @throws PdfError if something there is not strictly an update
 */
export function readUpdates(bytes: Uint8Array, start: number, open: OpenRevision): PdfUpdate[] {
  const file = open(bytes.length);
  // Where an update before it would end: the same revision, opened once.
  let before = open(withoutLineEnds(bytes, start));
  const later = file.sections.filter(({ offset }) => offset >= start).reverse();
  assertSameHistory(file, before, later);
  const updates: PdfUpdate[] = [];
  let at = start;
  for (const section of later) {
    const { numbers, end } = readRegion(file, section, at);
    const after = open(end);
    if (after.sections[0]?.offset !== section.offset) throw new PdfError();
    const endOfLines = skipLineEnds(bytes, end);
    updates.push({ before, after, changed: numbers, end, endOfLines });
    [before, at] = [after, endOfLines];
  }
  if (updates.length === 0 || at !== bytes.length) throw new PdfError();
  return updates;
}

/** Behind the new sections come the old ones, in the order of the signed revision and no others. */
function assertSameHistory(file: PdfFile, before: PdfFile, later: readonly PdfSection[]): void {
  const offsets = (sections: readonly PdfSection[]): string => sections.map(({ offset }) => offset).join();
  if (later.length > MAX_UPDATES) throw new PdfError();
  const ascending = later.every(({ offset }, index) => index === 0 || offset > (later[index - 1]?.offset ?? 0));
  const old = file.sections.slice(later.length);
  if (!ascending || offsets(old) !== offsets(before.sections)) throw new PdfError();
}

/** The objects from `start` to the section, and the end of what the section belongs to. */
function readRegion(file: PdfFile, section: PdfSection, start: number): { numbers: Set<number>; end: number } {
  const { bytes } = file;
  const reader = new PdfReader(bytes, start);
  const offsets = new Map<number, number>();
  reader.skipSpace();
  while (reader.at < section.offset) {
    const offset = reader.at;
    const { number } = reader.indirectObject(file.lengthOf);
    if (offsets.has(number)) throw new PdfError();
    offsets.set(number, offset);
    reader.skipSpace();
  }
  if (reader.at !== section.offset) throw new PdfError();
  if (section.trailer.has('XRefStm')) throw new PdfError();
  if (reader.takes('xref')) {
    while (!reader.takes('trailer')) {
      const [, count] = [reader.integer(), reader.integer()];
      reader.skipSpace();
      reader.at += count * 20; // `PdfFile` has read them
    }
    reader.object();
  } else {
    const { number } = reader.indirectObject(file.lengthOf);
    if (number !== section.ownNumber) throw new PdfError();
  }
  reader.expect('startxref');
  if (reader.integer() !== section.offset) throw new PdfError();
  const tail = /^[\r\n ]+%%EOF/.exec(Buffer.from(bytes.subarray(reader.at, reader.at + 16)).toString('latin1'));
  if (tail === null) throw new PdfError();
  return { numbers: namedObjects(file, section, offsets), end: reader.at + tail[0].length };
}

/** The section names every object of the region, where it is, and nothing else. */
function namedObjects(file: PdfFile, section: PdfSection, offsets: ReadonlyMap<number, number>): Set<number> {
  const numbers = new Set<number>();
  const containers = new Set<number>();
  for (const [number, entry] of section.entries) {
    if (entry.in === 'nowhere') {
      if (number !== 0) throw new PdfError(); // an object is taken away
    } else if (entry.in === 'stream') {
      if (!offsets.has(entry.stream)) throw new PdfError();
      containers.add(entry.stream);
      numbers.add(number);
    } else if (number === section.ownNumber && entry.offset === section.offset) {
      continue;
    } else {
      if (offsets.get(number) !== entry.offset) throw new PdfError();
      numbers.add(number);
    }
  }
  if ([...offsets.keys()].some((number) => !numbers.has(number))) throw new PdfError();
  for (const container of containers) {
    for (const [number, { index }] of objectsOf(file, container)) {
      const entry = section.entries.get(number);
      if (entry?.in !== 'stream' || entry.stream !== container || entry.index !== index) throw new PdfError();
    }
    numbers.delete(container);
  }
  return numbers;
}

function objectsOf(file: PdfFile, container: number): ReadonlyMap<number, { readonly index: number }> {
  const objects = file.objectStream(container);
  const entry = file.entry(container);
  if (entry.in !== 'file') throw new PdfError();
  const { object } = new PdfReader(file.bytes, entry.offset).indirectObject(file.lengthOf);
  // One that extends another could bring in more (ISO 32000-1 7.5.7).
  if (object.type !== 'stream' || object.entries.has('Extends') || nameIn(object.entries, 'Type') !== 'ObjStm') {
    throw new PdfError();
  }
  return offsetIn(object.entries, 'N') === undefined ? new Map() : objects;
}

function withoutLineEnds(bytes: Uint8Array, end: number): number {
  let at = end;
  while (LINE_ENDS.has(bytes[at - 1] ?? -1)) at -= 1;
  return at;
}

function skipLineEnds(bytes: Uint8Array, at: number): number {
  let end = at;
  while (LINE_ENDS.has(bytes[end] ?? -1)) end += 1;
  return end;
}

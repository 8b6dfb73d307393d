// An incremental update (7.5.6): new and changed objects behind the old bytes, and a cross-reference section in the form of the
// file's last one. Knows where everything will stand before it is written, so that nothing has to be searched for afterwards.
import { PDFHexString, PDFName, PDFNumber, type PDFDict, type PDFObject, PDFRef } from '@cantoo/pdf-lib';
import { type PdfFile } from './pdf-file.ts';

/** One update, to be written at `start`, an offset in the whole file, after a section at `previous`. */
export class PdfUpdate {
  readonly #file: PdfFile;
  readonly #objects = new Map<PDFRef, Uint8Array>();

  constructor(file: PdfFile) {
    this.#file = file;
  }

  /** A reference for an object that is new. */
  newRef(): PDFRef {
    const ref = PDFRef.of(this.#file.nextNumber);
    this.#file.nextNumber += 1;
    return ref;
  }

  /** A new object, or the new state of an old one. Bytes: the object as it is to be written. */
  put(ref: PDFRef, object: PDFObject | Uint8Array): PDFRef {
    this.#objects.set(ref, object instanceof Uint8Array ? object : written(object));
    return ref;
  }

  /** The bytes of the update, where its section is, and where each object's own bytes stand within. */
  write(start: number, previous: number): { bytes: Buffer; section: number; offsets: ReadonlyMap<PDFRef, number> } {
    const parts: Uint8Array[] = [Buffer.from('\n')];
    let length = 1;
    const add = (part: Uint8Array | string): void => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
      parts.push(bytes);
      length += bytes.length;
    };
    const heads: [PDFRef, number][] = [];
    const offsets = new Map<PDFRef, number>();
    for (const [ref, bytes] of this.#objects) {
      heads.push([ref, start + length]);
      add(`${ref.objectNumber} ${ref.generationNumber} obj\n`);
      offsets.set(ref, length);
      add(bytes);
      add('\nendobj\n');
    }
    const section = start + length;
    if (this.#file.crossReferences.form === 'table') add(this.#table(heads, previous));
    else add(this.#stream(heads, section, previous));
    add(`startxref\n${section}\n%%EOF\n`);
    return { bytes: Buffer.concat(parts), section, offsets };
  }

  #table(heads: readonly [PDFRef, number][], previous: number): string {
    const lines = sections(heads).flatMap((run) => [
      `${run[0]?.[0].objectNumber ?? 0} ${run.length}\n`,
      ...run.map(([ref, offset]) => `${digits(offset, 10)} ${digits(ref.generationNumber, 5)} n \n`),
    ]);
    return `xref\n${lines.join('')}trailer\n${written(this.#trailer(previous)).toString('latin1')}\n`;
  }

  /** Not compressed: a signature adds some ten entries. */
  #stream(heads: [PDFRef, number][], section: number, previous: number): Uint8Array {
    const ref = this.newRef();
    const runs = sections([...heads, [ref, section]]);
    const entries = Buffer.alloc(runs.flat().length * 8);
    let at = 0;
    for (const [entry, offset] of runs.flat()) {
      entries.writeUInt8(1, at);
      entries.writeUIntBE(offset, at + 1, 5);
      entries.writeUInt16BE(entry.generationNumber, at + 6);
      at += 8;
    }
    const dict = this.#trailer(previous);
    const { context } = this.#file;
    dict.set(PDFName.of('Type'), PDFName.of('XRef'));
    dict.set(PDFName.of('W'), context.obj([1, 5, 2]));
    dict.set(PDFName.of('Index'), context.obj(runs.flatMap((run) => [run[0]?.[0].objectNumber ?? 0, run.length])));
    return Buffer.concat([
      Buffer.from(`${ref.objectNumber} 0 obj\n`),
      streamBytes(dict, entries),
      Buffer.from('\nendobj\n'),
    ]);
  }

  /** What a reader needs of the last trailer; Size is read once every number has been given out. */
  #trailer(previous: number): PDFDict {
    const { context, trailer, nextNumber } = this.#file;
    const dict = context.obj({});
    for (const key of ['Root', 'Info', 'ID']) {
      const value = trailer.get(PDFName.of(key));
      if (value !== undefined) dict.set(PDFName.of(key), value);
    }
    dict.set(PDFName.of('Size'), PDFNumber.of(nextNumber));
    dict.set(PDFName.of('Prev'), PDFNumber.of(previous));
    return dict;
  }
}

/** A stream object with this dictionary, which gets its Length. */
export function streamBytes(dict: PDFDict, content: Uint8Array): Uint8Array {
  dict.set(PDFName.of('Length'), PDFNumber.of(content.length));
  return Buffer.concat([written(dict), Buffer.from('\nstream\n'), content, Buffer.from('\nendstream')]);
}

/** Any text, as a PDF text string (7.9.2.2). */
export function textString(text: string): PDFHexString {
  return PDFHexString.fromText(text);
}

/** The object in PDF's syntax, by the library. */
function written(object: PDFObject): Buffer {
  const bytes = Buffer.alloc(object.sizeInBytes());
  object.copyBytesInto(bytes, 0);
  return bytes;
}

/** Entries in ascending order, in runs without gaps. */
function sections(heads: readonly [PDFRef, number][]): [PDFRef, number][][] {
  const runs: [PDFRef, number][][] = [];
  for (const head of [...heads].sort(([a], [b]) => a.objectNumber - b.objectNumber)) {
    const run = runs.at(-1);
    if (run?.at(-1)?.[0].objectNumber === head[0].objectNumber - 1) run.push(head);
    else runs.push([head]);
  }
  return runs;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

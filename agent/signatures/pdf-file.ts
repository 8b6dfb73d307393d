// Reads a PDF (ISO 32000-2 7.5) as a viewer does: from its last cross-reference section back, objects when they are asked for.
// A scan from the front would find objects that no viewer shows, and an update would bring them to light under the signature.
// Strict where viewers guess: a file whose cross references are wrong is damaged, and refused. Library: the objects' syntax.
import {
  PDFArray,
  PDFContext,
  PDFDict,
  PDFName,
  PDFNull,
  PDFNumber,
  type PDFObject,
  PDFObjectParser,
  PDFRef,
} from '@cantoo/pdf-lib';
import { readCrossReferences, type CrossReferences } from './pdf-cross-references.ts';
import { decodedStream } from './pdf-stream.ts';
import { PdfSource } from './pdf-source.ts';
import { damaged } from './pdf-refusals.ts';

/** Objects within an object stream, and references that lead to references. */
const objectsPerStream = 100_000;
const longestReference = 16;

export class PdfFile {
  readonly source: PdfSource;
  /** The file's own objects are parsed into it; nothing is looked up in it. */
  readonly context = PDFContext.create();
  readonly trailer: PDFDict;
  readonly crossReferences: CrossReferences;
  /** The lowest object number that is free for an update. */
  nextNumber: number;
  readonly #objects = new Map<number, PDFObject | undefined>();
  /** The object stream that was read last: neighbours are mostly asked for together. */
  #objectStream: { number: number; objects: { number: number; bytes: Uint8Array }[] } | undefined;

  constructor(bytes: Uint8Array) {
    this.source = new PdfSource(bytes);
    this.crossReferences = readCrossReferences(this.source, this.context);
    this.trailer = this.crossReferences.trailer;
    this.nextNumber = this.crossReferences.size;
  }

  /** The object itself: references are followed. Absent, free and null are the same (7.3.10). */
  resolve(object: PDFObject | undefined): PDFObject | undefined {
    let resolved = object;
    for (let steps = 0; resolved instanceof PDFRef; steps += 1) {
      if (steps > longestReference) return damaged('references in a circle');
      resolved = this.#object(resolved);
    }
    return resolved;
  }

  /** The dictionary under `key`, if there is one; anything else there is damage. */
  dict(parent: PDFDict, key: string): PDFDict | undefined {
    const found = this.resolve(parent.get(PDFName.of(key)));
    if (found === undefined || found === PDFNull) return undefined;
    return found instanceof PDFDict ? found : damaged('no dictionary where one is expected');
  }

  array(parent: PDFDict, key: string): PDFArray | undefined {
    const found = this.resolve(parent.get(PDFName.of(key)));
    if (found === undefined || found === PDFNull) return undefined;
    return found instanceof PDFArray ? found : damaged('no array where one is expected');
  }

  /** The name under `key` without its slash, or undefined. */
  name(parent: PDFDict, key: string): string | undefined {
    const found = this.resolve(parent.get(PDFName.of(key)));
    return found instanceof PDFName ? found.decodeText() : undefined;
  }

  number(parent: PDFDict, key: string): number | undefined {
    const found = this.resolve(parent.get(PDFName.of(key)));
    return found instanceof PDFNumber ? found.asNumber() : undefined;
  }

  #object(ref: PDFRef): PDFObject | undefined {
    const { objectNumber } = ref;
    const place = this.crossReferences.places.get(objectNumber);
    if (place === undefined || place.kind === 'free') return undefined;
    if (this.#objects.has(objectNumber)) return this.#objects.get(objectNumber);
    // Meant for a circle through an object stream's own Length.
    this.#objects.set(objectNumber, undefined);
    let object: PDFObject | undefined;
    if (place.kind === 'within') {
      if (ref.generationNumber === 0) object = this.#objectWithin(place.stream, place.index, objectNumber);
    } else if (place.generation === ref.generationNumber) {
      object = this.source.objectAt(place.offset, objectNumber, place.generation, this.context);
    }
    this.#objects.set(objectNumber, object);
    return object;
  }

  /** Object streams (7.5.7). */
  #objectWithin(stream: number, index: number, objectNumber: number): PDFObject {
    if (this.#objectStream?.number !== stream)
      this.#objectStream = { number: stream, objects: this.#readObjectStream(stream) };
    const found = this.#objectStream.objects[index];
    if (found?.number !== objectNumber) return damaged('an object is not in its object stream');
    return PDFObjectParser.forBytes(found.bytes, this.context).parseObject();
  }

  #readObjectStream(number: number): { number: number; bytes: Uint8Array }[] {
    const place = this.crossReferences.places.get(number);
    if (place?.kind !== 'at') return damaged('an object stream is missing');
    const { dict, start } = this.source.streamAt(place.offset, number, place.generation, this.context);
    if (this.name(dict, 'Type') !== 'ObjStm') return damaged('no object stream');
    const content = decodedStream(dict, this.source.content(start, this.number(dict, 'Length')), this);
    const count = this.number(dict, 'N') ?? -1;
    const first = this.number(dict, 'First') ?? -1;
    if (!(count >= 0 && count <= objectsPerStream && first >= 0 && first <= content.length))
      return damaged('an object stream with a wrong head');
    const head = Buffer.from(content.subarray(0, first))
      .toString('latin1')
      .trim()
      .split(/[\s\0]+/, 2 * count)
      .map(Number);
    return Array.from({ length: count }, (_, index) => {
      const at = first + (head[2 * index + 1] ?? NaN);
      if (!Number.isInteger(at) || at > content.length) return damaged('an object stream with a wrong head');
      return { number: head[2 * index] ?? -1, bytes: content.subarray(at) };
    });
  }
}

// Decodes the streams that a PDF's own structure is in: Flate or nothing, PNG predictors, to a bounded size.
import { PDFArray, PDFDict, PDFName, type PDFObject } from '@cantoo/pdf-lib';
import { inflateSync } from 'node:zlib';
import { damaged } from './pdf-refusals.ts';

/** Decoded bytes of one cross-reference or object stream: the whole table of 500 000 objects is 5 MB. */
const decodedSize = 16_777_216;

/** Follows references; while cross references are being read, there is nothing to follow. */
export interface Resolver {
  resolve(object: PDFObject | undefined): PDFObject | undefined;
  number(parent: PDFDict, key: string): number | undefined;
}

/** The decoded content of a stream with this dictionary. */
export function decodedStream(dict: PDFDict, content: Uint8Array, resolver: Resolver): Uint8Array {
  const only = (key: string): PDFObject | undefined => {
    const found = resolver.resolve(dict.get(PDFName.of(key)));
    if (!(found instanceof PDFArray)) return found;
    return found.size() <= 1 ? resolver.resolve(found.asArray()[0]) : damaged('several filters');
  };
  const filter = only('Filter');
  if (filter === undefined) return content;
  if (!(filter instanceof PDFName) || filter.decodeText() !== 'FlateDecode')
    return damaged('a filter that is not known here');
  const inflated = inflateSync(content, { maxOutputLength: decodedSize });
  const parameters = only('DecodeParms');
  const predictor = parameters instanceof PDFDict ? (resolver.number(parameters, 'Predictor') ?? 1) : 1;
  if (!(parameters instanceof PDFDict) || predictor === 1) return inflated;
  const isBytes =
    (resolver.number(parameters, 'Colors') ?? 1) === 1 && (resolver.number(parameters, 'BitsPerComponent') ?? 8) === 8;
  const columns = resolver.number(parameters, 'Columns') ?? 1;
  if (predictor < 10 || !isBytes || !Number.isInteger(columns) || columns < 1 || columns > 4096)
    return damaged('a predictor that is not known here');
  return withoutPredictor(inflated, columns);
}

/** PNG filters (RFC 2083 6) for one byte a pixel: each row has its filter type before it. */
function withoutPredictor(rows: Uint8Array, columns: number): Uint8Array {
  const count = Math.floor(rows.length / (columns + 1));
  const decoded = new Uint8Array(count * columns);
  for (let row = 0; row < count; row += 1) {
    const type = rows[row * (columns + 1)];
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const left = column > 0 ? (decoded[at - 1] ?? 0) : 0;
      const up = row > 0 ? (decoded[at - columns] ?? 0) : 0;
      const upLeft = row > 0 && column > 0 ? (decoded[at - columns - 1] ?? 0) : 0;
      decoded[at] = (rows[row * (columns + 1) + 1 + column] ?? 0) + prediction(type, left, up, upLeft);
    }
  }
  return decoded;
}

function prediction(type: number | undefined, left: number, up: number, upLeft: number): number {
  if (type === 0) return 0;
  if (type === 1) return left;
  if (type === 2) return up;
  if (type === 3) return Math.floor((left + up) / 2);
  if (type !== 4) return damaged('an unknown row filter');
  const guess = left + up - upLeft;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}

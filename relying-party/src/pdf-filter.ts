// Undoes the one filter that cross-reference streams, object streams and validation data use: Flate, with or without a
// PNG predictor (ISO 32000-1 7.4.4). Bounded, since a small stream can inflate to any size.
import { inflateSync } from 'node:zlib';
import { PdfError, type PdfObject, type PdfStream } from './pdf-objects.ts';

const MAX_LENGTH = 64 * 1024 * 1024;

/** @throws PdfError */
export function decodeStream({ entries, raw }: PdfStream): Uint8Array {
  const filter = only(entries.get('Filter'));
  if (filter === undefined) return raw;
  if (filter.type !== 'name' || filter.value !== 'FlateDecode') throw new PdfError();
  const parameters = only(entries.get('DecodeParms'));
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(raw, { maxOutputLength: MAX_LENGTH });
  } catch {
    throw new PdfError();
  }
  if (parameters === undefined || parameters.type === 'null') return bytes;
  if (parameters.type !== 'dictionary') throw new PdfError();
  const number = (key: string, otherwise: number): number => {
    const value = parameters.entries.get(key) ?? { type: 'number', value: otherwise };
    if (value.type !== 'number' || !Number.isSafeInteger(value.value)) throw new PdfError();
    return value.value;
  };
  const predictor = number('Predictor', 1);
  if (predictor === 1) return bytes;
  const columns = number('Columns', 1);
  // Of the predictors those that cross-reference streams use: PNG, one octet a column.
  if (predictor < 10 || predictor > 15 || columns < 1 || columns > 64) throw new PdfError();
  if (number('Colors', 1) !== 1 || number('BitsPerComponent', 8) !== 8) throw new PdfError();
  return undoPredictor(bytes, columns);
}

/** A filter or its parameters, which may stand in an array of one. */
function only(object: PdfObject | undefined): PdfObject | undefined {
  if (object?.type !== 'array') return object?.type === 'null' ? undefined : object;
  if (object.items.length > 1) throw new PdfError();
  return object.items[0];
}

/** PNG filters (RFC 2083 6) over rows of `columns` octets, each with its filter's number before it. */
function undoPredictor(bytes: Uint8Array, columns: number): Uint8Array {
  const rows = bytes.length / (columns + 1);
  if (!Number.isInteger(rows)) throw new PdfError();
  const plain = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const filter = bytes[row * (columns + 1)] ?? 0;
    if (filter > 4) throw new PdfError();
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const left = column > 0 ? (plain[at - 1] ?? 0) : 0;
      const up = row > 0 ? (plain[at - columns] ?? 0) : 0;
      const upLeft = column > 0 && row > 0 ? (plain[at - columns - 1] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0;
      plain[at] = (bytes[row * (columns + 1) + 1 + column] ?? 0) + guess;
    }
  }
  return plain;
}

function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  return a <= b && a <= c ? left : b <= c ? up : upLeft;
}

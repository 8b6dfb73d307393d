// Finds the signatures of a PDF where viewers do, in the form's fields, and holds each against the bytes of the file:
// its ByteRange must be everything from the first byte to the end of its revision but the value of its own Contents.
import { firstValue } from './der.ts';
import { nameIn, type PdfFile } from './pdf-file.ts';
import { PdfError, type PdfObject, PdfReader, type PdfString } from './pdf-objects.ts';
import { SignatureError } from './signature-error.ts';

export interface PdfSignature {
  /** Number of the signature dictionary's object. */
  readonly number: number;
  /** The field's partial name; a viewer shows it. */
  readonly fieldName: string;
  readonly subFilter: string;
  /** The ContentInfo, DER. */
  readonly contents: Uint8Array;
  /** The bytes it is over. */
  readonly pieces: readonly [Uint8Array, Uint8Array];
  /** Where the signed revision ends. */
  readonly end: number;
  /** M: by the signer's own word. */
  readonly claimedSigningTime: Date | undefined;
}

const MAX_FIELDS = 10_000;
const MAX_DEPTH = 32;
const MAX_SIGNATURES = 16;
const PDF_DATE = /^D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-])(\d\d)'?(\d\d)'?)?/;

/**
 * All signatures, the earliest first.
 * @throws PdfError; SignatureError ERR_PDF_BYTE_RANGE, ERR_SIGNATURE_MISSING, ERR_SIGNATURE_TOO_LARGE
 */
export function findSignatures(file: PdfFile): PdfSignature[] {
  const found = new Map<number, PdfSignature>();
  for (const field of signatureFields(file)) {
    const value = field.entries.get('V');
    if (value === undefined || value.type === 'null') continue; // to be signed yet
    if (value.type !== 'reference') throw new PdfError();
    if (found.has(value.number)) throw new PdfError(); // one signature in two fields
    found.set(value.number, readSignature(file, value.number, field.name));
    if (found.size > MAX_SIGNATURES) throw new SignatureError('ERR_SIGNATURE_TOO_LARGE');
  }
  if (found.size === 0) throw new SignatureError('ERR_SIGNATURE_MISSING');
  const signatures = [...found.values()].sort((one, other) => one.end - other.end);
  if (new Set(signatures.map(({ end }) => end)).size !== signatures.length) {
    throw new SignatureError('ERR_PDF_BYTE_RANGE'); // two cannot both leave out no more than themselves
  }
  return signatures;
}

export interface SignatureField {
  /** Undefined for a field that stands inside its parent. */
  readonly reference: PdfObject | undefined;
  readonly name: string;
  readonly entries: ReadonlyMap<string, PdfObject>;
}

/** The fields of type Sig, signed or not. @throws PdfError */
export function signatureFields(file: PdfFile): SignatureField[] {
  const fields: SignatureField[] = [];
  const seen = new Set<number>();
  let count = 0;
  const walk = (object: PdfObject, inherited: string | undefined, depth: number): void => {
    count += 1;
    if (depth > MAX_DEPTH || count > MAX_FIELDS) throw new PdfError();
    if (object.type === 'reference') {
      if (seen.has(object.number)) throw new PdfError();
      seen.add(object.number);
    }
    const entries = file.dictionary(object);
    const type = nameIn(entries, 'FT') ?? inherited;
    if (type === 'Sig' && entries.has('FT')) {
      const title = file.resolve(entries.get('T'));
      const name = title.type === 'string' ? Buffer.from(title.bytes).toString('latin1') : '';
      fields.push({ reference: object.type === 'reference' ? object : undefined, name, entries });
    } else if (type === 'Sig' && entries.has('V')) {
      throw new PdfError(); // a value below the field that it belongs to
    }
    for (const kid of file.array(entries.get('Kids'))) walk(kid, type, depth + 1);
  };
  const form = file.dictionary(file.catalog.get('AcroForm'));
  for (const field of file.array(form.get('Fields'))) walk(field, undefined, 0);
  return fields;
}

function readSignature(file: PdfFile, number: number, fieldName: string): PdfSignature {
  const entry = file.entry(number);
  // In an object stream the bytes of Contents do not stand in the file, so nothing could leave them out.
  if (entry.in !== 'file') throw new SignatureError('ERR_PDF_BYTE_RANGE');
  const indirect = new PdfReader(file.bytes, entry.offset).indirectObject(file.lengthOf);
  if (indirect.number !== number || indirect.object.type !== 'dictionary') throw new PdfError();
  const { entries } = indirect.object;
  const contents = entries.get('Contents');
  if (contents?.type !== 'string' || !contents.isHex) throw new SignatureError('ERR_PDF_BYTE_RANGE');
  const { pieces, end } = coverage(file.bytes, entries.get('ByteRange'), contents);
  if (indirect.end > end) throw new SignatureError('ERR_PDF_BYTE_RANGE');
  const subFilter = nameIn(entries, 'SubFilter') ?? '';
  const claimedSigningTime = readDate(file.resolve(entries.get('M')));
  return { number, fieldName, subFilter, contents: unpadded(contents.bytes), pieces, end, claimedSigningTime };
}

/** ISO 32000-1 12.8.1, with no freedom: [0, where Contents begins, where it ends, all of the rest of the revision]. */
function coverage(
  bytes: Uint8Array,
  byteRange: PdfObject | undefined,
  contents: PdfString,
): { pieces: readonly [Uint8Array, Uint8Array]; end: number } {
  if (byteRange?.type !== 'array') throw new SignatureError('ERR_PDF_BYTE_RANGE');
  const [first, firstLength, second, secondLength, ...more] = byteRange.items.map((item) =>
    item.type === 'number' && Number.isSafeInteger(item.value) ? item.value : -1,
  );
  const end = (second ?? 0) + (secondLength ?? 0);
  const exact =
    more.length === 0 &&
    first === 0 &&
    firstLength === contents.start &&
    second === contents.end &&
    secondLength !== undefined &&
    secondLength > 0 &&
    end <= bytes.length;
  if (!exact) throw new SignatureError('ERR_PDF_BYTE_RANGE');
  return { pieces: [bytes.subarray(0, firstLength), bytes.subarray(second, end)], end };
}

/** Contents is reserved before the signature is made, and filled up with zeros. @throws SignatureError */
function unpadded(bytes: Uint8Array): Uint8Array {
  try {
    const value = firstValue(bytes).bytes;
    if (bytes.subarray(value.length).every((octet) => octet === 0)) return value;
  } catch {
    // told below
  }
  throw new SignatureError('ERR_SIGNATURE_MALFORMED');
}

/** ISO 32000-1 7.9.4; a date without a zone is taken as UTC. Only what the signer claims: unreadable is absent. */
function readDate(object: PdfObject): Date | undefined {
  if (object.type !== 'string') return undefined;
  const match = PDF_DATE.exec(Buffer.from(object.bytes).toString('latin1'));
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, sign, hours = '00', minutes = '00'] = match;
  const zone = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(time) ? undefined : new Date(time);
}

// Reads strict DER (X.690) of signature containers, whose documents make them far larger than a certificate. `assertDer`
// walks all of it once, before anything is believed; a `DerCursor` then reads one constructed value from its start to
// its end. Values are views of the given bytes, so what is hashed is what was there, never a copy that was encoded anew.
import { SignatureError, type SignatureErrorCode } from './signature-error.ts';

/** One value: `bytes` with tag and length, `content` without. */
export interface DerValue {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const MAX_DEPTH = 32;
/** Long enough for a CRL of some 200 000 entries. */
const MAX_VALUES = 1_000_000;
const MAX_OID_LENGTH = 32;

/** Thrown while reading, and turned into a code by `readAs`. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Runs a reader. What is not strict DER, or not what the reader expects, becomes this code. */
export function readAs<T>(code: SignatureErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) throw new SignatureError(code);
    throw error;
  }
}

/** Checks that `bytes` is exactly one strict DER value, to its depths. @throws DerError */
export function assertDer(bytes: Uint8Array): void {
  /** Where the open constructed values end, the innermost last. */
  const ends = [bytes.length];
  let at = 0;
  for (let values = 0; ends.length > 0; values += 1) {
    const end = ends[ends.length - 1] ?? 0;
    if (at === end && values > 0) {
      ends.pop();
      continue;
    }
    if (values > 2 * MAX_VALUES || ends.length > MAX_DEPTH) throw new DerError();
    const value = valueAt(bytes, at, end);
    if (ends.length === 1 && at + value.bytes.length !== bytes.length) throw new DerError();
    if ((value.tag & CONSTRUCTED) !== 0) {
      at += value.bytes.length - value.content.length;
      ends.push(at + value.content.length);
    } else {
      assertPrimitive(value);
      at += value.bytes.length;
    }
  }
}

/** The value at the start of `bytes`, whatever stands behind it. @throws DerError */
export function firstValue(bytes: Uint8Array): DerValue {
  return valueAt(bytes, 0, bytes.length);
}

/** The one value that `bytes` is. @throws DerError */
export function onlyValue(bytes: Uint8Array, tag: number): DerValue {
  const value = firstValue(bytes);
  if (value.tag !== tag || value.bytes.length !== bytes.length) throw new DerError();
  return value;
}

/** Reads values one after the other. */
export class DerCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(content: Uint8Array) {
    this.#bytes = content;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next value; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next value, which must have one of these tags (any, if none is given). @throws DerError */
  next(...tags: readonly number[]): DerValue {
    const value = valueAt(this.#bytes, this.#at, this.#bytes.length);
    if (tags.length > 0 && !tags.includes(value.tag)) throw new DerError();
    this.#at += value.bytes.length;
    return value;
  }

  optional(tag: number): DerValue | undefined {
    return this.tag === tag ? this.next() : undefined;
  }

  /** @throws DerError if something is left. */
  end(): void {
    if (!this.done) throw new DerError();
  }

  /** All that is left. */
  *rest(...tags: readonly number[]): Generator<DerValue> {
    while (!this.done) yield this.next(...tags);
  }
}

/** A cursor over the parts of a constructed value. @throws DerError */
export function partsOf(value: DerValue): DerCursor {
  if ((value.tag & CONSTRUCTED) === 0) throw new DerError();
  return new DerCursor(value.content);
}

/** The one value inside an explicit tag. @throws DerError */
export function onlyPart(value: DerValue, tag: number): DerValue {
  const parts = partsOf(value);
  const part = parts.next(tag);
  parts.end();
  return part;
}

/** Dotted decimals. */
export function oidOf({ tag, content }: DerValue): string {
  if (tag !== TAG.oid || content.length > MAX_OID_LENGTH) throw new DerError();
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

/** A whole number from 0 to 2^31 - 1. */
export function smallIntegerOf({ tag, content }: DerValue): number {
  const first = content[0] ?? 0x80;
  if (tag !== TAG.integer || content.length > 4 || first >= 0x80) throw new DerError();
  return content.reduce((number, octet) => number * 256 + octet, 0);
}

/** Upper-case hexadecimal of a non-negative integer without leading zeros: how serial numbers are compared here. */
export function serialOf({ tag, content }: DerValue): string {
  if (tag !== TAG.integer || content.length > 64 || (content[0] ?? 0x80) >= 0x80) throw new DerError();
  return serialText(Buffer.from(content).toString('hex'));
}

/** See `serialOf`. */
export function serialText(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}

/** The octets of a BIT STRING without unused bits. */
export function bitsOf({ tag, content }: DerValue): Uint8Array {
  if (tag !== TAG.bitString || content[0] !== 0) throw new DerError();
  return content.subarray(1);
}

export function booleanOf({ tag, content }: DerValue): boolean {
  if (tag !== TAG.boolean) throw new DerError();
  return content[0] === 0xff;
}

const UTC_TIME = /^(\d\d)(\d{10})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{0,8}[1-9])?Z$/;

/** UTCTime or GeneralizedTime in milliseconds since 1970; fractions of a second only as DER writes them (X.690 11.7). */
export function timeOf({ tag, content }: DerValue): number {
  let text = Buffer.from(content).toString('latin1');
  if (tag === TAG.utcTime) {
    const [, year = '', rest = ''] = UTC_TIME.exec(text) ?? [];
    text = `${Number(year) < 50 ? '20' : '19'}${year}${rest}Z`; // RFC 5280 4.1.2.5.1
  } else if (tag !== TAG.generalizedTime) {
    throw new DerError();
  }
  const match = GENERALIZED_TIME.exec(text);
  if (match === null) throw new DerError();
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const milliseconds = fraction.slice(1, 4).padEnd(3, '0');
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`;
  const time = Date.parse(iso);
  // Date repairs 30 February; the round trip does not.
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) throw new DerError();
  return time;
}

export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** X.690 8.1.3 and 10.1: definite lengths in their shortest form, at most four octets long. */
function valueAt(bytes: Uint8Array, at: number, end: number): DerValue {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > end || (tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
    throw new DerError();
  }
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || start + octets > end) throw new DerError();
    length = 0;
    for (let octet = 0; octet < octets; octet += 1) length = length * 256 + (bytes[start + octet] ?? 0);
    if (length < 0x80 || length < 256 ** (octets - 1)) throw new DerError();
    start += octets;
  }
  if (start + length > end) throw new DerError();
  return { tag, bytes: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) };
}

function assertPrimitive({ tag, content }: DerValue): void {
  const [first, second = 0] = content;
  switch (tag) {
    case TAG.boolean:
      if (content.length !== 1 || (first !== 0 && first !== 0xff)) throw new DerError();
      break;
    case TAG.integer:
    case TAG.enumerated:
      if (first === undefined) throw new DerError();
      if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
        throw new DerError();
      }
      break;
    case TAG.bitString:
      if (first === undefined || first > 7 || (content.length === 1 && first > 0)) throw new DerError();
      if (((content[content.length - 1] ?? 0) & ((1 << first) - 1)) !== 0 && content.length > 1) throw new DerError();
      break;
    case TAG.null:
      if (content.length !== 0) throw new DerError();
      break;
    case TAG.oid:
      assertOid(content);
      break;
    case TAG.sequence & ~CONSTRUCTED:
    case TAG.set & ~CONSTRUCTED:
      throw new DerError();
  }
}

/** Every arc in its shortest form, the last one whole (X.690 8.19.2). */
function assertOid(content: Uint8Array): void {
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerError();
    fresh = octet < 0x80;
  }
  if (content.length === 0 || !fresh) throw new DerError();
}

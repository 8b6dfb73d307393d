// DER (X.690) as bytes: writes elements from parts that stay as they are, and reads elements as slices of their source.
// For what must not be re-encoded (certificates, signed attributes) or is too long for a tree of objects (CRLs).

export const tag = {
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

/** The tag of [n], constructed; of a primitive one: minus 0x20. */
export function contextTag(n: number): number {
  return 0xa0 + n;
}

/** One element: its tag, then the parts one after the other as its content. One copy of the parts is made. */
export function element(tagOctet: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([elementHeader(tagOctet, parts), ...parts]);
}

/** Tag and length of an element that will hold these parts. */
export function elementHeader(tagOctet: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Uint8Array.from([tagOctet, ...lengthOctets(length)]);
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(tag.sequence, ...parts);
}

/** SET OF: the encodings in ascending order (X.690 11.6). */
export function setOf(...parts: readonly Uint8Array[]): Uint8Array {
  return element(tag.set, ...sorted(parts));
}

/** Encodings as DER orders them within a SET OF. */
export function sorted(parts: readonly Uint8Array[]): Uint8Array[] {
  return [...parts].sort((a, b) => Buffer.compare(a, b));
}

export function octetString(content: Uint8Array): Uint8Array {
  return element(tag.octetString, content);
}

export const nullElement: Uint8Array = Uint8Array.of(tag.null, 0);

/** An INTEGER from an unsigned number's octets, most significant first. */
export function unsignedInteger(octets: Uint8Array): Uint8Array {
  let first = 0;
  while (first < octets.length - 1 && octets[first] === 0) first += 1;
  const digits = octets.subarray(first);
  return ((digits[0] ?? 0x80) & 0x80) === 0
    ? element(tag.integer, digits)
    : element(tag.integer, Uint8Array.of(0), digits);
}

/** An INTEGER between 0 and 127. */
export function smallInteger(value: number): Uint8Array {
  return element(tag.integer, Uint8Array.of(value));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) + 128);
    return digits;
  });
  return element(tag.oid, Uint8Array.from(octets));
}

/** A Time (RFC 5280 4.1.2.5): UTCTime until 2049, GeneralizedTime from then on; whole seconds. */
export function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? element(tag.utcTime, Buffer.from(digits.slice(2)))
    : element(tag.generalizedTime, Buffer.from(digits));
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return [0x80 + octets.length, ...octets];
}

/** An element where it stands in its source. */
export interface DerElement {
  tag: number;
  /** The whole element, and what it holds: views on the source. */
  der: Uint8Array;
  content: Uint8Array;
}

/** The one element that `bytes` are. Throws when there is anything else. */
export function readElement(bytes: Uint8Array): DerElement {
  const read = elementAt(bytes, 0);
  if (read.der.length !== bytes.length) throw new Error('bytes after the element');
  return read;
}

/** The elements that stand one after the other in `content`, each read when it is asked for. */
export function* elements(content: Uint8Array): Generator<DerElement> {
  for (let offset = 0; offset < content.length;) {
    const read = elementAt(content, offset);
    offset += read.der.length;
    yield read;
  }
}

/** The elements of a constructed element with this tag. */
export function children(parent: DerElement | undefined, wanted: number): DerElement[] {
  if (parent?.tag !== wanted) throw new Error('another element than expected');
  return [...elements(parent.content)];
}

/** The octets of a BIT STRING that is made of whole octets, as signatures and keys are. */
export function wholeOctets(bits: DerElement | undefined): Uint8Array {
  if (bits?.tag !== tag.bitString || bits.content[0] !== 0) throw new Error('no whole octets');
  return bits.content.subarray(1);
}

/** Only one-octet tags and definite lengths in their shortest form. */
function elementAt(bytes: Uint8Array, offset: number): DerElement {
  const tagOctet = bytes[offset];
  const first = bytes[offset + 1];
  if (tagOctet === undefined || first === undefined || (tagOctet & 0x1f) === 0x1f) throw new Error('no DER element');
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count < 1 || count > 4) throw new Error('no DER length');
    length = 0;
    for (const octet of bytes.subarray(start, start + count)) length = length * 256 + octet;
    if (lengthOctets(length).length !== count + 1) throw new Error('no DER length');
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw new Error('element is cut off');
  return { tag: tagOctet, der: bytes.subarray(offset, end), content: bytes.subarray(start, end) };
}

/** UTCTime or GeneralizedTime in the forms of DER: Zulu; a fraction is only allowed in the latter, and is cut off at milliseconds. */
export function readTime({ tag: tagOctet, content }: DerElement): Date {
  const text = Buffer.from(content).toString('latin1');
  const isLong = tagOctet === tag.generalizedTime;
  if (!isLong && tagOctet !== tag.utcTime) throw new Error('no time');
  const [, digits = '', fraction = ''] = /^(\d{12}|\d{14})(\.\d{1,9})?Z$/.exec(text) ?? [];
  if (digits.length !== (isLong ? 14 : 12) || (!isLong && fraction !== '')) throw new Error('no time');
  const full = isLong ? digits : `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits}`;
  const iso = full.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6');
  const date = new Date(`${iso}${fraction.slice(0, 4)}Z`);
  if (Number.isNaN(date.getTime())) throw new Error('no time');
  return date;
}

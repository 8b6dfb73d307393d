// DER by hand (X.690), and certificates put together from it: also those that no honest authority would issue. The signature
// is nonsense, for nothing that reads a card verifies it.
import { generateKeyPairSync } from 'node:crypto';

/** One element: tag, length in its shortest form, content. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

export const sequence = (...contents: readonly Uint8Array[]) => tlv(0x30, ...contents);
export const integer = (...bytes: number[]) => tlv(0x02, Buffer.from(bytes));
export const utf8 = (text: string) => tlv(0x0c, Buffer.from(text));
export const printable = (text: string) => tlv(0x13, Buffer.from(text, 'latin1'));
export const bmp = (text: string) => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (arc: number): number[] =>
    arc < 0x80 ? [arc] : [...base128(Math.floor(arc / 0x80)).map((byte) => byte | 0x80), arc & 0x7f];
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A Name from attributes: OID and encoded value, each in a set of its own. */
export function name(...attributes: readonly (readonly [type: string, value: Uint8Array])[]): Buffer {
  return sequence(...attributes.map(([type, value]) => tlv(0x31, sequence(oid(type), value))));
}

/** An extension; `value` is what stands in the OCTET STRING. */
export function extension(type: string, value: Uint8Array, critical = false): Buffer {
  const flag = critical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(type), ...flag, tlv(0x04, value));
}

export const commonName = '2.5.4.3';
export const serialNumber = '2.5.4.5';
export const organisation = '2.5.4.10';
export const digitalSignature = extension('2.5.29.15', Buffer.from([0x03, 0x02, 0x07, 0x80]), true);

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const p256 = publicKey.export({ type: 'spki', format: 'der' });

/** What a certificate holds; everything can be told to be otherwise. */
export interface Parts {
  /** Undefined: no version field, which is version 1. */
  version: Uint8Array | undefined;
  issuer: Uint8Array;
  subject: Uint8Array;
  notBefore: Uint8Array;
  notAfter: Uint8Array;
  publicKey: Uint8Array;
  extensions: readonly Uint8Array[];
}

const honest: Parts = {
  version: integer(2),
  issuer: name([commonName, utf8('TEST issuer')]),
  subject: name(
    [organisation, utf8('Testkliniken (demo)')],
    [commonName, utf8('Anna Testsson')],
    [serialNumber, printable('SE0000000000-1ABC')],
  ),
  notBefore: tlv(0x17, Buffer.from('260301110000Z')),
  notAfter: tlv(0x17, Buffer.from('280301110000Z')),
  publicKey: p256,
  extensions: [digitalSignature],
};

/** A certificate (RFC 5280 4.1). */
export function certificateOf(changes: Partial<Parts> = {}): Buffer {
  const parts = { ...honest, ...changes };
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const extensions = parts.extensions.length === 0 ? [] : [tlv(0xa3, sequence(...parts.extensions))];
  const version = parts.version === undefined ? [] : [tlv(0xa0, parts.version)];
  const body = sequence(
    ...version,
    integer(1),
    algorithm,
    parts.issuer,
    sequence(parts.notBefore, parts.notAfter),
    parts.subject,
    parts.publicKey,
    ...extensions,
  );
  return sequence(body, algorithm, tlv(0x03, Buffer.from([0]), sequence(integer(1), integer(1))));
}

// Writes the little DER that this package sends: an OCSP request.
import { TAG } from './der.ts';

/** One value around these parts. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

/** @param oid dotted decimals, whose arcs below the second are smaller than 2^28. */
export function encodeOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80);
    return groups;
  });
  return encodeDer(TAG.oid, Uint8Array.from(octets));
}

/** @param serialNumber hexadecimal, as `serialOf` writes it. */
export function encodeSerial(serialNumber: string): Uint8Array {
  const octets = Buffer.from(serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), '0'), 'hex');
  return encodeDer(TAG.integer, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), octets]) : octets);
}

function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(length);
  const significant = octets.subarray(octets.findIndex((octet) => octet > 0));
  return Buffer.concat([Uint8Array.of(0x80 | significant.length), significant]);
}

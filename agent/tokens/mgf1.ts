// The mask of PSS (RFC 8017 B.2.1). Pure.
import { createHash } from 'node:crypto';

/** MGF1 with `hash` (its name in node:crypto): `length` bytes from `seed`. */
export function mgf1(hash: string, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let made = 0, counter = 0; made < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const part = createHash(hash).update(seed).update(number).digest();
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

// What may become of bytes on their way: one bit turned over, cut off somewhere, nested without end. The same for the same seed.

/** `count` copies with one bit changed each, spread over all bytes. */
export function* bitFlips(bytes: Uint8Array, count: number, seed = 1): Generator<Buffer> {
  let state = seed;
  for (let round = 0; round < count; round += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const changed = Buffer.from(bytes);
    const stretch = bytes.length / count;
    const at = Math.min(bytes.length - 1, Math.floor(round * stretch + ((state >>> 8) / 2 ** 24) * stretch));
    changed[at]! ^= 1 << (state & 7);
    yield changed;
  }
}

/** `count` beginnings, from none to all but the last byte. */
export function* cutOff(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  for (let round = 0; round < count; round += 1) yield bytes.subarray(0, Math.floor((bytes.length * round) / count));
  yield bytes.subarray(0, -1);
}

/** SEQUENCEs within SEQUENCEs, in DER or with indefinite lengths. */
export function nested(depth: number, isIndefinite = false): Uint8Array {
  if (isIndefinite) return Buffer.alloc(2 * depth, Buffer.of(0x30, 0x80));
  const heads: number[] = [];
  for (let length = 0; heads.length < depth * 4;) {
    const size = [0x30, 0x83, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff].slice(
      0,
      length > 0xffff ? 5 : 0,
    );
    const head = size.length > 0 ? size : length > 0xff ? [0x30, 0x82, length >> 8, length & 0xff] : [0x30, length];
    if (length > 0x7f && length <= 0xff) head.splice(1, 1, 0x81, length);
    heads.unshift(...head);
    length = heads.length;
  }
  return Uint8Array.from(heads);
}

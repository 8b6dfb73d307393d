// SIMPLE-TLV data as MSE carries it.

/** Pairs of tag, length and value, one byte each for tag and length (ISO 7816-4 table 55); undefined when they do not add up. */
export function simpleTlv(data: Buffer): Map<number, Buffer> | undefined {
  const values = new Map<number, Buffer>();
  for (let at = 0; at < data.length;) {
    const tag = data[at];
    const length = data[at + 1];
    if (tag === undefined || length === undefined || at + 2 + length > data.length) return undefined;
    values.set(tag, data.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return values;
}

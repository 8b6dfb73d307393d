// Checks that bytes are one strict DER value from end to end (X.690 10.1): definite lengths in their shortest form,
// nothing behind. Two parsers read a certificate here (OpenSSL's and a JavaScript one); on strict DER they cannot
// disagree about where a field begins. It also bounds depth and number of fields before either of them runs.

const MAX_DEPTH = 16;
const MAX_VALUES = 2000;
const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;

/** True if `bytes` is exactly one value. Primitive content (integers, times, extension values) is not looked into. */
export function isStrictDer(bytes: Uint8Array): boolean {
  let values = 0;

  /** The offset behind the value at `start`, or undefined. */
  const skip = (start: number, end: number, depth: number): number | undefined => {
    values += 1;
    const tag = bytes[start];
    if (tag === undefined || values > MAX_VALUES || depth > MAX_DEPTH || (tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
      return undefined;
    }
    const content = contentOf(bytes, start + 1, end);
    if (content === undefined) return undefined;
    if ((tag & CONSTRUCTED) !== 0) {
      let next = content.start;
      while (next < content.end) {
        const behind = skip(next, content.end, depth + 1);
        if (behind === undefined) return undefined;
        next = behind;
      }
    }
    return content.end;
  };

  return bytes.length > 0 && skip(0, bytes.length, 0) === bytes.length;
}

/** Reads the length octets at `offset` (X.690 8.1.3, 10.1): at most two of them behind a long form's first. */
function contentOf(bytes: Uint8Array, offset: number, end: number): { start: number; end: number } | undefined {
  if (offset >= end) return undefined;
  const [first = 0, second = 0, third = 0] = bytes.subarray(offset, Math.min(offset + 3, end));
  let start: number;
  let length: number;
  if (first < 0x80) {
    [start, length] = [offset + 1, first];
  } else if (first === 0x81 && second >= 0x80) {
    [start, length] = [offset + 2, second];
  } else if (first === 0x82 && second > 0) {
    [start, length] = [offset + 3, second * 256 + third];
  } else {
    return undefined;
  }
  return start + length <= end ? { start, end: start + length } : undefined;
}

// Canonical base64 (RFC 4648 section 4). Anything that would need repair is refused: other characters, other lengths, bits
// that stand for nothing. A piece of a document of 512 KiB takes a few milliseconds either way; but 65 in the agent, which runs
// without an optimising compiler (v8-flags.ts) and decodes those by Node's own.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const paddingCode = 61; // =
const none = 255;
const values = new Uint8Array(128).fill(none);
codes.forEach((code, value) => (values[code] = value));

/** Characters that are made at a time: few enough for the arguments of one call. */
const stretch = 8_192;

/** Bytes to base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const characters = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let position = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    characters[position++] = codes[word >> 18] ?? 0;
    characters[position++] = codes[(word >> 12) & 63] ?? 0;
    characters[position++] = i + 1 < bytes.length ? (codes[(word >> 6) & 63] ?? 0) : paddingCode;
    characters[position++] = i + 2 < bytes.length ? (codes[word & 63] ?? 0) : paddingCode;
  }
  let text = '';
  for (let i = 0; i < characters.length; i += stretch) {
    // `apply` takes bytes as they are; spreading them is ten times slower.
    text += Reflect.apply(String.fromCharCode, undefined, characters.subarray(i, i + stretch)) as string;
  }
  return text;
}

/** Base64 to bytes, or undefined when `text` is not exactly what `encodeBase64` would have written. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const length = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  let filled = 0;
  let position = 0;
  for (let i = 0; i < length; i++) {
    const value = values[text.charCodeAt(i)] ?? none;
    if (value === none) return undefined;
    word = (word << 6) | value;
    filled += 6;
    if (filled >= 8) {
      filled -= 8;
      bytes[position++] = word >> filled;
      word &= (1 << filled) - 1;
    }
  }
  // What is left over would be lost: the encoder writes zeros there.
  return word === 0 ? bytes : undefined;
}

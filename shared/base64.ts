// Canonical base64 (RFC 4648 section 4): decode, encode, compare. Anything that would need repair is refused.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bytes to base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0];
    const word = (a << 16) | (b << 8) | c;
    text += alphabet.charAt(word >> 18) + alphabet.charAt((word >> 12) & 63);
    text += i + 1 < bytes.length ? alphabet.charAt((word >> 6) & 63) : '=';
    text += i + 2 < bytes.length ? alphabet.charAt(word & 63) : '=';
  }
  return text;
}

/** Base64 to bytes, or undefined when `text` is not exactly what `encodeBase64` would have written. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  let filled = 0;
  let position = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const value = alphabet.indexOf(text.charAt(i));
    if (value < 0) return undefined;
    word = (word << 6) | value;
    filled += 6;
    if (filled >= 8) {
      filled -= 8;
      bytes[position++] = (word >> filled) & 255;
    }
    word &= 0xffff;
  }
  return encodeBase64(bytes) === text ? bytes : undefined;
}

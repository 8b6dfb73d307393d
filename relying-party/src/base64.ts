// Canonical base64 (RFC 4648 4): padded, no white space, no stray bits. Decoded, encoded again and compared.

/** The bytes, or undefined if the text is empty or not the one spelling of them. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}

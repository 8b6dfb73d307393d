// Base64 by the browser's own functions, for what has been, or will be, checked by others: small, and quick with large pieces.

/** Arguments of one call. */
const stretch = 8_192;

export function bytesToText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += stretch) {
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(i, i + stretch)) as string;
  }
  return btoa(text);
}

/** @throws DOMException for what is no base64 */
export function textToBytes(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

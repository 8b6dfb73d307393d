// Bytes that may be transferred to another thread: alone in their buffer, so that nothing else goes or is copied along (Node's small
// Buffers share one).

/** The same bytes, copied only if their buffer holds others too. */
export function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}

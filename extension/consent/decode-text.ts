// Bytes as text: UTF-8, UTF-16 with its mark, or what an XML declaration names; else, and said so, Windows-1252. Pure.

export interface DecodedText {
  text: string;
  /** The bytes do not say what they are; the letters may be others. */
  isGuess: boolean;
}

/** The encoding that an XML declaration names, if one does: it is ASCII as far as that (XML 1.0, 4.3.3). */
const declared = /^<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']/;

export function decodeText(bytes: Uint8Array, isXml = false): DecodedText {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (mark === 0xfffe || mark === 0xfeff) return withEncoding(bytes, mark === 0xfffe ? 'utf-16le' : 'utf-16be');
  const start = new TextDecoder('windows-1252').decode(bytes.subarray(0, 200));
  return withEncoding(bytes, (isXml ? declared.exec(start)?.[1] : undefined) ?? 'utf-8');
}

function withEncoding(bytes: Uint8Array, encoding: string): DecodedText {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), isGuess: false };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), isGuess: true };
  }
}

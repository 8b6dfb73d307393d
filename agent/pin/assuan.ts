// The lines of the Assuan protocol as pinentry speaks it (GnuPG, "The Assuan Protocol"; pinentry manual). Pure, on bytes:
// a line that holds a PIN never becomes a string.

/** Assuan's bound for a line, without the line end. */
export const maximumLine = 1000;

/** What a pinentry answers. `secret` is a view into the buffer that was parsed: the caller copies and zeroes it. */
export type AssuanLine =
  { kind: 'ok' } | { kind: 'error'; code: number } | { kind: 'secret'; escaped: Uint8Array } | { kind: 'ignored' };

/** gpg-error codes (low 16 bits of the number after ERR). */
export const gpgError = { timeout: 62, cancelled: 99, notConfirmed: 114 } as const;

/** Reads one line without its line end. Undefined: not Assuan. */
export function parseAssuanLine(line: Uint8Array): AssuanLine | undefined {
  if (startsWith(line, 'D ')) return { kind: 'secret', escaped: line.subarray(2) };
  const text = Buffer.from(line).toString('latin1');
  if (text === 'OK' || text.startsWith('OK ')) return { kind: 'ok' };
  if (text.startsWith('S ') || text.startsWith('#')) return { kind: 'ignored' };
  const error = /^ERR (\d{1,10})(?: |$)/.exec(text);
  return error === null ? undefined : { kind: 'error', code: Number(error[1]) & 0xffff };
}

/** Undoes percent escapes (%25, %0A, %0D) from `escaped` into `target`; the number of bytes, or -1 when it does not fit. */
export function unescapeInto(escaped: Uint8Array, target: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    let byte = escaped[i] ?? 0;
    if (byte === 0x25) {
      const [high, low] = [hexDigit(escaped[i + 1]), hexDigit(escaped[i + 2])];
      if (high < 0 || low < 0) return -1;
      byte = high * 16 + low;
      i += 2;
    }
    if (length === target.length) return -1;
    target[length++] = byte;
  }
  return length;
}

/** Escapes a text for a command's argument; a line is cut at Assuan's bound, never in the middle of an escape. */
export function escapeText(text: string, maximum = maximumLine - 20): string {
  let escaped = '';
  for (const character of text) {
    const next = /[%\r\n\0]/.test(character)
      ? `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
      : character;
    if (Buffer.byteLength(escaped + next) > maximum) break;
    escaped += next;
  }
  return escaped;
}

function startsWith(line: Uint8Array, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (line[i] !== word.charCodeAt(i)) return false;
  return line.length >= word.length;
}

function hexDigit(byte: number | undefined): number {
  return byte === undefined ? -1 : '0123456789ABCDEF'.indexOf(String.fromCharCode(byte).toUpperCase());
}

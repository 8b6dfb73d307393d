// Command APDUs as ISO 7816-4 clause 5.1 writes them: short and extended, cases 1 to 4. Nothing is repaired: bytes that fit
// no case are no command.

export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** Empty when the command carries none. */
  readonly data: Buffer;
  /** How many bytes the other side asks for, 1 to 65536; undefined when it asks for none. */
  readonly le: number | undefined;
}

const NOTHING = Buffer.alloc(0);

/** The command in these bytes, or undefined when they fit no case of ISO 7816-4 5.1. */
export function parseCommandApdu(bytes: Uint8Array): CommandApdu | undefined {
  const raw = Buffer.from(bytes);
  if (raw.length < 4) return undefined;
  const [cla = 0, ins = 0, p1 = 0, p2 = 0, p3] = raw;
  const command = (data: Buffer, le?: number): CommandApdu => ({ cla, ins, p1, p2, data, le });
  if (p3 === undefined) return command(NOTHING);
  // T=0 has no case 1: its P3 = 00 reads as "256 bytes wanted", which a command without an answer leaves unused.
  if (raw.length === 5) return command(NOTHING, p3 === 0 ? 256 : p3);
  if (p3 !== 0) {
    const data = raw.subarray(5, 5 + p3);
    if (raw.length === 5 + p3) return command(data);
    if (raw.length === 6 + p3) return command(data, raw.readUInt8(5 + p3) || 256);
    return undefined;
  }
  if (raw.length < 7) return undefined;
  const extended = raw.readUInt16BE(5);
  if (raw.length === 7) return command(NOTHING, extended || 65_536);
  if (extended === 0) return undefined;
  const data = raw.subarray(7, 7 + extended);
  if (raw.length === 7 + extended) return command(data);
  if (raw.length === 9 + extended) return command(data, raw.readUInt16BE(7 + extended) || 65_536);
  return undefined;
}

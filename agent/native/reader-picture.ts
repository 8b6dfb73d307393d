// The shape of what the reader watch delivers, shared by the addon's types and pcsc.ts.

/** Bits of a reader's state (PC/SC part 5, SCARD_STATE_*); the upper 16 bits count insertions and removals. */
export const readerStateBits = {
  unknown: 0x0004,
  unavailable: 0x0008,
  empty: 0x0010,
  present: 0x0020,
  exclusive: 0x0080,
  inUse: 0x0100,
  mute: 0x0200,
  unpowered: 0x0400,
} as const;

/** One reader as the service sees it. */
export interface ReaderState {
  /** The service's name for the reader; not stable between sessions or thin clients. */
  readonly name: string;
  /** dwEventState, 32 bits unsigned, with the event counter in the upper 16; SCARD_STATE_CHANGED (2) is taken out. */
  readonly eventState: number;
  /** Answer to reset, empty when there is no card; at most 36 bytes. */
  readonly atr: Uint8Array;
}

/** Everything the watch knows at one moment; each picture replaces the one before. */
export interface ReaderPicture {
  readonly service: 'running' | 'stopped';
  /** Why the service is not there (an SCARD code, see pcscCodeName); only with 'stopped'. */
  readonly code?: number;
  /** Number of the connection to the service: 0 before the first, +1 at each new one. Counters compare only within one. */
  readonly connection: number;
  /** In the order the service lists them; empty when it is stopped. */
  readonly readers: readonly ReaderState[];
}

// What the tests may ask of the card program, and how a question crosses to it: one JSON object a line, over its stdin and stdout.
import { type CardDefinitionMessage } from './card-definition.ts';

/** APDUs that came to a slot since the last reset; `byInstruction` is keyed by INS in two hex digits, "A4", "2A". */
export interface Counts {
  readonly apdus: number;
  readonly byInstruction: Readonly<Record<string, number>>;
}

/** As the chip has it, without an APDU. */
export interface PinState {
  readonly verified: boolean;
  readonly triesLeft: number;
  readonly pukTriesLeft: number;
}

/** Which PIN of a card: its first, or its only one, and the one for signatures of a card with two. */
export type PinName = 'authentication' | 'signature';

/** What the chip has done since it was made. */
export interface CardOperations {
  /** By key, in the order of the definition; those for login come first. */
  readonly signatures: readonly number[];
  /** PINs that VERIFY has brought, right and wrong; in the order of the card's PINs. */
  readonly verifications: readonly number[];
}

/** As pcscd tells any client (SCardGetStatusChange): `events` is its counter of insertions and removals. */
export interface ReaderState {
  readonly present: boolean;
  readonly empty: boolean;
  readonly mute: boolean;
  readonly inUse: boolean;
  readonly events: number;
}

export interface CardControl {
  insert(card: string, slot: number): Promise<void>;
  remove(slot: number): Promise<void>;
  swap(card: string, slot: number): Promise<void>;
  swapUnseen(card: string, slot: number): Promise<void>;
  swapWithinOneLook(card: string, slot: number): Promise<void>;
  setMute(mute: boolean, slot: number): Promise<void>;
  resetByOther(slot: number): Promise<void>;
  setDelay(msPerApdu: number, slot: number): Promise<void>;
  stallOn(ins: number, ms: number, slot: number): Promise<void>;
  removeOn(ins: number, slot: number): Promise<void>;
  failOn(ins: number, sw: number, slot: number): Promise<void>;
  counts(slot: number): Promise<Counts>;
  resetCounts(slot: number): Promise<void>;
  transcript(slot: number): Promise<readonly string[]>;
  cardIn(slot: number): Promise<string | undefined>;
  operations(where: string | number): Promise<CardOperations>;
  pinState(where: string | number, pin: PinName): Promise<PinState>;
  setTriesLeft(where: string | number, tries: number, pin: PinName): Promise<void>;
  readerState(slot: number): Promise<ReaderState>;
  stopService(): Promise<void>;
  startService(): Promise<void>;
}

/** First line to the card program. */
export interface SetUp {
  /** The stack's own directory: removed by the card program when it ends, however it ends short of SIGKILL. */
  readonly directory: string;
  readonly cards: Readonly<Record<string, CardDefinitionMessage>>;
}

/** Every later line; "stop" ends the program after its answer. The first answer, to the set-up, has id 0. */
export interface ControlRequest {
  readonly id: number;
  readonly method: keyof CardControl | 'stop';
  readonly parameters: readonly unknown[];
}

export type ControlAnswer =
  { readonly id: number; readonly result?: unknown } | { readonly id: number; readonly error: string };

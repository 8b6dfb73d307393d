// PC/SC for Kortbro: a full picture of the readers at every change, raw APDUs to one card, and a card reset.
// Never polls. Says nothing of what a card is; that is cards/ and tokens/.
import { addon } from './addon.ts';
import { PcscError } from './pcsc-error.ts';
import { type ReaderPicture } from './reader-picture.ts';

export { readerStateBits, type ReaderPicture } from './reader-picture.ts';
export { PCSC_LIBRARY_MISSING, PcscError, pcscCodeName } from './pcsc-error.ts';

/** A watch keeps the event loop alive until it is stopped. */
export interface ReaderWatch {
  /** Ends the thread; no picture is delivered after this returns. May be called again. */
  stop: () => void;
}

/**
 * Watches the readers in a thread of its own (blocking SCardGetStatusChange with the PnP pseudo reader). The listener is
 * called on the event loop with a full picture: once at the start and at each change. When the service goes, a 'stopped'
 * picture comes and a new context is tried after 250 ms, doubling to 5 s, for ever. One watch a process. With pcsc-lite the
 * bits `inUse`, and `mute` after a reset, change without an event and may come late; present, empty and the counter do not.
 */
export function startReaderWatch(listener: (picture: ReaderPicture) => void): ReaderWatch {
  const watch = addon().startReaderWatch(listener);
  return {
    stop: () => {
      watch.stop();
    },
  };
}

/** Limits of one `transmit`. */
export const transmitLimits = {
  /** APDUs in one transaction: enough for the longest sequence that may not be interrupted, short enough for others to wait. */
  apdus: 8,
  /** Bytes of a short command APDU: header 4, Lc 1, data 255, Le 1 (ISO 7816-4 5.1). */
  apduBytes: 261,
} as const;

const protocolBits = { 'T=0': 1, 'T=1': 2 } as const;

/** What the card's transmission protocol must be; either when left out. */
export interface TransmitOptions {
  readonly protocol?: keyof typeof protocolBits;
}

const queues = new Map<string, Promise<unknown>>();

/** One call at a time for each reader, so that a card that hangs takes one worker thread and not all of them. */
function inTurn<T>(reader: string, call: () => Promise<T>): Promise<T> {
  const turn = (queues.get(reader) ?? Promise.resolve()).then(call, call);
  queues.set(reader, turn);
  const leave = (): void => {
    if (queues.get(reader) === turn) queues.delete(reader);
  };
  turn.then(leave, leave);
  return turn;
}

/**
 * Sends APDUs to the card in one transaction (shared connection, left as it is afterwards) and answers with all the answers,
 * SW included; a status word other than 9000 does not stop it. An answer without a status word, which some drivers give when the
 * card goes, is SCARD_E_COMM_DATA_LOST (0x8010002F). Throws PcscError; RangeError for APDUs outside transmitLimits.
 */
export async function transmit(
  reader: string,
  apdus: readonly Uint8Array[],
  options: TransmitOptions = {},
): Promise<Uint8Array[]> {
  if (apdus.length < 1 || apdus.length > transmitLimits.apdus) throw new RangeError('1 to 8 APDUs');
  for (const apdu of apdus) {
    if (apdu.length < 4 || apdu.length > transmitLimits.apduBytes) throw new RangeError('an APDU has 4 to 261 bytes');
  }
  const protocols =
    options.protocol === undefined ? protocolBits['T=0'] | protocolBits['T=1'] : protocolBits[options.protocol];
  const { code, answers } = await inTurn(reader, () => addon().transmit(reader, apdus, protocols));
  if (code !== 0) throw new PcscError(code);
  return answers;
}

/**
 * Resets the card so that it forgets every verified PIN (SCARD_RESET_CARD); other programs' handles get SCARD_W_RESET_CARD.
 * Throws PcscError: without a card SCARD_E_NO_SMARTCARD (0x8010000C) or SCARD_W_REMOVED_CARD (0x80100069).
 */
export async function resetCard(reader: string): Promise<void> {
  const { code } = await inTurn(reader, () => addon().resetCard(reader));
  if (code !== 0) throw new PcscError(code);
}

// What is asked of a card past its driver (a PKCS#11 module, a minidriver): who it is and how its PIN stands, right before a PIN is sent,
// and how many certificates it has where the driver shows too few.
import { setTimeout as wait } from 'node:timers/promises';
import { PcscError, pcscCodeName, resetCard, transmit } from '../../native/pcsc.ts';
import { type PinStatus } from '../../../shared/messages.ts';
import { TokenError, type TokenFailure } from '../token.ts';
import { type CardProfile, identityOf, pinStatusOf } from './card-profiles.ts';
import { certificatesInIndex, indexReads, selectIndex } from './certificate-index.ts';

/** What a card said of itself. `identity` is '' where it has none, `pin` undefined where it cannot be asked. */
export interface CardFacts {
  identity: string;
  pin: PinStatus | undefined;
}

/** Reads identity and PIN state in one transaction: two APDUs at most. @throws TokenError */
export async function readCardFacts(reader: string, profile: CardProfile): Promise<CardFacts> {
  const questions = profile.pinStatus === undefined ? [profile.identity] : [profile.identity, profile.pinStatus];
  const [identity, pin] = await orTokenError(transmit(reader, questions));
  return {
    identity: identity === undefined ? '' : identityOf(identity, profile),
    pin: pin === undefined ? undefined : pinStatusOf(pin),
  };
}

/** Reads the identity: one APDU. '' where the card has none to tell, or not yet. @throws TokenError */
export async function readIdentity(reader: string, profile: CardProfile): Promise<string> {
  const [answer] = await orTokenError(transmit(reader, [profile.identity]));
  return answer === undefined ? '' : identityOf(answer, profile);
}

/** Reads the PIN state: one APDU. Undefined where this card cannot be asked. @throws TokenError */
export async function readPinStatus(reader: string, profile: CardProfile): Promise<PinStatus | undefined> {
  if (profile.pinStatus === undefined) return undefined;
  const [answer] = await orTokenError(transmit(reader, [profile.pinStatus]));
  return answer === undefined ? undefined : pinStatusOf(answer);
}

/** Counts the certificates in the card's index: three APDUs, on most cards. 0 where the card does not tell. @throws TokenError */
export async function readCertificateCount(reader: string): Promise<number> {
  const [selected] = await orTokenError(transmit(reader, [selectIndex]));
  const reads = selected === undefined ? [] : indexReads(selected);
  if (reads.length === 0) return 0;
  const [, ...answers] = await orTokenError(transmit(reader, [selectIndex, ...reads]));
  return certificatesInIndex(answers);
}

/** Makes the card forget every PIN. @throws TokenError */
export async function resetCardIn(reader: string): Promise<void> {
  await orTokenError(resetCard(reader));
}

/** The service looks at a reader every 400 ms: until then a card that was pulled is only one that does not answer. */
const nextLook = 500;

/**
 * Whether the reader says that its card, or the service, is gone: the failure that tells it, or undefined while the card answers or
 * merely does not. Asked after something has failed; takes half a second when a card does not answer.
 */
export async function absenceOf(reader: string, profile: CardProfile): Promise<TokenError | undefined> {
  const failure = await identityFailure(reader, profile);
  if (failure === undefined || failure.failure !== 'ERR_CARD_FAILED') return failure;
  await wait(nextLook);
  const later = await identityFailure(reader, profile);
  return later?.failure === 'ERR_CARD_FAILED' ? undefined : later;
}

async function identityFailure(reader: string, profile: CardProfile): Promise<TokenError | undefined> {
  try {
    await readIdentity(reader, profile);
    return undefined;
  } catch (error) {
    return error instanceof TokenError ? error : undefined;
  }
}

const failures = new Map<string, TokenFailure>([
  ['SCARD_W_REMOVED_CARD', 'ERR_CARD_REMOVED'],
  ['SCARD_E_NO_SMARTCARD', 'ERR_CARD_REMOVED'],
  ['SCARD_E_UNKNOWN_READER', 'ERR_CARD_REMOVED'],
  ['SCARD_E_READER_UNAVAILABLE', 'ERR_CARD_REMOVED'],
  ['SCARD_E_NO_READERS_AVAILABLE', 'ERR_CARD_REMOVED'],
  ['SCARD_E_NO_SERVICE', 'ERR_CARD_SERVICE'],
  ['SCARD_E_SERVICE_STOPPED', 'ERR_CARD_SERVICE'],
  ['PCSC_LIBRARY_MISSING', 'ERR_CARD_SERVICE'],
]);

/** The error that stands for a PC/SC code. */
function tokenErrorOfPcsc(code: number): TokenError {
  const name = pcscCodeName(code);
  const native = `${name} (0x${code.toString(16).toUpperCase()})`;
  return new TokenError(failures.get(name) ?? 'ERR_CARD_FAILED', { native });
}

async function orTokenError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof PcscError ? tokenErrorOfPcsc(error.code) : error;
  }
}

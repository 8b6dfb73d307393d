// Whether the person who logged in is still at the card reader. Pure: from what was known and what is seen now. Four kinds
// of absence are never mixed up: the card is gone, the reader is gone, the service is gone, the session is disconnected.
// Only an empty live reader or another card says "gone"; everything else is a doubt that waits.

/** Who logged in: hashes of what names the card, of the certificate that was used, and of the others that were on the card. */
export interface HolderIdentity {
  readonly card: string;
  readonly certificate: string;
  readonly beside: readonly string[];
}

/** A token that has been read. */
export interface SeenToken {
  /** Hashes of what names its card: of what the chip says, where it says it, and of the serial number, which is its driver's word. */
  names: readonly string[];
  /** Its names tell nothing for certain: it has no serial number, or one from a driver while its chip, which should have, said nothing. */
  isNameless: boolean;
  /** Hashes of every certificate on it that was read. */
  certificates: readonly string[];
}

/**
 * A reader as it is seen now. `unread`: a card is in, and is being read or may not be read now; `unreadable`: reading it
 * failed, or no driver found anything on it; `read`: what is on it is known.
 */
export interface ReaderSight {
  name: string;
  card: 'empty' | 'mute' | 'unread' | 'unreadable' | 'read';
  /** Connection, reader and PC/SC event counter: the same as long as nothing was pulled or put in. */
  generation: string | undefined;
  tokens: readonly SeenToken[];
}

/** Everything that is seen at one moment. */
export interface CardSight {
  service: 'running' | 'stopped';
  /** `locked`: by the screen lock or while asleep; `away`: disconnected, or another session has the screen. */
  session: 'active' | 'locked' | 'away';
  readers: readonly ReaderSight[];
}

/** Why nobody can tell whether the holder is there. `mute`: no answer from the card, or no card yet in a reader that is back. */
export type Doubt = 'mute' | 'unidentified' | 'reader' | 'service' | 'session';

/** Where the holder's card was last known to be. */
export interface CardSpot {
  reader: string;
  /** '' when the reader has been out of sight since: its counter may have begun anew, with another card. */
  generation: string;
}

/** In the place of a generation: of a stay in which a card was read that is strange, so that it is not the holder's until his is seen. */
const refuted = 'refuted';

/** The clock's milliseconds, for each kind of doubt in an unbroken run of them, when it first came up. */
type Beginnings = Readonly<Partial<Record<Doubt, number>>>;

/** Nobody can tell, for the reason `why`, which holds `since` (the clock's milliseconds). */
export interface DoubtfulPresence {
  state: 'doubtful';
  why: Doubt;
  since: number;
  begun: Beginnings;
  /** The reader is back with a card in it, which has until then (the clock's milliseconds) to be read. */
  readBy?: number;
  spot: CardSpot;
}

export type Presence =
  | { state: 'present'; spot: CardSpot }
  | DoubtfulPresence
  | { state: 'gone'; why: 'removed' | 'exchanged' | 'superseded'; spot: CardSpot };

/**
 * What is known of `holder` now. A doubt that lasts keeps its beginning; whoever was gone may come back. `identifyTime`: how
 * long a card may take to be read, in milliseconds.
 */
export function nextPresence(
  before: Presence,
  holder: HolderIdentity,
  sight: CardSight,
  now: number,
  identifyTime: number,
): Presence {
  const found = readerOf(sight, holder);
  if (found?.generation !== undefined) {
    return { state: 'present', spot: { reader: found.name, generation: found.generation } };
  }
  if (before.state === 'gone') return before;
  const { spot } = before;
  const outOfSight = { ...spot, generation: '' };
  if (sight.service === 'stopped') return doubtful(before, 'service', now, outOfSight);
  const reader = sight.readers.find(({ name }) => name === spot.reader);
  const isAway = sight.session === 'away';
  if (reader === undefined) return doubtful(before, isAway ? 'session' : 'reader', now, outOfSight);
  if (reader.card === 'empty') {
    // A reader that has only just come back may not have found its card yet.
    const hadCard = spot.generation !== '' || (before.state === 'doubtful' && before.readBy !== undefined);
    return hadCard ? { state: 'gone', why: 'removed', spot } : doubtful(before, 'mute', now);
  }
  if (reader.card === 'mute') return doubtful(before, 'mute', now);
  if (isAnothers(reader, holder)) return { state: 'gone', why: 'exchanged', spot };
  // The reader may not have noticed an exchange: that nothing was counted vouches for the card no more.
  const at = isStrange(reader, holder) ? { ...spot, generation: refuted } : spot;
  if (reader.generation === at.generation) {
    return isAway ? doubtful(before, 'session', now) : { state: 'present', spot };
  }
  if (sight.session !== 'active') return doubtful(before, 'session', now, at);
  // Something was put in that cannot be told yet.
  if (at.generation !== '') return doubtful(before, 'unidentified', now, at);
  // Perhaps nothing was: the absence goes on to count, but not before the card could be read.
  const absence = before.state === 'doubtful' && isAbsence(before.why) ? before.why : 'reader';
  return { readBy: now + identifyTime, ...doubtful(before, absence, now) };
}

/** The reader in which the holder's card is seen. */
export function readerOf({ readers }: CardSight, holder: HolderIdentity): ReaderSight | undefined {
  return readers.find(({ tokens }) => tokens.some((token) => isOf(token, holder)));
}

/** Reader, service or session are away: what policy's grace is for. */
export function isAbsence(why: Doubt): why is 'reader' | 'service' | 'session' {
  return why === 'reader' || why === 'service' || why === 'session';
}

function isOf({ names, certificates }: SeenToken, holder: HolderIdentity): boolean {
  return names.includes(holder.card) && certificates.includes(holder.certificate);
}

/** Whether the card in the holder's reader is certainly not the holder's. */
function isAnothers({ card, tokens }: ReaderSight, holder: HolderIdentity): boolean {
  return card === 'read' && !tokens.some((token) => mayBeOf(token, holder));
}

/**
 * Whether the card is called as the holder's is and has, instead of his, a certificate that his did not have. One of which certificates
 * are merely missing is not strange: they could not be read.
 */
function isStrange({ tokens }: ReaderSight, holder: HolderIdentity): boolean {
  const seen = tokens.filter((token) => mayBeOf(token, holder)).flatMap(({ certificates }) => certificates);
  return !seen.includes(holder.certificate) && seen.some((certificate) => !holder.beside.includes(certificate));
}

function mayBeOf({ names, isNameless }: SeenToken, holder: HolderIdentity): boolean {
  return isNameless || names.includes(holder.card);
}

/** An absence that turns into another and back again, and a card that was mute meanwhile, do not begin to count anew. */
function doubtful(before: Presence, why: Doubt, now: number, spot = before.spot): DoubtfulPresence {
  const goesOn = before.state === 'doubtful' && isAbsence(before.why) === isAbsence(why) ? before : undefined;
  const isAnotherGlitch = why === 'mute' && goesOn?.why !== 'mute';
  const since = isAnotherGlitch ? now : (goesOn?.begun[why] ?? now);
  const readBy = goesOn?.readBy;
  return {
    state: 'doubtful',
    why,
    since,
    begun: { ...goesOn?.begun, [why]: since },
    ...(readBy === undefined ? {} : { readBy }),
    spot,
  };
}

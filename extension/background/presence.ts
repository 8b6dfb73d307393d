// Which cards are in, which origins know of them, and what each origin has been told: a ledger that outlives the worker.
// Pure. Four things are kept apart: a card that left is told; a reader, a service or a session that left is waited for.
import { type LogoutReason } from '../../shared/logout.ts';
import { type AgentState, type EventName } from '../../shared/messages.ts';

/** What a page hears of a card, and of its own logout. */
export type NoticeName = 'cardremoved' | 'cardinserted' | 'loggedout';

/** One card's stay in a reader, and the origins that have come to know of it, also those whose login has ended. `key` is the agent's. */
export interface Stay {
  key: string;
  reader: string;
  origins: string[];
}

/** By name, the number of the last notice to an origin; `reason` of the last logout. */
export type OriginNotices = Partial<Record<NoticeName, number>> & { reason?: LogoutReason };

/** `sequence` of the last message that was worked in; undefined before the first. */
export interface Ledger {
  sequence?: number;
  stays: Stay[];
  notices: Record<string, OriginNotices>;
  /** Visits of whose end their origin has been told. */
  loggedOut: string[];
  /** A card was pulled, and none has come in since. */
  pulled: boolean;
}

/** What a page is told, with its number at that origin (1, 2, ...). */
export type Told =
  | { name: 'cardremoved' | 'cardinserted'; number: number }
  | { name: 'loggedout'; number: number; reason: LogoutReason };

/** A notice that is due. */
export type Notice = Told & { origin: string };

export const emptyLedger: Ledger = { stays: [], notices: {}, loggedOut: [], pulled: false };

/** Origins that are remembered, of a stay and for their notices, and visits; the oldest go first. */
const rememberedOrigins = 500;
const rememberedVisits = 1_000;

/** Works in a snapshot: what happened since the last message is found by comparing. The very first one tells nothing. */
export function afterSnapshot(
  ledger: Ledger,
  sequence: number,
  state: AgentState,
): { ledger: Ledger; notices: Notice[] } {
  const { stays, left, came } = compare(ledger.stays, state);
  const known = ledger.sequence !== undefined;
  return record({ ...ledger, sequence, stays, pulled: isPulled(ledger, state, left.length > 0) }, [
    ...left.flatMap(({ origins }) => named('cardremoved', origins)),
    ...(known ? came.flatMap(({ origins }) => named('cardinserted', origins)) : []),
  ]);
}

/** Works in an event. One that was worked in before is dropped; after a gap what was missed is found by comparing. */
export function afterEvent(
  ledger: Ledger,
  event: { sequence: number; name: EventName; origins: readonly string[]; state: AgentState },
): { ledger: Ledger; notices: Notice[] } {
  const { sequence, name, origins, state } = event;
  const last = ledger.sequence ?? sequence - 1;
  if (sequence <= last) return { ledger, notices: [] };
  const { stays, left, came } = compare(ledger.stays, state);
  const gap = sequence > last + 1;
  const removed = [...(name === 'card-removed' ? origins : []), ...(gap ? left.flatMap((stay) => stay.origins) : [])];
  const inserted = [...(name === 'card-inserted' ? origins : []), ...(gap ? came.flatMap((stay) => stay.origins) : [])];
  const kept = name === 'card-removed' ? stays.filter(({ key }) => keysOf(state).has(key)) : stays;
  const pulled = isPulled(ledger, state, name === 'card-removed' || (gap && left.length > 0));
  return record({ ...ledger, sequence, stays: kept, pulled }, [
    ...named('cardremoved', removed),
    ...named('cardinserted', inserted),
  ]);
}

/**
 * An origin has just been told that a card is in, by an answer. With one card in it is clear which; with several only the
 * agent knows, and a removal of the other card would be a false alarm.
 */
export function afterAnswer(ledger: Ledger, origin: string): Ledger {
  const [stay, ...others] = ledger.stays;
  if (stay === undefined || others.length > 0 || stay.origins.includes(origin)) return ledger;
  return { ...ledger, stays: [{ ...stay, origins: withOrigins(stay.origins, [origin]) }] };
}

/**
 * A visit at `origin` is being logged out. Where the origin has been told of it before (by a worker that has died since),
 * nothing changes and the notice is that one: a document that has seen its number is not told twice.
 */
export function afterLogout(
  ledger: Ledger,
  visit: string,
  origin: string,
  reason: LogoutReason,
): { ledger: Ledger; notice: Extract<Notice, { name: 'loggedout' }> } {
  const told = ledger.notices[origin]?.loggedout;
  if (told !== undefined && ledger.loggedOut.includes(visit)) {
    return { ledger, notice: { name: 'loggedout', origin, number: told, reason } };
  }
  const number = lastNumber(ledger, origin) + 1;
  const loggedOut = [...ledger.loggedOut, visit].slice(-rememberedVisits);
  return {
    ledger: withNotice({ ...ledger, loggedOut }, origin, { loggedout: number, reason }),
    notice: { name: 'loggedout', origin, number, reason },
  };
}

/** The number of the last notice to an origin; 0 before the first. */
export function lastNumber(ledger: Ledger, origin: string): number {
  const { cardremoved = 0, cardinserted = 0, loggedout = 0 } = ledger.notices[origin] ?? {};
  return Math.max(cardremoved, cardinserted, loggedout);
}

/** What a document of `origin` that has seen notice `since` has missed, oldest first: at most one of each name. */
export function missedNotices(ledger: Ledger, origin: string, since: number): Told[] {
  const { cardremoved = 0, cardinserted = 0, loggedout = 0, reason = 'unknown' } = ledger.notices[origin] ?? {};
  const told: Told[] = [
    { name: 'cardremoved', number: cardremoved },
    { name: 'cardinserted', number: cardinserted },
    { name: 'loggedout', number: loggedout, reason },
  ];
  return told.filter(({ number }) => number > since).sort((a, b) => a.number - b.number);
}

function compare(before: readonly Stay[], state: AgentState): { stays: Stay[]; left: Stay[]; came: Stay[] } {
  const known = new Map(before.map(({ key, origins }) => [key, origins]));
  const present = staysOf(state).map((stay) => ({
    ...stay,
    origins: withOrigins(known.get(stay.key) ?? [], stay.origins),
  }));
  const keys = keysOf(state);
  const gone = before.filter(({ key }) => !keys.has(key));
  const left = gone.filter((stay) => hasLeft(stay, state));
  const waiting = gone.filter((stay) => !left.includes(stay));
  return { stays: [...present, ...waiting], left, came: present.filter(({ key }) => !known.has(key)) };
}

/** Whether a card that is not listed any more has certainly left: its reader is there and holds none, or another. */
function hasLeft(stay: Stay, state: AgentState): boolean {
  if (state.service !== 'running' || state.session !== 'active') return false;
  const reader = state.readers.find(({ name }) => name === stay.reader);
  return reader !== undefined && reader.card !== 'reading' && reader.card !== 'mute';
}

function isPulled(ledger: Ledger, state: AgentState, removed: boolean): boolean {
  if (state.readers.some(({ card }) => card !== 'empty')) return false;
  return removed || ledger.pulled;
}

function staysOf(state: AgentState): Stay[] {
  return state.readers.flatMap(({ name, tokens }) =>
    tokens.map(({ key, sites }) => ({ key, reader: name, origins: sites })),
  );
}

function keysOf(state: AgentState): Set<string> {
  return new Set(staysOf(state).map(({ key }) => key));
}

/** The newest are kept where there are too many. */
function withOrigins(before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])].slice(-rememberedOrigins);
}

type CardNotice = Pick<Extract<Notice, { name: 'cardremoved' | 'cardinserted' }>, 'name' | 'origin'>;

function named(name: CardNotice['name'], origins: readonly string[]): CardNotice[] {
  return [...new Set(origins)].map((origin) => ({ name, origin }));
}

function record(ledger: Ledger, due: readonly CardNotice[]): { ledger: Ledger; notices: Notice[] } {
  const notices: Notice[] = [];
  let next = ledger;
  for (const { name, origin } of due) {
    const number = lastNumber(next, origin) + 1;
    next = withNotice(next, origin, { [name]: number });
    notices.push({ name, origin, number });
  }
  return { ledger: next, notices };
}

/** The origin that was told last stands last: the oldest are forgotten. */
function withNotice(ledger: Ledger, origin: string, notice: OriginNotices): Ledger {
  const { [origin]: told = {}, ...others } = ledger.notices;
  const notices = Object.entries({ ...others, [origin]: { ...told, ...notice } }).slice(-rememberedOrigins);
  return { ...ledger, notices: Object.fromEntries(notices) };
}

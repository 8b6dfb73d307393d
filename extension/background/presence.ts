// Which cards are in, which origins know of them, and what each origin has been told: a ledger that outlives the worker.
// Pure. Four things are kept apart: a card that left is told; a reader, a service or a session that left is waited for.
import { type AgentState, type EventName } from '../../shared/messages.ts';

/** What a page hears of a card. */
export type NoticeName = 'cardremoved' | 'cardinserted';

/** One card's stay in a reader, and the origins that have come to know of it, also those whose login has ended. `key` is the agent's. */
export interface Stay {
  key: string;
  reader: string;
  origins: string[];
}

/** `sequence` of the last message that was worked in; undefined before the first. `notices`: per origin, the number of the last one by name. */
export interface Ledger {
  sequence?: number;
  stays: Stay[];
  notices: Record<string, Partial<Record<NoticeName, number>>>;
  /** A card was pulled, and none has come in since. */
  pulled: boolean;
}

/** A notice that is due, with its number at that origin (1, 2, ...). */
export interface Notice {
  name: NoticeName;
  origin: string;
  number: number;
}

export const emptyLedger: Ledger = { stays: [], notices: {}, pulled: false };

/** Origins that are remembered, of a stay and for their notices; the oldest go first. */
const rememberedOrigins = 500;

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

/** The number of the last notice to an origin; 0 before the first. */
export function lastNumber(ledger: Ledger, origin: string): number {
  const { cardremoved = 0, cardinserted = 0 } = ledger.notices[origin] ?? {};
  return Math.max(cardremoved, cardinserted);
}

/** What a document of `origin` that has seen notice `since` has missed, oldest first: at most one of each name. */
export function missedNotices(ledger: Ledger, origin: string, since: number): Notice[] {
  return Object.entries(ledger.notices[origin] ?? {})
    .filter(([, number]) => number > since)
    .sort(([, a], [, b]) => a - b)
    .map(([name, number]) => ({ name: name as NoticeName, origin, number }));
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

function named(name: NoticeName, origins: readonly string[]): { name: NoticeName; origin: string }[] {
  return [...new Set(origins)].map((origin) => ({ name, origin }));
}

function record(
  ledger: Ledger,
  due: readonly { name: NoticeName; origin: string }[],
): { ledger: Ledger; notices: Notice[] } {
  const notices: Notice[] = [];
  let next = ledger;
  for (const { name, origin } of due) {
    const number = lastNumber(next, origin) + 1;
    const { [origin]: told = {}, ...others } = next.notices;
    next = { ...next, notices: { ...others, [origin]: { ...told, [name]: number } } };
    notices.push({ name, origin, number });
  }
  const remembered = Object.entries(next.notices).slice(-rememberedOrigins);
  return { ledger: { ...next, notices: Object.fromEntries(remembered) }, notices };
}

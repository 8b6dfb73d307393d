// What has changed between two pictures of the readers. Pure. The PC/SC event counter (upper 16 bits of dwEventState) tells
// a pull and re-insertion apart from nothing at all, even when both fell between two looks.
import { type ReaderPicture } from '../native/reader-picture.ts';

/** A reader as it is now. `generation` names one stay of one card: connection, reader and counter; undefined without a card. */
export interface ReaderCondition {
  name: string;
  card: 'empty' | 'mute' | 'present';
  generation: string | undefined;
  /** Number of the connection to the service; counters compare only within one. */
  connection: number;
  atr: Uint8Array;
}

/**
 * One thing that happened, in the order in which to treat it: every `left` before every `came`. A card that falls silent
 * leaves with the cause `mute`; what becomes of it then is told once more: it came back, or left for another cause.
 */
export type ReaderChange =
  | { kind: 'left'; reader: string; cause: 'card' | 'reader' | 'service' | 'replaced' | 'mute' }
  | { kind: 'came'; reader: string; generation: string };

const state = { empty: 0x10, present: 0x20, mute: 0x200 } as const;

/** The readers of a picture, by name. */
export function readerConditions(picture: ReaderPicture): Map<string, ReaderCondition> {
  const conditions = new Map<string, ReaderCondition>();
  if (picture.service === 'stopped') return conditions;
  const { connection } = picture;
  for (const { name, eventState, atr } of picture.readers) {
    const present = (eventState & state.present) !== 0;
    const card = !present ? 'empty' : (eventState & state.mute) !== 0 ? 'mute' : 'present';
    const generation = card === 'present' ? `${connection}/${name}/${eventState >>> 16}` : undefined;
    conditions.set(name, { name, card, generation, connection, atr });
  }
  return conditions;
}

/** Compares two looks at the readers. `serviceRunning` belongs to the later one. */
export function readerChanges(
  before: ReadonlyMap<string, ReaderCondition>,
  after: ReadonlyMap<string, ReaderCondition>,
  serviceRunning: boolean,
): ReaderChange[] {
  const left: ReaderChange[] = [];
  const came: ReaderChange[] = [];
  for (const condition of before.values()) {
    const now = after.get(condition.name);
    if (!hasLeft(condition, now)) continue;
    left.push({ kind: 'left', reader: condition.name, cause: leavingCause(condition, now, serviceRunning) });
  }
  for (const { name, generation } of after.values()) {
    if (generation === undefined || before.get(name)?.generation === generation) continue;
    came.push({ kind: 'came', reader: name, generation });
  }
  return [...left, ...came];
}

function hasLeft({ card, generation }: ReaderCondition, now: ReaderCondition | undefined): boolean {
  if (card === 'present') return now?.generation !== generation;
  return card === 'mute' && (now === undefined || now.card === 'empty');
}

function leavingCause(before: ReaderCondition, now: ReaderCondition | undefined, serviceRunning: boolean) {
  if (!serviceRunning) return 'service';
  if (now === undefined) return 'reader';
  if (now.card === 'mute') return 'mute';
  if (now.card === 'empty') return 'card';
  return now.connection === before.connection ? 'replaced' : 'service';
}

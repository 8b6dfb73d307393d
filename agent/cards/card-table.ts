// The owner of one question: which cards are in which readers, and what is on them. Fed by pictures from PC/SC and from the
// simulator; binds a card once when it comes in, so that nothing has to be read when a page asks.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type ReaderPicture } from '../native/reader-picture.ts';
import { type TokenBackend } from '../tokens/token.ts';
import { endOf, unlessAborted } from './abort-wait.ts';
import { bindCard } from './bind-card.ts';
import { type BoundToken } from './bound-token.ts';
import { FirstLook } from './first-look.ts';
import { type ReaderSight } from './holder-presence.ts';
import { readerSight } from './reader-sight.ts';
import { readerChanges, readerConditions, type ReaderChange, type ReaderCondition } from './reader-change.ts';

/** A reader with what is known of its card. */
export interface ReaderEntry {
  name: string;
  card: 'empty' | 'reading' | 'ready' | 'unsupported' | 'mute';
  tokens: BoundToken[];
  /** Why the card in it cannot be used. */
  problem?: ErrorCode;
}

/** Why a card is not there any more: seen from the reader, or because the OS session may not use it now. */
export type LeavingCause = Extract<ReaderChange, { kind: 'left' }>['cause'] | 'suspended';

/** Something happened to a card. `left` comes with the tokens that were on it. */
export type CardChange =
  | { kind: 'came'; reader: string }
  /** `again`: the card did not come in, it was only reset and read anew. */
  | { kind: 'bound'; reader: string; tokens: BoundToken[]; milliseconds: number; again: boolean }
  | { kind: 'unreadable'; reader: string; code: ErrorCode; native?: string }
  | { kind: 'left'; reader: string; tokens: BoundToken[]; cause: LeavingCause }
  | { kind: 'service'; running: boolean }
  | { kind: 'readers' };

/** A source of pictures and the drivers that may know the cards in its readers, in order of preference. */
export interface CardSource {
  name: string;
  backends: readonly TokenBackend[];
}

/**
 * Pauses before a card that could not be read is reset and read again by itself, in milliseconds: a service that has just come
 * back, or a bad contact, makes a good card look like none. A driver that hung is not asked again.
 */
const secondLooks = [300, 1_500, 6_000] as const;

interface Stay {
  generation: string;
  /** The card was reset before it was read. */
  reset: boolean;
  end: AbortController;
  /** How often the card has been read again by itself. */
  looks: number;
  /** It is read because what was read before was doubted. */
  doubted: boolean;
  /** Settles when the card has been bound, or found unusable, or has left. */
  bound: Promise<void>;
}

/** Nobody has had a reason yet to read the card again. */
const firstRead: Pick<Stay, 'looks' | 'doubted'> = { looks: 0, doubted: false };

interface ReaderRecord extends ReaderEntry {
  source: CardSource;
  stay: Stay | undefined;
}

export class CardTable {
  readonly #clock: Clock;
  readonly #changed: (change: CardChange) => void;
  readonly #conditions = new Map<CardSource, Map<string, ReaderCondition>>();
  readonly #running = new Map<CardSource, boolean>();
  readonly #records = new Map<string, ReaderRecord>();
  readonly #firstLook: FirstLook<CardSource>;
  readonly #muteTimers = new Map<string, () => void>();
  #suspended = false;
  #readingTime: number | undefined;

  constructor(clock: Clock, changed: (change: CardChange) => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#firstLook = new FirstLook(clock);
  }

  /** Every reader, in the order in which they were first seen. */
  get readers(): readonly ReaderEntry[] {
    return [...this.#records.values()];
  }

  /** Every usable token in every reader. */
  get tokens(): BoundToken[] {
    return this.readers.flatMap((reader) => reader.tokens).filter((token) => !token.gone.aborted);
  }

  /** Whether any source of readers is there. */
  get serviceRunning(): boolean {
    return [...this.#running.values()].includes(true);
  }

  /** What is seen of each live reader now, also while the session is suspended. */
  get sights(): ReaderSight[] {
    return [...this.#records.values()].flatMap((record) => {
      const condition = this.#conditions.get(record.source)?.get(record.name);
      return condition === undefined ? [] : [readerSight(record, condition)];
    });
  }

  /** How long it took to read the last card, in milliseconds; undefined before the first. */
  get readingTime(): number | undefined {
    return this.#readingTime;
  }

  /** A source has just been started: until its first picture, or for a while, nobody is told that there is no card. */
  expect(source: CardSource): void {
    this.#firstLook.expect(source);
  }

  /** Takes a new picture of a source's readers and acts on what has changed. */
  update(source: CardSource, picture: ReaderPicture): void {
    this.#firstLook.seen(source);
    const before = this.#conditions.get(source) ?? new Map<string, ReaderCondition>();
    const after = readerConditions(picture);
    const running = picture.service === 'running';
    this.#conditions.set(source, after);
    // First of all: whoever looks because the service is back must not find it without its readers.
    for (const [name, condition] of after) this.#noteReader(source, name, condition);
    if (this.#running.get(source) !== running) {
      this.#running.set(source, running);
      this.#changed({ kind: 'service', running });
    }
    for (const change of this.#suspended ? [] : readerChanges(before, after, running)) {
      // A card that was in before we watched its reader may have been left logged in: by an agent that was killed, or by
      // ourselves in a redirected reader that was away.
      const unknownPast = before.get(change.reader)?.connection !== picture.connection;
      this.#apply(source, change, unknownPast);
    }
    for (const [name, record] of this.#records) {
      if (record.source === source && !after.has(name)) this.#records.delete(name);
    }
    this.#changed({ kind: 'readers' });
  }

  /** Resolves when the readers are known and no card is being read any more. Rejects when `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    for (;;) {
      const reading = [...this.#records.values()].filter(({ card }) => card === 'reading');
      const waits = [...this.#firstLook.waits, ...reading.map(async ({ stay }) => stay?.bound)];
      if (waits.length === 0) return;
      await unlessAborted(Promise.all(waits), signal);
    }
  }

  /**
   * Reads the card in `reader` again; `reset` makes the card forget what was verified. What still uses its tokens fails
   * with `code`. Has begun when the call returns: whoever then waits for `settled` waits for it too.
   */
  async rebind(reader: string, reset: boolean, code: ErrorCode = 'ERR_CARD_FAILED'): Promise<void> {
    const record = this.#records.get(reader);
    if (record?.stay === undefined || record.card === 'mute') return;
    const { generation, end, bound } = record.stay;
    if (record.card === 'reading' && (record.stay.reset || !reset)) {
      await bound;
      return;
    }
    end.abort(new KortbroError(code));
    await this.#begin(record, generation, reset).bound;
  }

  /** Resets and reads a card once more, but once in its stay: what was read of it is not what was expected. */
  lookOnceMore(reader: string): void {
    const record = this.#records.get(reader);
    if (record?.card !== 'ready' || record.stay === undefined || record.stay.doubted) return;
    const { generation, end, looks } = record.stay;
    end.abort(new KortbroError('ERR_CARD_FAILED'));
    this.#begin(record, generation, true, { looks, doubted: true });
  }

  /** The OS session is locked, disconnected or asleep: every handle is dropped. Back again: every card is read anew. */
  setSuspended(suspended: boolean): void {
    if (this.#suspended === suspended) return;
    this.#suspended = suspended;
    for (const record of this.#records.values()) {
      const generation = this.#conditions.get(record.source)?.get(record.name)?.generation;
      if (suspended) this.#endStay(record, 'suspended', new KortbroError('ERR_AGENT_SESSION_LOCKED'));
      else if (generation !== undefined) this.#begin(record, generation, true);
    }
    this.#changed({ kind: 'readers' });
  }

  /** A driver has stopped: what it had bound is gone; its cards are reset and read again. */
  driverStopped(backend: TokenBackend): void {
    for (const record of this.#records.values()) {
      if (record.stay === undefined || record.card === 'mute') continue;
      if (!record.tokens.some((token) => token.backend === backend)) continue;
      const { generation, end } = record.stay;
      end.abort(new KortbroError('ERR_AGENT_DRIVER_CRASHED'));
      this.#begin(record, generation, true);
    }
  }

  #noteReader(source: CardSource, name: string, condition: ReaderCondition): void {
    const record = this.#records.get(name);
    if (record === undefined) {
      this.#records.set(name, {
        name,
        source,
        card: condition.card === 'mute' ? 'mute' : 'empty',
        tokens: [],
        stay: undefined,
      });
    } else if (record.source === source && condition.card !== 'present') {
      record.card = condition.card;
      delete record.problem;
    }
  }

  #apply(source: CardSource, change: ReaderChange, reset: boolean): void {
    const record = this.#records.get(change.reader);
    if (record?.source !== source) return;
    if (change.kind === 'came') {
      this.#forgetMuteCard(record);
      this.#changed({ kind: 'came', reader: change.reader });
      this.#begin(record, change.generation, reset);
    } else if (change.cause === 'mute') this.#awaitMuteCard(record);
    else this.#endStay(record, change.cause, new KortbroError(leavingCode[change.cause]));
  }

  /** A mute card may be a contact glitch: its login is over at once, its removal is told only if it stays mute. */
  #awaitMuteCard(record: ReaderRecord): void {
    record.stay?.end.abort(new KortbroError('ERR_CARD_FAILED'));
    const cancel = this.#clock.after(limits.muteCardGrace, () =>
      this.#endStay(record, 'mute', new KortbroError('ERR_CARD_REMOVED')),
    );
    this.#muteTimers.set(record.name, cancel);
  }

  #forgetMuteCard({ name }: ReaderRecord): void {
    this.#muteTimers.get(name)?.();
    this.#muteTimers.delete(name);
  }

  #endStay(record: ReaderRecord, cause: LeavingCause, reason: KortbroError): void {
    this.#forgetMuteCard(record);
    const { stay, tokens } = record;
    if (stay === undefined) return;
    record.stay = undefined;
    record.tokens = [];
    delete record.problem;
    if (record.card !== 'mute') record.card = 'empty';
    stay.end.abort(reason);
    for (const backend of record.source.backends) void backend.release(record.name).catch(() => undefined);
    this.#changed({ kind: 'left', reader: record.name, tokens, cause });
  }

  #begin(record: ReaderRecord, generation: string, reset: boolean, { looks, doubted } = firstRead): Stay {
    const stay: Stay = { generation, reset, looks, doubted, end: new AbortController(), bound: Promise.resolve() };
    record.stay = stay;
    record.tokens = [];
    record.card = 'reading';
    delete record.problem;
    // Who waits for a card does not wait for a driver that hangs over one which is gone.
    stay.bound = Promise.race([this.#bind(record, stay), endOf(stay.end.signal)]);
    this.#changed({ kind: 'readers' });
    return stay;
  }

  async #bind(record: ReaderRecord, stay: Stay): Promise<void> {
    const { generation, reset, end } = stay;
    const started = this.#clock.now();
    const reader = record.name;
    const atr = this.#conditions.get(record.source)?.get(reader)?.atr ?? new Uint8Array();
    const outcome = await bindCard({ reader, generation, atr, gone: end.signal }, record.source.backends, reset);
    // The stay may have ended meanwhile; what was read then belongs to nobody.
    if (end.signal.aborted) return;
    if (Array.isArray(outcome)) {
      record.tokens = outcome;
      record.card = 'ready';
      const milliseconds = Math.round(this.#clock.now() - started);
      this.#readingTime = milliseconds;
      this.#changed({ kind: 'bound', reader, tokens: outcome, milliseconds, again: reset });
    } else {
      record.card = 'unsupported';
      record.problem = outcome.code;
      this.#changed({ kind: 'unreadable', reader, ...outcome });
      if (outcome.code !== 'ERR_AGENT_DRIVER_HUNG') this.#lookAgain(record, stay);
    }
  }

  #lookAgain(record: ReaderRecord, { generation, looks, doubted, end }: Stay): void {
    const pause = secondLooks[looks];
    if (pause === undefined) return;
    const cancel = this.#clock.after(pause, () => {
      if (!end.signal.aborted && record.card === 'unsupported')
        this.#begin(record, generation, true, { looks: looks + 1, doubted });
    });
    end.signal.addEventListener('abort', cancel, { once: true });
  }
}

const leavingCode = {
  card: 'ERR_CARD_REMOVED',
  reader: 'ERR_CARD_REMOVED',
  service: 'ERR_CARD_SERVICE',
  replaced: 'ERR_CARD_CHANGED',
} as const;

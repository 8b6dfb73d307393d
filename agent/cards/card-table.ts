// The owner of one question: which cards are in which readers, and what is on them. Fed by pictures from PC/SC and from the
// simulator; binds a card once when it comes in, so that nothing has to be read when a page asks.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type ReaderPicture } from '../native/reader-picture.ts';
import { TokenError, type TokenBackend } from '../tokens/token.ts';
import { bindToken, type BoundToken } from './bound-token.ts';
import { readerChanges, readerConditions, type ReaderChange, type ReaderCondition } from './reader-change.ts';

/** A reader with what is known of its card. */
export interface ReaderEntry {
  name: string;
  card: 'empty' | 'reading' | 'ready' | 'unsupported' | 'mute';
  tokens: BoundToken[];
  /** Why the card in it cannot be used. */
  problem?: ErrorCode;
}

/** Something happened to a card. `left` comes with the tokens that were on it. */
export type CardChange =
  | { kind: 'came'; reader: string }
  | { kind: 'bound'; reader: string; tokens: BoundToken[]; milliseconds: number }
  | { kind: 'unreadable'; reader: string; code: ErrorCode; native?: string }
  | {
      kind: 'left';
      reader: string;
      tokens: BoundToken[];
      cause: Extract<ReaderChange, { kind: 'left' }>['cause'] | 'suspended';
    }
  | { kind: 'service'; running: boolean }
  | { kind: 'readers' };

/** A source of pictures and the drivers that may know the cards in its readers, in order of preference. */
export interface CardSource {
  name: string;
  backends: readonly TokenBackend[];
}

interface Stay {
  generation: string;
  end: AbortController;
  /** Settles when the card has been bound, or found unusable. */
  bound: Promise<void>;
}

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
  readonly #muteTimers = new Map<string, () => void>();
  #suspended = false;

  constructor(clock: Clock, changed: (change: CardChange) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Every reader, in the order in which they were first seen. */
  get readers(): readonly ReaderEntry[] {
    return [...this.#records.values()];
  }

  /** Every usable token in every reader. */
  get tokens(): BoundToken[] {
    return this.readers.flatMap((reader) => reader.tokens);
  }

  /** Whether any source of readers is there. */
  get serviceRunning(): boolean {
    return [...this.#running.values()].includes(true);
  }

  /** Takes a new picture of a source's readers and acts on what has changed. */
  update(source: CardSource, picture: ReaderPicture): void {
    const before = this.#conditions.get(source) ?? new Map<string, ReaderCondition>();
    const after = readerConditions(picture);
    const running = picture.service === 'running';
    this.#conditions.set(source, after);
    if (this.#running.get(source) !== running) {
      this.#running.set(source, running);
      this.#changed({ kind: 'service', running });
    }
    for (const [name, condition] of after) this.#noteReader(source, name, condition);
    if (!this.#suspended) for (const change of readerChanges(before, after, running)) this.#apply(source, change);
    for (const [name, record] of this.#records) {
      if (record.source === source && !after.has(name)) this.#records.delete(name);
    }
    this.#changed({ kind: 'readers' });
  }

  /** Resolves when no card is being read any more. Rejects when `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    const reading: Promise<void>[] = [];
    for (const { card, stay } of this.#records.values())
      if (card === 'reading' && stay !== undefined) reading.push(stay.bound);
    if (reading.length > 0) await Promise.race([Promise.all(reading), aborted(signal)]);
  }

  /**
   * Reads the card in `reader` again; `reset` makes the card forget what was verified. What still uses its tokens fails
   * with `code`. Has begun when the call returns: whoever then waits for `settled` waits for it too.
   */
  async rebind(reader: string, reset: boolean, code: ErrorCode = 'ERR_CARD_FAILED'): Promise<void> {
    const record = this.#records.get(reader);
    if (record?.stay === undefined || record.card === 'reading') {
      await record?.stay?.bound;
      return;
    }
    const { generation, end } = record.stay;
    end.abort(new KortbroError(code));
    this.#begin(record, generation, reset);
    await record.stay.bound;
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
      if (record.stay === undefined || !record.tokens.some((token) => token.backend === backend)) continue;
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
    } else if (condition.card !== 'present') {
      record.card = condition.card;
      delete record.problem;
    }
  }

  #apply(source: CardSource, change: ReaderChange): void {
    const record = this.#records.get(change.reader);
    if (record?.source !== source) return;
    if (change.kind === 'came') {
      this.#muteTimers.get(change.reader)?.();
      this.#muteTimers.delete(change.reader);
      this.#changed({ kind: 'came', reader: change.reader });
      this.#begin(record, change.generation, false);
      return;
    }
    const code = change.cause === 'replaced' ? 'ERR_CARD_CHANGED' : 'ERR_CARD_REMOVED';
    if (change.cause === 'mute') this.#awaitMuteCard(record);
    else this.#endStay(record, change.cause, new KortbroError(code));
  }

  /** A mute card may be a contact glitch: its login is over at once, its removal is told only if it stays mute. */
  #awaitMuteCard(record: ReaderRecord): void {
    record.stay?.end.abort(new KortbroError('ERR_CARD_FAILED'));
    const cancel = this.#clock.after(limits.muteCardGrace, () => {
      this.#muteTimers.delete(record.name);
      this.#endStay(record, 'mute', new KortbroError('ERR_CARD_REMOVED'));
    });
    this.#muteTimers.set(record.name, cancel);
  }

  #endStay(record: ReaderRecord, cause: Extract<CardChange, { kind: 'left' }>['cause'], reason: KortbroError): void {
    const { stay, tokens } = record;
    if (stay === undefined) return;
    record.stay = undefined;
    record.tokens = [];
    if (record.card !== 'mute') record.card = 'empty';
    stay.end.abort(reason);
    for (const backend of record.source.backends) void backend.release(record.name).catch(() => undefined);
    this.#changed({ kind: 'left', reader: record.name, tokens, cause });
  }

  #begin(record: ReaderRecord, generation: string, reset: boolean): void {
    const stay: Stay = { generation, end: new AbortController(), bound: Promise.resolve() };
    record.stay = stay;
    record.tokens = [];
    record.card = 'reading';
    delete record.problem;
    stay.bound = this.#bind(record, stay, reset);
    this.#changed({ kind: 'readers' });
  }

  async #bind(record: ReaderRecord, stay: Stay, reset: boolean): Promise<void> {
    const started = this.#clock.now();
    const atr = this.#conditions.get(record.source)?.get(record.name)?.atr ?? new Uint8Array();
    let problem: { code: ErrorCode; native?: string } = { code: 'ERR_AGENT_DRIVER_MISSING' };
    for (const backend of record.source.backends) {
      try {
        const descriptions = await backend.bind(record.name, atr, reset);
        if (record.stay !== stay) return;
        if (descriptions.length > 0) {
          const place = { reader: record.name, generation: stay.generation, backend, gone: stay.end.signal };
          record.tokens = descriptions.map((description) => bindToken(description, place));
          record.card = 'ready';
          const milliseconds = Math.round(this.#clock.now() - started);
          this.#changed({ kind: 'bound', reader: record.name, tokens: record.tokens, milliseconds });
          return;
        }
        problem = { code: 'ERR_CARD_UNSUPPORTED' };
      } catch (error) {
        problem = bindProblem(error);
      }
    }
    if (record.stay !== stay) return;
    record.card = 'unsupported';
    record.problem = problem.code;
    this.#changed({ kind: 'unreadable', reader: record.name, ...problem });
  }
}

function bindProblem(error: unknown): { code: ErrorCode; native?: string } {
  if (error instanceof KortbroError) return { code: error.code };
  if (!(error instanceof TokenError)) return { code: 'ERR_AGENT_INTERNAL' };
  const { failure, native } = error;
  const code = failure === 'login-lost' || failure === 'final-try-unconfirmed' ? 'ERR_CARD_FAILED' : failure;
  return native === undefined ? { code } : { code, native };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () =>
      reject(signal.reason instanceof Error ? signal.reason : new KortbroError('ERR_REQUEST_CANCELLED'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

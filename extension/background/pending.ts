// Requests on their way to the agent, by an id of our own making. Each settles exactly once: answered, cancelled, failed
// with the connection, or out of time while no agent was there. Nothing is sent twice.
import { type ErrorCode } from '../../shared/errors.ts';
import { type ClientMessage, type Request } from '../../shared/messages.ts';
import { lostCode } from './reconnect.ts';

/** How a request ends. An error keeps the agent's own sentence. */
export type Outcome =
  { result: unknown } | { error: { code: ErrorCode; message?: string; triesLeft?: number; incident?: string } };

type WithoutId<T> = T extends Request ? Omit<T, 'id'> : never;
/** A request before it has an id. */
export type Question = WithoutId<Request>;

/**
 * How long a request waits for an agent to be reached, in milliseconds: long enough for host and agent to be started,
 * a definite answer within five seconds, and sooner where the host has told why there is none.
 */
export const waitForAgent = 4_500;
export const waitWhenGone = 1_000;

interface Entry {
  question: Question;
  sent: boolean;
  settle: (outcome: Outcome) => void;
  cancelTimer: () => void;
}

/** What the table needs. `post` is called only between `connected()` and `lost()`. */
export interface PendingSurroundings {
  post(message: ClientMessage): void;
  newId(): string;
  later(callback: () => void, milliseconds: number): () => void;
}

export class PendingRequests {
  readonly #surroundings: PendingSurroundings;
  readonly #entries = new Map<string, Entry>();
  #connected = false;
  /** Why there is no agent, if the host has told and it is no mere restart. */
  #reason: ErrorCode | undefined;

  constructor(surroundings: PendingSurroundings) {
    this.#surroundings = surroundings;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sends now, or as soon as the agent is reached. @returns the id, for `cancel`. */
  ask(question: Question, settle: (outcome: Outcome) => void): string {
    const id = this.#surroundings.newId();
    const entry: Entry = { question, sent: false, settle, cancelTimer: () => undefined };
    this.#entries.set(id, entry);
    if (this.#connected) {
      this.#post(id, entry);
    } else {
      const wait = this.#reason === undefined ? waitForAgent : waitWhenGone;
      entry.cancelTimer = this.#surroundings.later(() => this.#fail(id, lostCode(false, this.#reason)), wait);
    }
    return id;
  }

  /** Forgets a request and tells the agent, if it knows of it. Its `settle` is not called. */
  cancel(id: string): void {
    const entry = this.#take(id);
    if (entry?.sent === true && this.#connected) this.#surroundings.post({ type: 'cancel', id });
  }

  /** As `cancel`, and its `settle` is called with that code: the holder has given it up, or it cannot go on. */
  giveUp(id: string, code: ErrorCode): void {
    const entry = this.#entries.get(id);
    this.cancel(id);
    entry?.settle({ error: { code } });
  }

  /** The question behind an id that is still open. */
  question(id: string): Question | undefined {
    return this.#entries.get(id)?.question;
  }

  /** An answer; one to an unknown id (cancelled meanwhile) is dropped. */
  settle(id: string, outcome: Outcome): void {
    this.#take(id)?.settle(outcome);
  }

  /** The agent is there: what waited is sent. */
  connected(): void {
    this.#connected = true;
    this.#reason = undefined;
    for (const [id, entry] of this.#entries) {
      if (!entry.sent) this.#post(id, entry); // a host that says so twice must not make a request run twice
    }
  }

  /** The agent or the host is gone: every request fails, for good. `told` is the host's own reason, if it gave one. */
  lost(told: ErrorCode | undefined): void {
    this.#connected = false;
    this.#reason = told === 'ERR_AGENT_STOPPED' ? undefined : told;
    for (const [id, { sent }] of this.#entries) this.#fail(id, lostCode(sent, told));
  }

  #post(id: string, entry: Entry): void {
    entry.sent = true;
    entry.cancelTimer();
    this.#surroundings.post({ ...entry.question, id });
  }

  #fail(id: string, code: ErrorCode): void {
    this.#take(id)?.settle({ error: { code } });
  }

  #take(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.cancelTimer();
    return entry;
  }
}

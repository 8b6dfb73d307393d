// The documents that use the page API: one port each. Checks what they send once more (a content script lives in the
// page's process), bounds it, and drops everything of a document that goes.
import { KortbroError, toWireError, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type PageStatus } from '../../shared/messages.ts';
import { takeOne, type Bucket } from '../../shared/token-bucket.ts';
import { parsePageMessage, type PageAnswer, type PageRequest } from '../page-api/page-messages.ts';
import { type Outcome, type PendingRequests, type Question } from './pending.ts';
import { signQuestion, type SignQuestion } from './signing/sign-question.ts';
import { type Signings } from './signing/signings.ts';
import { lastNumber, missedNotices, type Ledger, type Notice, type Told } from './presence.ts';
import { whoAsks, type Asker, type Sender } from './sender.ts';

/** A document's port, as the background sees it. */
export interface DocumentPort {
  readonly sender: Sender | undefined;
  post(answer: PageAnswer): void;
  close(): void;
}

export interface PagesSurroundings {
  extensionId: string;
  extensionVersion: string;
  language(): 'sv' | 'en';
  now(): number;
  /** Calls back later; returns what cancels it. */
  later(callback: () => void, milliseconds: number): () => void;
  pending: PendingRequests;
  signings: Signings;
  /** Somebody wants an answer: see that there is a way to the agent. */
  wanted(): void;
  ledger(): Ledger;
  /** An answer has told this origin that a card is in. */
  toldOfCard(origin: string): void;
}

/** Origins whose rate is remembered at a time. */
const rememberedBuckets = 1_000;

interface Document extends Asker {
  port: DocumentPort;
  listening: boolean;
  /** Number of the last notice that it has seen. */
  seen: number;
  /** How far it is with the last `loggedout` event that it was told. */
  farewell?: { number: number; step: 'told' | 'received' | 'settled' };
  /** Open requests: the page's id -> ours. */
  open: Map<string, string>;
}

export class Pages {
  readonly #surroundings: PagesSurroundings;
  readonly #documents = new Set<Document>();
  /** Called when a document gets on with a `loggedout` event, or is gone. */
  readonly #watchers = new Set<() => void>();
  readonly #buckets = new Map<string, Bucket>();
  #commonBucket: Bucket | undefined;

  constructor(surroundings: PagesSurroundings) {
    this.#surroundings = surroundings;
  }

  /** A new port. @returns what to do with its messages and at its end. */
  connected(port: DocumentPort): { receive(message: unknown): void; gone(): void } {
    const asker = whoAsks(port.sender, this.#surroundings.extensionId);
    if ('refused' in asker) {
      // The first request is told why, then the port ends: what the browser says of a port does not change later.
      return {
        receive: (value) => {
          const message = parsePageMessage(value);
          if ('id' in message) port.post(this.#error(message.id, asker.refused));
          else port.post({ listening: null });
          port.close();
        },
        gone: () => undefined,
      };
    }
    const document: Document = { ...asker, port, listening: false, seen: 0, open: new Map() };
    this.#documents.add(document);
    return {
      receive: (value) => this.#receive(document, value),
      gone: () => {
        this.#documents.delete(document);
        for (const watch of this.#watchers) watch();
        for (const id of document.open.values()) this.#cancel(id);
      },
    };
  }

  /** Tells each listening document of the origins concerned. */
  notify(notices: readonly Notice[]): void {
    for (const { origin, ...told } of notices) {
      for (const document of this.#documents) {
        if (document.listening && document.origin === origin) this.#tell(document, told);
      }
    }
  }

  /**
   * Tells the listening documents of an origin of their logout, those that have not seen this notice before. Resolves
   * when all of them have settled what they were doing; one that gives no sign is waited for only briefly.
   */
  farewell(notice: Extract<Notice, { name: 'loggedout' }>): Promise<void> {
    const { origin, number } = notice;
    for (const document of this.#documents) {
      if (document.listening && document.origin === origin && document.seen < number) this.#tell(document, notice);
    }
    return new Promise((resolve) => {
      let waitsForSilent = true;
      const watch = (): void => {
        for (const { origin: of, farewell } of this.#documents) {
          if (of !== origin || farewell?.number !== number) continue;
          if (farewell.step === 'received' || (farewell.step === 'told' && waitsForSilent)) return;
        }
        end();
      };
      const silence = this.#surroundings.later(() => {
        waitsForSilent = false;
        watch();
      }, limits.pageSilence);
      const patience = this.#surroundings.later(() => end(), limits.pageFarewell);
      const end = (): void => {
        this.#watchers.delete(watch);
        silence();
        patience();
        resolve();
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  #tell(document: Document, told: Told): void {
    document.seen = told.number;
    if (told.name === 'loggedout') {
      document.farewell = { number: told.number, step: 'told' };
      document.port.post({ event: told.name, number: told.number, reason: told.reason });
    } else {
      document.port.post({ event: told.name, number: told.number });
    }
  }

  #receive(document: Document, value: unknown): void {
    const message = parsePageMessage(value);
    if ('refused' in message) {
      if (message.id !== undefined) document.port.post(this.#error(message.id, message.refused));
    } else if (message.verb === 'listen') {
      this.#listen(document, message.since);
    } else if ('number' in message) {
      if (document.farewell?.number !== message.number) return;
      document.farewell.step = message.verb;
      for (const watch of this.#watchers) watch();
    } else if (message.verb === 'cancel') {
      const ours = document.open.get(message.id);
      document.open.delete(message.id);
      if (ours !== undefined) this.#cancel(ours);
    } else if (message.verb === 'document' || message.verb === 'fetched') {
      const ours = document.open.get(message.id);
      if (ours !== undefined) this.#surroundings.signings.fromPage(ours, message);
    } else {
      const refused = this.#refusal(document, message);
      if (refused === undefined) this.#ask(document, message);
      else document.port.post(this.#error(message.id, refused));
    }
  }

  #refusal(document: Document, { id }: PageRequest): ErrorCode | undefined {
    if (document.open.has(id)) return 'ERR_REQUEST_DUPLICATE';
    if (document.open.size >= limits.openRequestsPerDocument) return 'ERR_REQUEST_TOO_MANY';
    if (this.#surroundings.pending.size >= limits.openRequestsPerConnection) return 'ERR_REQUEST_TOO_MANY';
    const now = this.#surroundings.now();
    const bucket = takeOne(this.#buckets.get(document.origin), limits.originRate, now);
    const common = takeOne(this.#commonBucket, limits.profileRate, now);
    if (bucket === undefined || common === undefined) return 'ERR_REQUEST_TOO_MANY';
    this.#commonBucket = common;
    if (this.#buckets.size >= rememberedBuckets) this.#buckets.clear();
    this.#buckets.set(document.origin, bucket);
    return undefined;
  }

  #ask(document: Document, message: PageRequest): void {
    const { id, ...asked } = message;
    const question = questionOf(asked, { language: this.#surroundings.language(), origin: document.origin });
    if (question === undefined) {
      document.port.post(this.#error(id, 'ERR_REQUEST_INVALID'));
      return;
    }
    const ours = this.#surroundings.pending.ask(question, (outcome) => {
      document.open.delete(id);
      this.#surroundings.signings.ended(ours, outcome);
      if (tellsOfCard(message, outcome)) this.#surroundings.toldOfCard(document.origin);
      document.port.post(this.#answer(id, message, outcome));
    });
    document.open.set(id, ours);
    if (question.verb === 'sign') {
      const windowId = document.port.sender?.tab?.windowId;
      this.#surroundings.signings.begin(ours, question, windowId, (news) => document.port.post({ id, ...news }));
    }
    this.#surroundings.wanted();
  }

  #cancel(ours: string): void {
    this.#surroundings.pending.cancel(ours);
    this.#surroundings.signings.ended(ours, undefined);
  }

  #listen(document: Document, since: number | undefined): void {
    document.listening = true;
    this.#surroundings.wanted();
    const ledger = this.#surroundings.ledger();
    document.seen = lastNumber(ledger, document.origin);
    if (since !== undefined) {
      for (const told of missedNotices(ledger, document.origin, since)) this.#tell(document, told);
    }
    document.port.post({ listening: document.seen });
  }

  #answer(id: string, { verb }: PageRequest, outcome: Outcome): PageAnswer {
    if ('error' in outcome) {
      const { code, message, ...details } = outcome.error;
      const own = toWireError(new KortbroError(code, details), this.#surroundings.language());
      return { id, error: message === undefined ? own : { ...own, message } };
    }
    if (verb !== 'status') return { id, result: outcome.result };
    return { id, result: { version: this.#surroundings.extensionVersion, ...(outcome.result as object) } };
  }

  #error(id: string | undefined, code: ErrorCode): PageAnswer {
    return this.#answer(id ?? '', { id: '', verb: 'status' }, { error: { code } });
  }
}

type Asked<T> = T extends PageRequest ? Omit<T, 'id'> : never;

/** Undefined for a request to sign whose parts are not what shared/signing.ts says. */
function questionOf(
  asked: Asked<PageRequest>,
  { language, origin }: { language: 'sv' | 'en'; origin: string },
): Exclude<Question, { verb: 'sign' }> | SignQuestion | undefined {
  const common = { type: 'request', language, caller: { kind: 'page', origin } } as const;
  return asked.verb === 'sign' ? signQuestion(asked, common) : { ...common, ...asked };
}

function tellsOfCard({ verb }: PageRequest, outcome: Outcome): boolean {
  if ('error' in outcome) return false;
  return verb === 'authenticate' || (outcome.result as PageStatus).card === 'present';
}

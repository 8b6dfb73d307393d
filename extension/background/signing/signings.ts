// The signings that are open, by the id of their request, and who has the consent window. Ends a signing everywhere at once.
import { type ErrorCode } from '../../../shared/errors.ts';
import { type SigningAnswer, type SigningMessage } from '../../../shared/signing.ts';
import { type PageSigningMessage } from '../../page-api/sign-messages.ts';
import { type Outcome } from '../pending.ts';
import { type ConsentDesk } from './consent-desk.ts';
import { type SignQuestion } from './sign-question.ts';
import { Signing, type SigningTold } from './signing.ts';

export interface SigningsSurroundings {
  desk: ConsentDesk;
  send(message: SigningMessage): void;
  giveUp(id: string, code: ErrorCode): void;
  distrust(): void;
}

export class Signings {
  readonly #surroundings: SigningsSurroundings;
  readonly #open = new Map<string, Signing>();

  constructor(surroundings: SigningsSurroundings) {
    this.#surroundings = surroundings;
  }

  /** A page has asked. `windowId`: the browser window that it is in. */
  begin(id: string, question: SignQuestion, windowId: number | undefined, toPage: (told: SigningTold) => void): void {
    const surroundings = this.#surroundings;
    const { desk } = surroundings;
    const signing = new Signing(id, question, {
      toAgent: (message) => surroundings.send(message),
      toPage,
      askHolder: (consent) => desk.ask({ id, consent, windowId, wish: (wish) => signing.fromWindow(wish) }),
      toWindow: (message) => desk.tell(id, message),
      closeWindow: () => desk.close(id),
      giveUp: (code) => surroundings.giveUp(id, code),
      distrust: () => surroundings.distrust(),
    });
    this.#open.set(id, signing);
  }

  fromPage(id: string, message: PageSigningMessage): void {
    this.#open.get(id)?.fromPage(message);
  }

  /** What is said of one that has ended meanwhile is dropped. */
  fromAgent(message: SigningAnswer): void {
    this.#open.get(message.id)?.fromAgent(message);
  }

  /** Whether the request may be answered with success now; true for any that is no signing. */
  mayEnd(id: string): boolean {
    return this.#open.get(id)?.isDone ?? true;
  }

  /** The request has ended; without an outcome: its page is gone or has cancelled. */
  ended(id: string, outcome: Outcome | undefined): void {
    const signing = this.#open.get(id);
    if (signing === undefined) return;
    this.#open.delete(id);
    const { desk } = this.#surroundings;
    const error = outcome !== undefined && 'error' in outcome ? outcome.error : undefined;
    if (error === undefined) {
      // What could not be signed stays on the screen until the holder has read it.
      if (outcome === undefined || !signing.isDone) desk.close(id);
    } else if (!signing.isAnswered || holdersOwn.has(error.code)) {
      desk.close(id);
    } else {
      const { code, triesLeft, incident } = error;
      const details = {
        ...(triesLeft === undefined ? {} : { triesLeft }),
        ...(incident === undefined ? {} : { incident }),
      };
      desk.tell(id, { failed: { code, ...details } });
    }
    desk.release(id);
  }
}

/** What the holder has done need not be told to the holder. */
const holdersOwn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_USER_CANCELLED',
  'ERR_USER_DECLINED',
  'ERR_REQUEST_CANCELLED',
]);

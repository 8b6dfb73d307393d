// One consent window at a time: who has it, who waits, and what it says. A window that goes before its question is answered
// means no. A window whose request has ended may stay and say why, until it is closed or the next one is wanted.
import { type SigningConsent } from '../../../shared/signing.ts';
import { parseConsentWish, type ConsentMessage, type ConsentWish } from './consent-messages.ts';

/** The browser's windows, as far as they are needed. */
export interface WindowSurroundings {
  newTicket(): string;
  /** Opens the page of that ticket before the browser window that is named. Resolves with the new window's id. */
  open(ticket: string, before: number | undefined): Promise<number>;
  close(windowId: number): void;
}

export interface ConsentCase {
  id: string;
  consent: SigningConsent;
  windowId: number | undefined;
  wish: (wish: ConsentWish) => void;
}

interface Shown extends ConsentCase {
  ticket: string;
  own: number | undefined;
  post?: (message: ConsentMessage) => void;
  /** The holder has said yes: a window that goes is a cancel. */
  isAnswered: boolean;
  /** The request has ended; the window only tells of it. */
  isReleased: boolean;
}

export class ConsentDesk {
  readonly #windows: WindowSurroundings;
  #shown: Shown | undefined;
  #waiting: ConsentCase[] = [];

  constructor(windows: WindowSurroundings) {
    this.#windows = windows;
  }

  /** Shows it now, or when the one that is shown has ended. */
  ask(wanted: ConsentCase): void {
    this.#waiting.push(wanted);
    this.#next();
  }

  /** A window's port. @returns what to do with its messages and at its end; undefined: it has nothing to show. */
  connected(
    ticket: string,
    post: (message: ConsentMessage) => void,
  ): { receive(message: unknown): void; gone(): void } | undefined {
    const shown = this.#shown;
    if (shown?.ticket !== ticket || shown.post !== undefined) return undefined;
    shown.post = post;
    post({ show: shown.consent });
    return {
      receive: (value) => {
        const wish = parseConsentWish(value);
        if (wish === undefined || this.#shown !== shown || shown.isReleased) return;
        if (wish.verb === 'sign') shown.isAnswered = true;
        shown.wish(wish);
      },
      gone: () => this.#gone(shown),
    };
  }

  /** The browser has closed a window. */
  windowClosed(windowId: number): void {
    if (this.#shown?.own === windowId) this.#gone(this.#shown);
  }

  /** Says something in the window of this request, if it has it. */
  tell(id: string, message: ConsentMessage): void {
    if (this.#shown?.id === id) this.#shown.post?.(message);
  }

  /** Closes the window of this request, or takes it from those that wait. */
  close(id: string): void {
    this.#waiting = this.#waiting.filter((wanted) => wanted.id !== id);
    if (this.#shown?.id === id) this.#end(this.#shown);
  }

  /** The request has ended: its window, if it is still there, gives way to the next. */
  release(id: string): void {
    if (this.#shown?.id === id) this.#shown.isReleased = true;
    this.#next();
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#shown?.isReleased === false) return;
    if (this.#shown !== undefined) this.#end(this.#shown);
    const wanted = this.#waiting.shift();
    if (wanted === undefined || this.#shown !== undefined) return;
    const ticket = this.#windows.newTicket();
    const shown: Shown = { ...wanted, ticket, own: undefined, isAnswered: false, isReleased: false };
    this.#shown = shown;
    this.#windows.open(ticket, wanted.windowId).then(
      (own) => {
        shown.own = own;
        if (this.#shown !== shown) this.#windows.close(own); // ended before it was there
      },
      () => this.#gone(shown),
    );
  }

  #end(shown: Shown): void {
    this.#shown = undefined;
    if (shown.own !== undefined) this.#windows.close(shown.own);
    this.#next();
  }

  #gone(shown: Shown): void {
    if (this.#shown !== shown) return;
    this.#shown = undefined;
    if (shown.own !== undefined) this.#windows.close(shown.own);
    if (!shown.isReleased) shown.wish({ verb: shown.isAnswered ? 'cancel' : 'decline' });
    this.#next();
  }
}

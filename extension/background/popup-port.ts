// What the popup may ask in the holder's own name, and what it is shown. Accepted from our popup only (sender.ts).
import { KortbroError, toWireError } from '../../shared/errors.ts';
import { type PendingRequests } from './pending.ts';
import { type PopupMessage, type PopupVerb, type View } from './popup-messages.ts';

export interface PopupSurroundings {
  language(): 'sv' | 'en';
  pending: PendingRequests;
  wanted(): void;
  view(): View;
}

/** The open popups: one per browser window at most. */
export class Popups {
  readonly #surroundings: PopupSurroundings;
  readonly #posts = new Set<(message: PopupMessage) => void>();

  constructor(surroundings: PopupSurroundings) {
    this.#surroundings = surroundings;
  }

  /** A new popup. @returns what to do with its messages and at its end. */
  connected(post: (message: PopupMessage) => void): { receive(message: unknown): void; gone(): void } {
    this.#posts.add(post);
    this.#surroundings.wanted();
    post({ view: this.#surroundings.view() });
    return {
      receive: (value) => {
        const verb = popupVerb(value);
        if (verb === undefined) return;
        const language = this.#surroundings.language();
        const question = { type: 'request', language, verb, caller: { kind: 'user' } } as const;
        this.#surroundings.pending.ask(question, (outcome) => {
          if ('result' in outcome) post({ verb, result: outcome.result });
          else post({ verb, error: toWireError(new KortbroError(outcome.error.code, outcome.error), language) });
        });
        this.#surroundings.wanted();
      },
      // The holder's wish to forget the PIN is carried out even if the popup closes meanwhile.
      gone: () => {
        this.#posts.delete(post);
      },
    };
  }

  /** Shows every open popup what has changed. */
  show(view: View): void {
    for (const post of this.#posts) post({ view });
  }
}

function popupVerb(value: unknown): PopupVerb | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'verb') return undefined;
  const { verb } = value as { verb: unknown };
  return verb === 'status' || verb === 'certificates' || verb === 'forget-pin' ? verb : undefined;
}

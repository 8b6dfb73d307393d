// The open pages that say "you are logged out": each is told whether a card is in and whether its site may be visited.
import { isSecureOrigin } from '../../shared/origin.ts';
import { type View } from './popup-messages.ts';
import { type RemovedMessage } from './removed-messages.ts';
import { type Sender } from './sender.ts';

export interface RemovedSurroundings {
  view(): View;
  standing(origin: string): { isDenied: boolean; isOwed: boolean };
}

/** The origin that such a page speaks of, as its address says; undefined for anybody else's port. */
export function removedOrigin(sender: Sender | undefined, extensionId: string, pageUrl: string): string | undefined {
  if (sender?.id !== extensionId || sender.url?.startsWith(`${pageUrl}?`) !== true) return undefined;
  const origin = new URL(sender.url).searchParams.get('origin') ?? '';
  return isSecureOrigin(origin, true) ? origin : undefined;
}

export class RemovedPages {
  readonly #surroundings: RemovedSurroundings;
  readonly #open = new Map<(message: RemovedMessage) => void, string>();

  constructor(surroundings: RemovedSurroundings) {
    this.#surroundings = surroundings;
  }

  /** A new page, which says nothing. @returns what to do at its end. */
  connected(
    origin: string,
    post: (message: RemovedMessage) => void,
  ): { receive(message: unknown): void; gone(): void } {
    this.#open.set(post, origin);
    post(this.#message(origin));
    return {
      receive: () => undefined,
      gone: () => {
        this.#open.delete(post);
      },
    };
  }

  /** Tells every open page how things stand. */
  show(): void {
    for (const [post, origin] of this.#open) post(this.#message(origin));
  }

  #message(origin: string): RemovedMessage {
    const readers = this.#surroundings.view().state?.readers ?? [];
    const cards = readers.flatMap(({ tokens }) => tokens.map(({ key }) => key));
    return { cards, ...this.#surroundings.standing(origin) };
  }
}

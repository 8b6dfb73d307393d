// What a module showed of the card in each reader since it was initialised: a module may show a card that is no longer there.
import { TokenError } from '../token.ts';

/** What a card said of itself, and a hash of what the module showed. */
export interface CardReading {
  identity: string;
  content: string;
}

export class CardReadings {
  readonly #last = new Map<string, CardReading>();

  /** The module is initialised anew. */
  forget(): void {
    this.#last.clear();
  }

  /**
   * A module that was not initialised anew may show the content of a card that is no longer there (seen on OpenSC 0.23 after a swap
   * without an event, even after a reset): identity and content have both changed since it last read this reader, or neither has.
   * @throws TokenError ERR_CARD_FAILED
   */
  check(reader: string, now: CardReading): void {
    const last = this.#last.get(reader);
    if (last !== undefined && (last.identity === now.identity) !== (last.content === now.content)) {
      throw new TokenError('ERR_CARD_FAILED', { native: 'the module shows another card' });
    }
    this.#last.set(reader, now);
  }
}

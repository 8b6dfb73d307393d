// Whoever plays the card in a demonstration: puts it in, pulls it, and tells the agent where to look for it.
import { type TokenSource } from '../shared/policy.ts';
import { type CardName } from './demo-cards.ts';

export interface CardDriver {
  /** For people: "simulated card". */
  readonly title: string;
  /** The agent's source of tokens. */
  readonly source: TokenSource;
  /** What the agent needs in its environment to find the reader. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether cards can be put in and pulled by program. A real card is in somebody's hand. */
  readonly controlled: boolean;
  /** Whether the cards have a PIN of their own for signatures; else one PIN opens everything. */
  readonly hasSignaturePin: boolean;
  /** Settles when the card is in; the agent hears of it as it would of a real one. The reader must be empty. */
  insert(card: CardName): Promise<void>;
  /** Settles when the card is out. The reader may be empty already. */
  remove(): Promise<void>;
  stop(): Promise<void>;
}

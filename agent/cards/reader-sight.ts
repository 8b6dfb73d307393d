// One reader as it is seen now, for the question whether a holder is there: what PC/SC tells, and what was read of this stay.
import { type BoundToken } from './bound-token.ts';
import { seenToken } from './holder-identity.ts';
import { type ReaderSight } from './holder-presence.ts';
import { type ReaderCondition } from './reader-change.ts';

/** What is known of the card in a reader. */
interface KnownCard {
  card: 'empty' | 'reading' | 'ready' | 'unsupported' | 'mute';
  tokens: readonly BoundToken[];
  stay: { generation: string } | undefined;
}

/** What was read counts only for the stay in which it was. */
export function readerSight({ card, tokens, stay }: KnownCard, condition: ReaderCondition): ReaderSight {
  const { name, generation } = condition;
  const seen = (look: ReaderSight['card']): ReaderSight => ({ name, card: look, generation, tokens: [] });
  if (condition.card !== 'present') return seen(condition.card);
  if (stay?.generation !== generation) return seen('unread');
  if (card === 'ready') return { ...seen('read'), tokens: tokens.map(seenToken) };
  // Also one on which no driver finds anything: they do so on good cards right after the service or they were restarted.
  return seen(card === 'unsupported' ? 'unreadable' : 'unread');
}

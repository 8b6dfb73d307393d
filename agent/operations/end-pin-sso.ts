// What the end of PIN-SSO means for the card, and of a login that nobody wants any more: the card itself must forget the PIN, so that
// "forget" is more than a word.
import { type PinSsoEnd } from '../audit/audit-event.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { type CardTable } from '../cards/card-table.ts';

/** Resets the card where it is still there and reads it again where it may be used again. Returns when that is done. */
export async function lockCard(cards: CardTable, token: BoundToken, reason: PinSsoEnd): Promise<void> {
  if (token.gone.aborted) return;
  if (reason === 'session-locked' || reason === 'agent-stopped') {
    await token.backend.lock(token.description.handle).catch(() => undefined);
    return;
  }
  await cards.rebind(token.reader, true, reason === 'forgotten' ? 'ERR_USER_CANCELLED' : 'ERR_CARD_FAILED');
}

// After a driver's error nothing that it said before is believed: the login is over and the card is read anew.
import { type PinSsoEnd } from '../audit/audit-event.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { type TokenFailure } from '../tokens/token.ts';
import { type OperationContext } from './context.ts';

/** Failures that say something of the PIN only; the token itself is as it was. */
const pinFailures: readonly TokenFailure[] = ['ERR_PIN_WRONG', 'ERR_PIN_LOCKED', 'final-try-unconfirmed'];

/** Ends PIN-SSO of the token and has its card reset and read again where that is needed. Returns at once. */
export function recoverToken(context: OperationContext, token: BoundToken, failure: TokenFailure): void {
  // The driver was not even asked: a site that floods it must not cost the holder another PIN.
  if (failure === 'ERR_AGENT_BUSY') return;
  const ended = context.pinSso.end(token, endReason(failure));
  if (ended || pinFailures.includes(failure) || token.gone.aborted) return;
  void context.cards.rebind(token.reader, true);
}

function endReason(failure: TokenFailure): PinSsoEnd {
  if (failure === 'login-lost' || failure === 'ERR_CARD_FAILED') return 'login-lost';
  if (failure === 'ERR_CARD_REMOVED') return 'card-removed';
  if (failure === 'ERR_CARD_CHANGED') return 'card-changed';
  if (failure === 'ERR_CARD_SERVICE') return 'service-stopped';
  return failure === 'ERR_PIN_WRONG' || failure === 'ERR_PIN_LOCKED' ? 'wrong-pin' : 'driver-stopped';
}

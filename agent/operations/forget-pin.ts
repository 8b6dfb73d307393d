// "Forget the PIN": every PIN-SSO session ends and every card is reset, so that the card itself no longer knows the PIN,
// also one that another program, or an agent that died, had left logged in.
import { KortbroError } from '../../shared/errors.ts';
import { type Result } from '../../shared/messages.ts';
import { type OperationCall, type OperationContext } from './context.ts';

/**
 * Returns when the cards have been reset and read again; how many sessions were ended.
 * @throws KortbroError the reader's problem, when a card that was in use could not be reset: it may still know the PIN
 */
export async function forgetPin(context: OperationContext, call: OperationCall): Promise<Result<'forget-pin'>> {
  const { cards } = context;
  const inUse = new Set(cards.tokens.map(({ reader }) => reader));
  const ended = context.pinSso.endAll('forgotten');
  for (const { name } of cards.readers) void cards.rebind(name, true, 'ERR_USER_CANCELLED');
  await cards.settled(call.signal);
  for (const { name, problem } of cards.readers) {
    // A card that was pulled meanwhile has forgotten more than a reset could make it.
    if (inUse.has(name) && problem !== undefined && problem !== 'ERR_CARD_REMOVED') throw new KortbroError(problem);
  }
  return { ended };
}

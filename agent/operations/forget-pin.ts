// "Forget the PIN": every PIN-SSO session ends and every card is reset, so that the card itself no longer knows the PIN,
// also one that another program, or an agent that died, had left logged in.
import { type Result } from '../../shared/messages.ts';
import { type OperationCall, type OperationContext } from './context.ts';

/** Returns when the cards have been reset and read again; how many sessions were ended. */
export async function forgetPin(context: OperationContext, call: OperationCall): Promise<Result<'forget-pin'>> {
  const ended = context.pinSso.endAll('forgotten');
  for (const { reader } of context.cards.tokens) void context.cards.rebind(reader, true, 'ERR_USER_CANCELLED');
  await context.cards.settled(call.signal);
  return { ended };
}

// Waiting for the cards before they are asked for anything.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type OperationCall, type OperationContext } from './context.ts';

/** Problems of a card that may be gone at the next look. */
const worthAnotherLook: readonly ErrorCode[] = [
  'ERR_AGENT_DRIVER_CRASHED',
  'ERR_AGENT_DRIVER_MISSING',
  'ERR_CARD_FAILED',
];

/**
 * Cards that are being read are waited for. Where none can be used, one that a driver failed at is reset and read again; not
 * one at which the driver hung, which would take the driver from every other reader each time.
 */
export async function readyCards(context: OperationContext, { signal }: OperationCall): Promise<void> {
  if (context.suspended()) throw new KortbroError('ERR_AGENT_SESSION_LOCKED');
  await context.cards.settled(signal);
  if (context.cards.tokens.length > 0) return;
  for (const { name, problem } of context.cards.readers) {
    if (problem !== undefined && worthAnotherLook.includes(problem)) void context.cards.rebind(name, true);
  }
  await context.cards.settled(signal);
}

/** No card was found because one has just begun to be read anew: it is there, and nobody is to be told to insert it. */
export function isBeingRead({ cards }: OperationContext, error: unknown): boolean {
  const isAbsent = error instanceof KortbroError && error.code === 'ERR_CARD_ABSENT';
  return isAbsent && cards.readers.some(({ card }) => card === 'reading');
}

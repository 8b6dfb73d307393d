// What a refusal tells of the PIN that was refused. Pure.
import { type PinStatus } from '../../shared/messages.ts';
import { type TokenError } from '../tokens/token.ts';

/** The PIN's state after this failure; undefined when the failure says nothing of the PIN. */
export function pinAfter({ failure, triesLeft }: Pick<TokenError, 'failure' | 'triesLeft'>): PinStatus | undefined {
  if (failure === 'ERR_PIN_LOCKED') return { state: 'locked', triesLeft: 0 };
  if (failure === 'final-try-unconfirmed') return { state: 'final', triesLeft: 1 };
  if (failure !== 'ERR_PIN_WRONG') return undefined;
  if (triesLeft === undefined) return { state: 'low' };
  return { state: triesLeft === 0 ? 'locked' : triesLeft === 1 ? 'final' : 'low', triesLeft };
}

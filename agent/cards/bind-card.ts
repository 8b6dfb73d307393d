// Asks the drivers of a reader, in order of preference, for the tokens of the card that is in it. Never rejects: whatever a
// driver does wrong becomes a code.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { cardProfile } from '../tokens/card/card-profiles.ts';
import { codeOfFailure, TokenError, type TokenBackend } from '../tokens/token.ts';
import { bindToken, type BoundToken } from './bound-token.ts';

/** A card in its reader, and what ends its stay there. */
export interface CardPlace {
  reader: string;
  generation: string;
  atr: Uint8Array;
  /** Aborts when the card is gone, or is to be read anew: no driver is asked after that. */
  gone: AbortSignal;
}

/** Why no driver could use the card. `native` is the driver's own word, for the log. */
export interface BindProblem {
  code: ErrorCode;
  native?: string;
}

/** The tokens that the first driver which knows the card finds on it, or why there are none. `reset` resets the card first. */
export async function bindCard(
  place: CardPlace,
  backends: readonly TokenBackend[],
  reset: boolean,
): Promise<BoundToken[] | BindProblem> {
  const problems: BindProblem[] = [];
  for (const backend of backends) {
    const outcome = await bindWith(backend, place, reset);
    if (Array.isArray(outcome)) return outcome;
    problems.push(outcome);
    if (place.gone.aborted) break;
  }
  // A driver that failed says more than one that does not know the card.
  const failed = problems.find(({ code }) => code !== 'ERR_CARD_UNSUPPORTED');
  return failed ?? problems[0] ?? { code: 'ERR_AGENT_DRIVER_MISSING' };
}

async function bindWith(
  backend: TokenBackend,
  { reader, generation, atr, gone }: CardPlace,
  reset: boolean,
): Promise<BoundToken[] | BindProblem> {
  try {
    const descriptions = await backend.bind(reader, atr, reset);
    if (descriptions.length === 0) return { code: 'ERR_CARD_UNSUPPORTED' };
    const place = { reader, generation, backend, gone, namesItself: cardProfile(atr).known };
    return descriptions.map((description) => bindToken(description, place));
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): BindProblem {
  if (error instanceof KortbroError) return { code: error.code };
  if (!(error instanceof TokenError)) return { code: 'ERR_AGENT_INTERNAL' };
  const { native } = error;
  const code = codeOfFailure(error.failure);
  return native === undefined ? { code } : { code, native };
}

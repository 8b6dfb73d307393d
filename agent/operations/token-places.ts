// Which keys on which cards fit what is asked, or why none does. No card is touched.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type Candidate, type Fitting } from '../certificates/choose.ts';
import { type BoundToken, type TokenKey } from '../cards/bound-token.ts';
import { type ReaderEntry } from '../cards/card-table.ts';
import { type HolderText } from '../pin/prompt-texts.ts';
import { type OperationContext } from './context.ts';

/** A key on a token in a reader. */
export interface TokenPlace {
  token: BoundToken;
  key: TokenKey;
}

/**
 * Every place that `fit` lets through and whose key `algorithm` can sign with: nobody is asked for a PIN that opens nothing.
 * @throws KortbroError ERR_CARD_*, ERR_POLICY_ASSURANCE, ERR_AGENT_DRIVER_*, what `algorithm` throws, when there is none
 */
export function placesThatFit(
  context: OperationContext,
  fit: (candidates: readonly Candidate<TokenPlace>[]) => Fitting<TokenPlace>,
  algorithm: (place: TokenPlace) => unknown,
): TokenPlace[] {
  const { cards } = context;
  if (context.suspended()) throw new KortbroError('ERR_AGENT_SESSION_LOCKED');
  if (cards.tokens.length === 0) throw new KortbroError(whyNoToken(cards.readers, cards.serviceRunning));
  const candidates: Candidate<TokenPlace>[] = cards.tokens.flatMap((token) =>
    token.keys.map((key) => ({ place: { token, key }, certificate: key.certificate })),
  );
  const outcome = fit(candidates);
  if ('fit' in outcome)
    return usable(
      outcome.fit.map(({ place }) => place),
      algorithm,
    );
  const isMissing = outcome.code === 'ERR_CARD_NO_CERTIFICATE' || outcome.code === 'ERR_CARD_NO_SIGNATURE_KEY';
  const unreadable = cards.tokens.some((token) => token.unreadable > 0);
  throw new KortbroError(isMissing && unreadable ? 'ERR_CARD_CERTIFICATE_INVALID' : outcome.code);
}

function usable(places: readonly TokenPlace[], algorithm: (place: TokenPlace) => unknown): TokenPlace[] {
  let problem: unknown;
  const found = places.filter((place) => {
    try {
      algorithm(place);
      return true;
    } catch (error) {
      problem ??= error;
      return false;
    }
  });
  if (found.length === 0) throw problem;
  return found;
}

/** What a dialog says of the holder. */
export function holderText({ certificate }: TokenKey): HolderText {
  const { holder, organisation, holderId, issuer } = certificate;
  return { holder, organisation, holderId, issuer };
}

/** Why there is no usable token in any reader. Pure. */
export function whyNoToken(readers: readonly ReaderEntry[], serviceRunning: boolean): ErrorCode {
  const problem = readers.find((reader) => reader.problem !== undefined)?.problem;
  if (problem !== undefined) return problem;
  if (readers.some((reader) => reader.card === 'mute')) return 'ERR_CARD_UNSUPPORTED';
  if (readers.length > 0) return 'ERR_CARD_ABSENT';
  return serviceRunning ? 'ERR_CARD_NO_READER' : 'ERR_CARD_SERVICE';
}

// Finds the certificate for a login: which ones fit, and which of them the holder means. No card is touched.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { fitForLogin, type Candidate } from '../certificates/choose.ts';
import { type BoundToken, type TokenKey } from '../cards/bound-token.ts';
import { type ReaderEntry } from '../cards/card-table.ts';
import { askConfirmation } from '../pin/pinentry.ts';
import { findPinentry } from '../pin/pinentry-program.ts';
import { choiceDialog, type HolderText } from '../pin/prompt-texts.ts';
import { type CertificateWish } from '../policy/decide.ts';
import { dialogOptions, policyInForce, type OperationCall, type OperationContext } from './context.ts';
import { signatureAlgorithm } from './web-eid-token.ts';

/** A key on a token in a reader. */
export interface TokenPlace {
  token: BoundToken;
  key: TokenKey;
}

/** Every fit certificate on every card. @throws KortbroError ERR_CARD_*, ERR_POLICY_ASSURANCE, ERR_AGENT_DRIVER_* when there is none */
export function loginCandidates(context: OperationContext, wanted: CertificateWish): TokenPlace[] {
  const { cards } = context;
  if (context.suspended()) throw new KortbroError('ERR_AGENT_SESSION_LOCKED');
  if (cards.tokens.length === 0) throw new KortbroError(whyNoToken(cards.readers, cards.serviceRunning));
  const candidates: Candidate<TokenPlace>[] = cards.tokens.flatMap((token) =>
    token.keys.map((key) => ({ place: { token, key }, certificate: key.certificate })),
  );
  const outcome = fitForLogin(candidates, wanted, policyInForce(context).assuranceLevels, context.today());
  if ('fit' in outcome) return withUsableKey(outcome.fit.map(({ place }) => place));
  const unreadable = cards.tokens.some((token) => token.unreadable > 0);
  throw new KortbroError(
    outcome.code === 'ERR_CARD_NO_CERTIFICATE' && unreadable ? 'ERR_CARD_CERTIFICATE_INVALID' : outcome.code,
  );
}

/** Those whose key this product and the token can sign with: nobody is asked for a PIN that opens nothing. */
function withUsableKey(places: readonly TokenPlace[]): TokenPlace[] {
  let problem: unknown;
  const usable = places.filter(({ token, key }) => {
    try {
      return signatureAlgorithm(key.certificate.publicKey, token.description.mechanisms);
    } catch (error) {
      problem ??= error;
      return false;
    }
  });
  if (usable.length === 0) throw problem;
  return usable;
}

/** Asks the holder, one certificate after the other; belongs inside a dialog turn. @throws KortbroError ERR_USER_CANCELLED ... */
export async function letHolderChoose(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  places: readonly TokenPlace[],
): Promise<TokenPlace> {
  for (const [index, place] of places.entries()) {
    const text = choiceDialog(call.language, origin, holderText(place.key), index + 1, places.length);
    const options = dialogOptions(context, call, findPinentry, ...places.map(({ token }) => token.gone));
    if ((await askConfirmation(options, text)) === 'ok') return place;
  }
  throw new KortbroError('ERR_USER_CANCELLED');
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

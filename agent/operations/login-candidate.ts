// Finds the certificate for a login: which ones fit, and which of them the holder means. No card is touched.
import { KortbroError } from '../../shared/errors.ts';
import { fitForLogin } from '../certificates/choose.ts';
import { askConfirmation } from '../pin/pinentry.ts';
import { findPinentry } from '../pin/pinentry-program.ts';
import { choiceDialog } from '../pin/prompt-texts.ts';
import { type CertificateWish } from '../policy/decide.ts';
import { dialogOptions, policyInForce, type OperationCall, type OperationContext } from './context.ts';
import { holderText, placesThatFit, type TokenPlace } from './token-places.ts';
import { signatureAlgorithm } from './web-eid-token.ts';

/** Every fit certificate on every card. @throws as placesThatFit */
export function loginCandidates(context: OperationContext, wanted: CertificateWish): TokenPlace[] {
  const { assuranceLevels } = policyInForce(context);
  return placesThatFit(
    context,
    (candidates) => fitForLogin(candidates, wanted, assuranceLevels, context.today()),
    ({ token, key }) => signatureAlgorithm(key.certificate.publicKey, token.description.mechanisms),
  );
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

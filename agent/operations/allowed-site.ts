// Whether a site may use the card now. Asked at the start, whenever a login has waited, again before a PIN is sent and right
// before a signature: policy may have changed while a dialog was open.
import { KortbroError } from '../../shared/errors.ts';
import { decideSite, type SiteDecision } from '../policy/decide.ts';
import { policyInForce, type OperationContext } from './context.ts';
import { loginCandidates } from './login-candidate.ts';
import { type TokenPlace } from './token-places.ts';

/** What policy says of a site that it lets in. */
type AllowedSite = Exclude<SiteDecision, { access: 'refuse' }>;

/** @throws KortbroError ERR_POLICY_ORIGIN, ERR_REQUEST_ORIGIN, ERR_POLICY_INVALID */
export function allowedSite(context: OperationContext, origin: string): AllowedSite {
  const decision = decideSite(policyInForce(context), origin);
  if (decision.access === 'refuse') throw new KortbroError(decision.code);
  return decision;
}

/** Throws as `allowedSite` and `loginCandidates` do unless the site may use this very key, whose token is there. */
export function checkAllowed(context: OperationContext, origin: string, { token, key }: TokenPlace): void {
  const places = loginCandidates(context, allowedSite(context, origin).wanted);
  if (!places.some((place) => place.token === token && place.key === key)) {
    throw new KortbroError('ERR_CARD_NO_CERTIFICATE');
  }
}

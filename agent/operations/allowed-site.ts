// Whether a site may use the card now. Asked at the start, again before a PIN is sent and before a signature: policy may
// have changed while a dialog was open.
import { KortbroError } from '../../shared/errors.ts';
import { decideSite, type SiteDecision } from '../policy/decide.ts';
import { policyInForce, type OperationContext } from './context.ts';

/** What policy says of a site that it lets in. */
export type AllowedSite = Exclude<SiteDecision, { access: 'refuse' }>;

/** @throws KortbroError ERR_POLICY_ORIGIN, ERR_REQUEST_ORIGIN, ERR_POLICY_INVALID */
export function allowedSite(context: OperationContext, origin: string): AllowedSite {
  const decision = decideSite(policyInForce(context), origin);
  if (decision.access === 'refuse') throw new KortbroError(decision.code);
  return decision;
}

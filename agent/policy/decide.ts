// What policy says about a site. Pure: a table of tests holds every case.
import { isSecureOrigin } from '../../shared/origin.ts';
import { type Policy, type SitePolicy } from '../../shared/policy.ts';

/** What a site may do, and which certificate it wants. */
export type SiteDecision =
  | { access: 'refuse'; code: 'ERR_REQUEST_ORIGIN' | 'ERR_POLICY_ORIGIN' }
  | { access: 'silent' | 'ask'; wanted: CertificateWish };

/** Which certificates are fit for a site: the same fields as in its policy. */
export type CertificateWish = Pick<SitePolicy, 'identity' | 'issuers' | 'minimumAssuranceLevel'>;

/** Decides for `origin` as the browser gave it. */
export function decideSite(policy: Policy, origin: string): SiteDecision {
  if (!isSecureOrigin(origin, policy.allowLocalhost)) return { access: 'refuse', code: 'ERR_REQUEST_ORIGIN' };
  const site = policy.sites.find((candidate) => candidate.origin === origin);
  const access = site?.access ?? policy.otherSites;
  if (access === 'refuse') return { access, code: 'ERR_POLICY_ORIGIN' };
  const wanted: CertificateWish = { identity: site?.identity ?? 'hsa-id', issuers: site?.issuers ?? [] };
  if (site?.minimumAssuranceLevel !== undefined) wanted.minimumAssuranceLevel = site.minimumAssuranceLevel;
  return { access, wanted };
}

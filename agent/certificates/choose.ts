// Which certificates on the cards are fit for a site. Pure. It never takes "the first": more than one is the holder's choice.
import { type ErrorCode } from '../../shared/errors.ts';
import { type Policy, type SitePolicy } from '../../shared/policy.ts';
import { type CardCertificate } from './certificate.ts';

/** A certificate with the place it came from. */
export interface Candidate<Place> {
  place: Place;
  certificate: CardCertificate;
}

/** Assurance level (LoA) by policy: the highest level whose OID and issuer both stand in the certificate. */
export function assuranceLevel(certificate: CardCertificate, rules: Policy['assuranceLevels']): number | undefined {
  const levels = rules
    .filter((rule) => certificate.policies.includes(rule.policyOid) && certificate.issuer === rule.issuer)
    .map((rule) => rule.level);
  return levels.length === 0 ? undefined : Math.max(...levels);
}

/** Today is outside the certificate's validity period. */
export function isOutsideValidity(certificate: CardCertificate, now: Date): boolean {
  return now < certificate.notBefore || now > certificate.notAfter;
}

/**
 * The candidates that fit, or the code that tells best why none does: the last sieve that emptied the list names it.
 * Sieves in order: authentication key, identity form, issuer, validity, assurance level.
 */
export function fitForLogin<Place>(
  candidates: readonly Candidate<Place>[],
  wanted: Pick<SitePolicy, 'identity' | 'issuers' | 'minimumAssuranceLevel'>,
  rules: Policy['assuranceLevels'],
  now: Date,
): { fit: Candidate<Place>[] } | { code: ErrorCode } {
  const { identity, issuers, minimumAssuranceLevel } = wanted;
  const named = candidates.filter(
    ({ certificate }) =>
      certificate.usage === 'authentication' &&
      (identity === 'any' || certificate.identity === identity) &&
      (issuers.length === 0 || issuers.includes(certificate.issuer)),
  );
  if (named.length === 0) return { code: 'ERR_CARD_NO_CERTIFICATE' };
  const valid = named.filter(({ certificate }) => !isOutsideValidity(certificate, now));
  if (valid.length === 0) return { code: 'ERR_CARD_CERTIFICATE_INVALID' };
  const fit = valid.filter(
    ({ certificate }) =>
      minimumAssuranceLevel === undefined || (assuranceLevel(certificate, rules) ?? 0) >= minimumAssuranceLevel,
  );
  return fit.length === 0 ? { code: 'ERR_POLICY_ASSURANCE' } : { fit };
}

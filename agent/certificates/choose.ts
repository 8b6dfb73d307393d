// Which certificates on the cards are fit for a site. Pure. It never takes "the first": more than one is the holder's choice.
import { type ErrorCode } from '../../shared/errors.ts';
import { type Policy, type SitePolicy } from '../../shared/policy.ts';
import { type CertificateChoice } from '../../shared/signing.ts';
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

/** What a site wants of a certificate, by policy. */
type SiteWish = Pick<SitePolicy, 'identity' | 'issuers' | 'minimumAssuranceLevel'>;

/** Those that fit, or why there is none. */
export type Fitting<Place> = { fit: Candidate<Place>[] } | { code: ErrorCode };

/**
 * The candidates that fit, or the code that tells best why none does: the last sieve that emptied the list names it.
 * Sieves in order: authentication key, identity form, issuer, validity, assurance level.
 */
export function fitForLogin<Place>(
  candidates: readonly Candidate<Place>[],
  wanted: SiteWish,
  rules: Policy['assuranceLevels'],
  now: Date,
): Fitting<Place> {
  const named = candidates.filter(
    ({ certificate }) => certificate.usage === 'authentication' && isWanted(certificate, wanted),
  );
  return stillFit(named, wanted, rules, now, 'ERR_CARD_NO_CERTIFICATE');
}

/**
 * As for a login, with the key for signatures. Authentication keys, where policy lets them sign, only where no other one fits; the
 * caller leaves out those whose card has a key for signatures.
 */
export function fitForSignature<Place>(
  candidates: readonly Candidate<Place>[],
  wanted: SiteWish,
  choice: CertificateChoice,
  mayUseAuthentication: boolean,
  rules: Policy['assuranceLevels'],
  now: Date,
): Fitting<Place> {
  const named = candidates.filter(
    ({ certificate }) =>
      isWanted(certificate, wanted) && isChosen(certificate, choice) && certificate.usage !== 'other',
  );
  const forSignatures = named.filter(({ certificate }) => certificate.usage === 'signature');
  const usable = forSignatures.length > 0 || !mayUseAuthentication ? forSignatures : named;
  return stillFit(usable, wanted, rules, now, 'ERR_CARD_NO_SIGNATURE_KEY');
}

function isWanted(certificate: CardCertificate, { identity, issuers }: SiteWish): boolean {
  return (
    (identity === 'any' || certificate.identity === identity) &&
    (issuers.length === 0 || issuers.includes(certificate.issuer))
  );
}

function isChosen({ holderId, issuer, serial }: CardCertificate, choice: CertificateChoice): boolean {
  return (
    (choice.hsaId === undefined || choice.hsaId === holderId) &&
    (choice.issuer === undefined || choice.issuer === issuer) &&
    (choice.serialNumber === undefined || choice.serialNumber === serial.replace(/^0+/, ''))
  );
}

function stillFit<Place>(
  named: readonly Candidate<Place>[],
  { minimumAssuranceLevel }: SiteWish,
  rules: Policy['assuranceLevels'],
  now: Date,
  none: ErrorCode,
): Fitting<Place> {
  if (named.length === 0) return { code: none };
  const valid = named.filter(({ certificate }) => !isOutsideValidity(certificate, now));
  if (valid.length === 0) return { code: 'ERR_CARD_CERTIFICATE_INVALID' };
  const fit = valid.filter(
    ({ certificate }) =>
      minimumAssuranceLevel === undefined || (assuranceLevel(certificate, rules) ?? 0) >= minimumAssuranceLevel,
  );
  return fit.length === 0 ? { code: 'ERR_POLICY_ASSURANCE' } : { fit };
}

// Whose signatures a site accepts: configured once, read once. `judgeSigner` is the part that all formats share, from
// the signer's certificate to the report: time stamp, chain, purpose, revocation, assurance level, holder.
import { createHash } from 'node:crypto';
import { type AssuranceLevel, type AssuranceLevels, decideAssuranceLevel } from './assurance-level.ts';
import { isAssuranceLevel, readAssuranceLevels } from './assurance-level.ts';
import { asSignatureError } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import { type Clock, systemClock } from './clock.ts';
import { readHolder } from './holder.ts';
import { isSupportedKey } from './public-key.ts';
import { type RevocationChecker } from './revocation-checker.ts';
import { DAY_MS, judgeEvidence, NO_EVIDENCE } from './revocation.ts';
import { SignatureError } from './signature-error.ts';
import {
  type RevocationReport,
  type SignatureLevel,
  type SignatureReport,
  type TimeStampReport,
} from './signature-report.ts';
import { type Evidence } from './signed-data.ts';
import { verifyTimeStamp } from './time-stamp.ts';
import {
  type CertificateInput,
  findIssuer,
  type Issuer,
  isValidAt,
  readCertificateInput,
  readTrustedIssuers,
  type TrustOptions,
} from './trust.ts';

export interface SignatureTrustOptions extends TrustOptions {
  readonly assuranceLevels: AssuranceLevels;
  /** The lowest level whose signatures count. */
  readonly minimumLevel: AssuranceLevel;
  /** CAs that issue time-stamping certificates, or such certificates themselves. Absent: time stamps are not looked at. */
  readonly timeStampAuthorities?: readonly CertificateInput[];
  /** Takes signatures by certificates for authentication (digitalSignature alone), too. Default: refused. */
  readonly allowAuthenticationCertificates?: boolean;
  /** Absent: evidence that comes with the signature is used, and without any the report says `not-checked`. */
  readonly revocation?: RevocationChecker;
  readonly clock?: Clock;
}

/** The configuration, read and checked. */
export interface SignatureTrust {
  readonly issuers: readonly Issuer[];
  readonly assuranceLevels: ReadonlyMap<string, AssuranceLevel>;
  readonly minimumLevel: AssuranceLevel;
  readonly timeStampAuthorities: readonly Certificate[];
  readonly allowAuthenticationCertificates: boolean;
  readonly revocation: RevocationChecker | undefined;
  readonly clock: Clock;
}

/** What a format knows about its signer once the signature itself is good. */
export interface SignerFacts {
  readonly certificate: Certificate;
  /** TimeStampTokens over `stamped`. */
  readonly timeStamps: readonly Uint8Array[];
  /** What they are over, in pieces: for CMS the octets of the signature value, for XAdES its canonical element. */
  readonly stamped: readonly Uint8Array[];
  readonly evidence?: Evidence;
}

/** The part of a report that does not depend on the format. */
export type SignerReport = Pick<
  SignatureReport,
  'level' | 'holder' | 'certificate' | 'issuers' | 'timeStamp' | 'validAt' | 'revocation'
>;

const COMMON_NAME = '2.5.4.3';
const MAX_AUTHORITIES = 100;
const MAX_TIME_STAMPS = 4;

/** @throws TypeError that names what is wrong, if the configuration is. */
export function createSignatureTrust(options: SignatureTrustOptions): SignatureTrust {
  const { minimumLevel, timeStampAuthorities = [], revocation, clock = systemClock } = options;
  if (!isAssuranceLevel(minimumLevel)) throw new TypeError('minimumLevel must be 1, 2, 3 or 4.');
  if (timeStampAuthorities.length > MAX_AUTHORITIES) {
    throw new TypeError(`timeStampAuthorities may name at most ${MAX_AUTHORITIES} certificates.`);
  }
  return {
    issuers: readTrustedIssuers(options),
    assuranceLevels: readAssuranceLevels(options.assuranceLevels),
    minimumLevel,
    timeStampAuthorities: timeStampAuthorities.map((input, index) =>
      readCertificateInput(input, `timeStampAuthorities[${index}]`),
    ),
    allowAuthenticationCertificates: options.allowAuthenticationCertificates ?? false,
    revocation,
    clock,
  };
}

/** @throws SignatureError */
export async function judgeSigner(facts: SignerFacts, trust: SignatureTrust): Promise<SignerReport> {
  const { certificate, evidence = NO_EVIDENCE } = facts;
  const now = trust.clock();
  const timeStamps = verifiedTimeStamps(facts, trust, now);
  const [timeStamp] = timeStamps;
  const at = timeStamp?.time.getTime() ?? now;
  const issuer = asSignatureError(() => findIssuer(certificate, trust.issuers, at));
  if (!(at >= certificate.notBefore)) throw new SignatureError('ERR_CERTIFICATE_NOT_YET_VALID');
  if (!isValidAt(certificate, at)) throw new SignatureError('ERR_CERTIFICATE_EXPIRED');
  assertForSignatures(certificate, trust.allowAuthenticationCertificates);
  if (!isSupportedKey(certificate.publicKey)) throw new SignatureError('ERR_CERTIFICATE_KEY_UNSUPPORTED');
  const holder = asSignatureError(() => holderOf(certificate, issuer, trust));
  const subject = { certificate, issuer: issuer.certificate };
  const revocation = await (trust.revocation?.check({ ...subject, at, evidence }) ??
    embeddedRevocation(evidence, subject, { at, now, maximumAgeMs: DAY_MS }));
  return {
    level: levelOf(timeStamps, revocation),
    holder,
    certificate: certificate.der,
    issuers: [issuer.certificate.der, issuer.root.der],
    ...(timeStamp !== undefined && { timeStamp }),
    validAt: new Date(at),
    revocation,
  };
}

/** B-LT holds everything: evidence of the signer and of each time stamp's authority (ETSI EN 319 122-1 6.3 o). */
function levelOf(timeStamps: readonly TimeStampReport[], signer: RevocationReport): SignatureLevel {
  if (timeStamps.length === 0) return 'B-B';
  const all = [signer, ...timeStamps.map(({ revocation }) => revocation)];
  return all.every(({ checked }) => checked === 'embedded') ? 'B-LT' : 'B-T';
}

/** The earliest first. All must be good: one that is not says that somebody has touched the container. */
function verifiedTimeStamps(facts: SignerFacts, trust: SignatureTrust, now: number): readonly TimeStampReport[] {
  const { timeStamps, stamped, evidence = NO_EVIDENCE } = facts;
  const { timeStampAuthorities: authorities } = trust;
  if (authorities.length === 0) return [];
  if (timeStamps.length > MAX_TIME_STAMPS) throw new SignatureError('ERR_TIMESTAMP_MALFORMED');
  return timeStamps
    .map((token) => verifyTimeStamp({ token, stamped, authorities, evidence, now }))
    .sort((one, other) => one.time.getTime() - other.time.getTime());
}

/** An end entity with nonRepudiation; digitalSignature alone is a key for logging in. */
function assertForSignatures({ isAuthority, keyUsage }: Certificate, allowAuthentication: boolean): void {
  const maySign = keyUsage?.nonRepudiation === true || (allowAuthentication && keyUsage?.digitalSignature === true);
  if (isAuthority || !maySign || keyUsage.keyCertSign) throw new SignatureError('ERR_CERTIFICATE_PURPOSE');
}

function holderOf(certificate: Certificate, issuer: Issuer, trust: SignatureTrust): SignatureReport['holder'] {
  const assuranceLevel = decideAssuranceLevel({
    policies: certificate.policies,
    issuerLevel: issuer.assuranceLevel,
    table: trust.assuranceLevels,
    minimum: trust.minimumLevel,
  });
  return {
    ...readHolder(certificate),
    assuranceLevel,
    issuer: issuer.certificate.subjectValues(COMMON_NAME)[0] ?? '',
    certificateSha256: createHash('sha256').update(certificate.der).digest('hex'),
    notAfter: new Date(certificate.notAfter),
  };
}

/** Without a checker: evidence that cannot be used is as good as none, but "revoked" counts. */
function embeddedRevocation(...judged: Parameters<typeof judgeEvidence>): RevocationReport {
  try {
    return judgeEvidence(...judged);
  } catch (error) {
    if (!(error instanceof SignatureError) || error.code === 'ERR_CERTIFICATE_REVOKED') throw error;
    return { checked: 'not-checked', status: 'unknown' };
  }
}

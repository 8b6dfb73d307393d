// Decides what a verified OCSP answer or CRL says about a certificate at a given time: fresh enough or not, revoked
// before or since. Pure; where the evidence comes from (embedded, cached, fetched) is told by whoever asks.
import { MAX_CRL_LENGTH, verifyCrl } from './crl.ts';
import { type RevocationStatement, type Subject, verifyOcspResponse } from './ocsp.ts';
import { SignatureError, type SignatureErrorCode } from './signature-error.ts';
import { type RevocationReport } from './signature-report.ts';
import { type Evidence } from './signed-data.ts';

/** Milliseconds since 1970, or of a period. */
export interface RevocationTimes {
  /** The time that matters: now, or when an accepted time stamp says that the signature was there. */
  readonly at: number;
  readonly now: number;
  /** How old a statement may have been at that time; or until its own nextUpdate, and a day where it names none. */
  readonly maximumAgeMs: number | 'until nextUpdate';
}

export const NO_EVIDENCE: Evidence = { certificates: [], ocsp: [], crls: [] };
export const DAY_MS = 86_400_000;
/** How far clocks may differ. */
const TOLERANCE_MS = 300_000;
const MAX_STATEMENTS = 64;

/** Which reason is told when there are several: the one nearest to an answer. */
const TELLING: readonly SignatureErrorCode[] = [
  'ERR_REVOCATION_STALE',
  'ERR_REVOCATION_UNAVAILABLE',
  'ERR_REVOCATION_UNTRUSTED',
  'ERR_REVOCATION_MALFORMED',
];

/** @throws SignatureError ERR_CERTIFICATE_REVOKED, ERR_REVOCATION_STALE */
export function judgeStatement(
  statement: RevocationStatement,
  subject: Subject,
  times: RevocationTimes,
  checked: RevocationReport['checked'] = statement.kind,
): RevocationReport {
  const { thisUpdate, nextUpdate, revokedAt } = statement;
  const { at, now, maximumAgeMs } = times;
  if (thisUpdate > now + TOLERANCE_MS) throw new SignatureError('ERR_REVOCATION_STALE');
  const asOf = new Date(thisUpdate);
  // Once revoked is revoked, however old the statement is.
  if (revokedAt !== undefined) {
    if (revokedAt <= at) throw new SignatureError('ERR_CERTIFICATE_REVOKED');
    return { checked, status: 'revoked-later', asOf, revokedAt: new Date(revokedAt) };
  }
  const madeSince = thisUpdate >= at;
  // An authority may forget about a certificate once it has expired: then its silence says nothing (RFC 5280 5).
  const covers = madeSince ? thisUpdate <= subject.certificate.notAfter : wasCurrent();
  if (!covers) throw new SignatureError('ERR_REVOCATION_STALE');
  return { checked, status: 'good', asOf };

  function wasCurrent(): boolean {
    const longest = nextUpdate === undefined ? DAY_MS : Infinity;
    const age = maximumAgeMs === 'until nextUpdate' ? longest : maximumAgeMs;
    return at - thisUpdate <= age && (nextUpdate === undefined || at <= nextUpdate + TOLERANCE_MS);
  }
}

/**
 * What the evidence that came with a signature says. Of several statements one that says "revoked" decides.
 * @throws SignatureError ERR_CERTIFICATE_REVOKED; ERR_REVOCATION_* if none of it can be used
 */
export function judgeEvidence(evidence: Evidence, subject: Subject, times: RevocationTimes): RevocationReport {
  const reports: RevocationReport[] = [];
  const refusals = new Set<SignatureErrorCode>();
  for (const read of statementsOf(evidence, subject)) {
    try {
      reports.push(judgeStatement(read(), subject, times, 'embedded'));
    } catch (error) {
      if (!(error instanceof SignatureError) || error.code === 'ERR_CERTIFICATE_REVOKED') throw error;
      refusals.add(error.code);
    }
  }
  const report = reports.find(({ status }) => status === 'revoked-later') ?? reports[0];
  if (report !== undefined) return report;
  throw new SignatureError(TELLING.find((code) => refusals.has(code)) ?? 'ERR_REVOCATION_UNKNOWN');
}

function statementsOf({ ocsp, crls }: Evidence, subject: Subject): (() => RevocationStatement)[] {
  return [
    ...ocsp.map((bytes) => () => verifyOcspResponse(bytes, subject)),
    ...crls.filter(({ length }) => length <= MAX_CRL_LENGTH).map((bytes) => () => verifyCrl(bytes, subject)),
  ].slice(0, MAX_STATEMENTS);
}

// Verifies a time-stamp token (RFC 3161, RFC 5816): over these bytes, by a certificate that is for time stamps alone and
// that one of the configured authorities has issued; and that nothing which came along says that it is revoked.
import { readCertificate, readExtensionList } from './certificate-facts.ts';
import { type Certificate } from './certificate.ts';
import {
  assertDer,
  DerError,
  equalBytes,
  onlyValue,
  partsOf,
  readAs,
  serialOf,
  smallIntegerOf,
  TAG,
  timeOf,
} from './der.ts';
import { type Hash, hashOf, readAlgorithm } from './signature-algorithm.ts';
import { judgeEvidence, NO_EVIDENCE } from './revocation.ts';
import { SignatureError } from './signature-error.ts';
import { type TimeStampReport } from './signature-report.ts';
import { type Evidence, readSignedData } from './signed-data.ts';
import { checkSigner, digestOf } from './signer-check.ts';
import { isSignedBy, isValidAt } from './trust.ts';

export interface TimeStampQuestion {
  /** The TimeStampToken: a ContentInfo in DER. */
  readonly token: Uint8Array;
  /** What was stamped, in pieces that follow each other (for a signature: the octets of its value). */
  readonly stamped: readonly Uint8Array[];
  /** CAs that issue authorities' certificates, or such certificates themselves. */
  readonly authorities: readonly Certificate[];
  /** What came along beside the token: certificates that it does not bring itself, and word about revocation. */
  readonly evidence?: Evidence;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const ID_TIME_STAMP = '1.2.840.113549.1.9.16.1.4';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const COMMON_NAME = '2.5.4.3';
const MAX_TOKEN_LENGTH = 65_536;
/** CAs between an authority and a configured one, and certificates that are looked through for them. */
const MAX_BETWEEN = 2;
const MAX_BROUGHT = 16;
/** How far authorities' clocks may be ahead of ours. */
const TOLERANCE_MS = 300_000;

/** @throws SignatureError ERR_TIMESTAMP_MALFORMED, ERR_TIMESTAMP_INVALID, ERR_TIMESTAMP_UNTRUSTED, ERR_TIMESTAMP_REVOKED */
export function verifyTimeStamp(question: TimeStampQuestion): TimeStampReport {
  try {
    return readAs('ERR_TIMESTAMP_MALFORMED', () => verify(question));
  } catch (error) {
    if (!(error instanceof SignatureError) || error.code.startsWith('ERR_TIMESTAMP_')) throw error;
    // The same rules as for other signatures, but it is the time stamp that breaks them.
    throw new SignatureError('ERR_TIMESTAMP_INVALID', { cause: error });
  }
}

function verify(question: TimeStampQuestion): TimeStampReport {
  const { token, stamped, authorities, evidence: beside = NO_EVIDENCE, now } = question;
  if (token.length > MAX_TOKEN_LENGTH) throw new SignatureError('ERR_TIMESTAMP_MALFORMED');
  const signedData = readSignedData(token);
  if (signedData.contentType !== ID_TIME_STAMP || signedData.content === undefined) throw new DerError();
  const { hash, imprint, time } = readInfo(signedData.content);
  const { certificates } = beside;
  const { certificate } = checkSigner(signedData, [signedData.content], { certificates, allowSha1CertificateId: true });
  if (!equalBytes(imprint, digestOf(hash, stamped))) throw new SignatureError('ERR_TIMESTAMP_INVALID');
  const brought = [...signedData.certificates, ...certificates];
  const chain = assertAuthority(certificate, authorities, brought, { time, now });
  const evidence = {
    certificates: brought,
    ocsp: [...signedData.ocsp, ...beside.ocsp],
    crls: [...signedData.crls, ...beside.crls],
  };
  return {
    time: new Date(time),
    authority: certificate.subjectValues(COMMON_NAME)[0] ?? '',
    revocation: revocationOf(chain, evidence, { at: time, now }),
  };
}

/**
 * Of each certificate below a configured CA, which is taken out of the configuration once it is revoked; and of the authority's own, also
 * where that is the configured one. Revoked since counts as well: whoever has the key can write any time into a token.
 */
function revocationOf(
  chain: readonly Certificate[],
  evidence: Evidence,
  times: { readonly at: number; readonly now: number },
): TimeStampReport['revocation'] {
  const judged = chain.slice(0, Math.max(1, chain.length - 1)).map((certificate, index) => {
    const issuer = chain[index + 1] ?? issuerAmong(evidence.certificates, certificate);
    if (issuer === undefined) return 'unknown';
    try {
      // Lists of CAs come by the month.
      return judgeEvidence(evidence, { certificate, issuer }, { ...times, maximumAgeMs: 'until nextUpdate' }).status;
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      return error.code === 'ERR_CERTIFICATE_REVOKED' ? 'revoked' : 'unknown';
    }
  });
  if (judged.some((status) => status === 'revoked' || status === 'revoked-later')) {
    throw new SignatureError('ERR_TIMESTAMP_REVOKED');
  }
  if (judged.includes('unknown')) return { checked: 'not-checked', status: 'unknown' };
  return { checked: 'embedded', status: 'good' };
}

/** TSTInfo (RFC 3161 2.4.2). */
function readInfo(content: Uint8Array): { hash: Hash; imprint: Uint8Array; time: number } {
  assertDer(content);
  const parts = partsOf(onlyValue(content, TAG.sequence));
  if (smallIntegerOf(parts.next(TAG.integer)) !== 1) throw new DerError();
  parts.next(TAG.oid); // policy
  const messageImprint = partsOf(parts.next(TAG.sequence));
  const hash = hashOf(readAlgorithm(messageImprint.next(TAG.sequence)));
  const imprint = messageImprint.next(TAG.octetString).content;
  messageImprint.end();
  serialOf(parts.next(TAG.integer));
  const time = timeOf(parts.next(TAG.generalizedTime));
  parts.optional(TAG.sequence); // accuracy
  parts.optional(TAG.boolean); // ordering
  parts.optional(TAG.integer); // nonce: the asker's matter
  parts.optional(0xa0); // tsa
  const extensions = parts.optional(0xa1);
  parts.end();
  if (extensions !== undefined) assertNoCriticalExtension(extensions.content);
  return { hash, imprint, time };
}

/** Implicitly tagged: the content is that of the Extensions. */
function assertNoCriticalExtension(content: Uint8Array): void {
  if (readExtensionList(content).critical.length > 0) throw new DerError();
}

/**
 * Valid then and now: once the authority's certificate has ended, nothing shows that its key was not lost since, and
 * whoever has it can write any time into a token.
 */
function assertAuthority(
  certificate: Certificate,
  authorities: readonly Certificate[],
  brought: readonly Uint8Array[],
  { time, now }: { readonly time: number; readonly now: number },
): readonly Certificate[] {
  const { isAuthority, keyUsage, extendedKeyUsage, extendedKeyUsageIsCritical } = certificate;
  // RFC 3161 2.3: this purpose and no other, marked critical.
  const forTimeStamps =
    extendedKeyUsageIsCritical && extendedKeyUsage?.length === 1 && extendedKeyUsage[0] === TIME_STAMPING;
  const maySign = keyUsage === undefined || keyUsage.digitalSignature || keyUsage.nonRepudiation;
  if (!forTimeStamps || !maySign || isAuthority) throw new SignatureError('ERR_TIMESTAMP_UNTRUSTED');
  const chain = chainOf(certificate, authorities, brought);
  if (chain === undefined) throw new SignatureError('ERR_TIMESTAMP_UNTRUSTED');
  const inTime = chain.every((one) => isValidAt(one, time) && isValidAt(one, now));
  if (!inTime || time > now + TOLERANCE_MS) throw new SignatureError('ERR_TIMESTAMP_UNTRUSTED');
  return chain;
}

/** Whose key has signed a configured certificate: who may speak of it, and is trusted for nothing else. */
function issuerAmong(brought: readonly Uint8Array[], certificate: Certificate): Certificate | undefined {
  const candidates = brought.slice(0, MAX_BROUGHT).flatMap(readable).filter(isIntermediate);
  return certificate.hasStrongSignature ? candidates.find((one) => isSignedBy(certificate, one)) : undefined;
}

/** From the certificate up to one that is configured, by way of at most two CAs that the token brings along. */
function chainOf(
  certificate: Certificate,
  authorities: readonly Certificate[],
  brought: readonly Uint8Array[],
): readonly Certificate[] | undefined {
  if (authorities.some(({ der }) => equalBytes(der, certificate.der))) return [certificate];
  const between = brought.slice(0, MAX_BROUGHT).flatMap(readable).filter(isIntermediate);
  const climb = (below: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = below[below.length - 1];
    if (last?.hasStrongSignature !== true) return undefined;
    // pathLength counts the CAs between it and the certificate (RFC 5280 4.2.1.9).
    const mayIssue = (issuer: Certificate): boolean =>
      (issuer.pathLength ?? Infinity) >= below.length - 1 && isSignedBy(last, issuer);
    const top = authorities.find((authority) => authority.isAuthority && mayIssue(authority));
    if (top !== undefined) return [...below, top];
    if (below.length > MAX_BETWEEN) return undefined;
    for (const issuer of between.filter(mayIssue)) {
      const chain = climb([...below, issuer]);
      if (chain !== undefined) return chain;
    }
    return undefined;
  };
  return climb([certificate]);
}

function isIntermediate({ isAuthority, keyUsage }: Certificate): boolean {
  return isAuthority && keyUsage?.keyCertSign === true;
}

function readable(der: Uint8Array): Certificate[] {
  try {
    return [readCertificate(der)];
  } catch {
    return [];
  }
}

// Asks whether a holder's certificate is revoked: what the signature brought along and, unless that was said since, the
// OCSP responder, then the CRL, as configured. For logins and signatures alike. The issuing CAs themselves are
// configuration; a CA that is revoked is taken out of it.
import { randomBytes } from 'node:crypto';
import { type BoundedRequest, type Fetch, fetchBounded } from './bounded-fetch.ts';
import { factsOf } from './certificate-facts.ts';
import { systemClock, type Clock } from './clock.ts';
import { distributionPointNames, MAX_CRL_LENGTH, verifyCrl } from './crl.ts';
import { assertDer, type DerValue, oidOf, onlyValue, partsOf, readAs, TAG } from './der.ts';
import {
  encodeOcspRequest,
  MAX_OCSP_LENGTH,
  type RevocationStatement,
  type Subject,
  verifyOcspResponse,
} from './ocsp.ts';
import { createMemoryRevocationCache, type RevocationCache } from './revocation-cache.ts';
import { DAY_MS, judgeEvidence, judgeStatement, NO_EVIDENCE } from './revocation.ts';
import { SignatureError } from './signature-error.ts';
import { type RevocationReport } from './signature-report.ts';
import { type Evidence } from './signed-data.ts';

export interface RevocationOptions {
  /** The responder's address, or to take it from the certificate (authorityInfoAccess). Absent: no OCSP is asked. */
  readonly ocsp?: string;
  /** The list's address, or to take it from the certificate (cRLDistributionPoints). Absent: no CRL is fetched. */
  readonly crl?: string;
  /** Default: the global one. It is told to follow no redirect; one that goes through a proxy must keep to that. */
  readonly fetch?: Fetch;
  /** Default: a cache in this process's memory. */
  readonly cache?: RevocationCache;
  /** How old (thisUpdate) a statement may be that says "not revoked". Default a day; nextUpdate bounds it as well. */
  readonly maximumAgeMs?: number;
  /** For how long an answer is used again. Default 10 minutes: a card that is blocked meanwhile passes until then. */
  readonly cacheMs?: number;
  /** For one question and its whole answer. Default 5 seconds. */
  readonly timeoutMs?: number;
  /** When nothing tells. Default 'refuse'; with 'accept' the report says that it is unknown. Revoked is always refused. */
  readonly whenUnknown?: 'refuse' | 'accept';
  readonly clock?: Clock;
}

export interface RevocationQuestion extends Subject {
  /** Milliseconds since 1970: when the certificate must not have been revoked. */
  readonly at: number;
  /** What the signature brought along. */
  readonly evidence?: Evidence;
}

export interface RevocationChecker {
  /** @throws SignatureError ERR_CERTIFICATE_REVOKED; ERR_REVOCATION_* */
  check(question: RevocationQuestion): Promise<RevocationReport>;
}

/** In the place of an address. */
const FROM_CERTIFICATE = 'from certificate';
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';
const ACCESS_OCSP = '1.3.6.1.5.5.7.48.1';
const CRL_DISTRIBUTION_POINTS = '2.5.29.31';
const URI = 0x86;
const MAX_URL_LENGTH = 2048;
const NONCE_LENGTH = 32;
const TEN_MINUTES_MS = 600_000;
const FIVE_SECONDS_MS = 5_000;

type Source = 'ocsp' | 'crl';

/** @throws TypeError that names what is wrong, if the configuration is. */
export function createRevocationChecker(options: RevocationOptions): RevocationChecker {
  const { clock = systemClock, fetch = globalThis.fetch, whenUnknown = 'refuse' } = options;
  const maximumAgeMs = readPeriod('maximumAgeMs', options.maximumAgeMs ?? DAY_MS);
  const cacheMs = readPeriod('cacheMs', options.cacheMs ?? TEN_MINUTES_MS);
  const timeoutMs = readPeriod('timeoutMs', options.timeoutMs ?? FIVE_SECONDS_MS);
  const cache = options.cache ?? createMemoryRevocationCache({ clock });
  for (const source of ['ocsp', 'crl'] as const) {
    const url = options[source];
    if (url !== undefined && url !== FROM_CERTIFICATE && !isFetchable(url)) {
      throw new TypeError(`${source} must be an http or https address, or '${FROM_CERTIFICATE}'.`);
    }
  }

  /** Answers that are on their way, so that a rush of logins asks once. */
  const underWay = new Map<string, Promise<Uint8Array>>();
  const fetchOnce = (key: string, request: BoundedRequest): Promise<Uint8Array> => {
    const fetching = underWay.get(key) ?? fetchBounded(fetch, request).finally(() => underWay.delete(key));
    underWay.set(key, fetching);
    return fetching;
  };

  const judge = (statement: RevocationStatement, question: RevocationQuestion): RevocationReport =>
    judgeStatement(statement, question, { at: question.at, now: clock(), maximumAgeMs });

  const askOcsp = async (url: string, question: RevocationQuestion): Promise<[Uint8Array, RevocationStatement]> => {
    const nonce = randomBytes(NONCE_LENGTH);
    const post = { type: 'application/ocsp-request', body: encodeOcspRequest(question, nonce) };
    const bytes = await fetchBounded(fetch, { url, post, maximumLength: MAX_OCSP_LENGTH, timeoutMs });
    return [bytes, verifyOcspResponse(bytes, question, nonce)];
  };
  const askCrl = async (url: string, question: RevocationQuestion): Promise<[Uint8Array, RevocationStatement]> => {
    const bytes = await fetchOnce(url, { url, maximumLength: MAX_CRL_LENGTH, timeoutMs });
    return [bytes, verifyCrl(bytes, question)];
  };

  const ask = async (source: Source, question: RevocationQuestion): Promise<RevocationReport> => {
    const { certificate } = question;
    const given = options[source];
    const url = given === FROM_CERTIFICATE ? addressIn(question, source) : given;
    if (url === undefined) throw new SignatureError('ERR_REVOCATION_UNKNOWN');
    const key = source === 'crl' ? `crl:${url}` : `ocsp:${certificate.native.fingerprint256}`;
    const verify = source === 'crl' ? verifyCrl : verifyOcspResponse;
    const cached = await cache.get(key).catch(() => undefined);
    if (cached !== undefined) {
      try {
        return judge(verify(cached, question), question);
      } catch (error) {
        if (isRevoked(error)) throw error;
      }
    }
    const [bytes, statement] = await (source === 'crl' ? askCrl : askOcsp)(url, question);
    const expiresAt = Math.min(clock() + cacheMs, statement.nextUpdate ?? Infinity);
    await cache.put(key, bytes, expiresAt).catch(() => undefined);
    return judge(statement, question);
  };

  return {
    async check(question) {
      const { at, evidence = NO_EVIDENCE } = question;
      let reason: SignatureError | undefined;
      const firstOf = async (
        attempts: readonly (() => RevocationReport | Promise<RevocationReport>)[],
      ): Promise<RevocationReport | undefined> => {
        for (const attempt of attempts) {
          try {
            return await attempt();
          } catch (error) {
            if (!(error instanceof SignatureError) || isRevoked(error)) throw error;
            if (reason === undefined || reason.code === 'ERR_REVOCATION_UNKNOWN') reason = error;
          }
        }
        return undefined;
      };
      const brought = await firstOf([() => judgeEvidence(evidence, question, { at, now: clock(), maximumAgeMs })]);
      if (brought !== undefined && isOfLater(brought, at)) return brought;
      // Whoever signs with a card that was blocked would bring along what was said before that.
      const sources = (['ocsp', 'crl'] as const).filter((source) => options[source] !== undefined);
      const asked = await firstOf(sources.map((source) => () => ask(source, question)));
      const report = asked?.status === 'good' ? (brought ?? asked) : (asked ?? brought);
      if (report !== undefined) return report;
      if (whenUnknown === 'accept') return { checked: 'not-checked', status: 'unknown' };
      throw reason ?? new SignatureError('ERR_REVOCATION_UNKNOWN');
    },
  };
}

/** Said at that time or since: nobody can say more about it. */
function isOfLater({ status, asOf }: RevocationReport, at: number): boolean {
  return status === 'revoked-later' || (asOf !== undefined && asOf.getTime() >= at);
}

function isRevoked(error: unknown): boolean {
  return error instanceof SignatureError && error.code === 'ERR_CERTIFICATE_REVOKED';
}

/** The first address that can be fetched. The certificate is a trusted issuer's by now, so its addresses are, too. */
function addressIn({ certificate }: Subject, source: Source): string | undefined {
  const { extensions } = factsOf(certificate);
  const value = extensions.get(source === 'ocsp' ? AUTHORITY_INFO_ACCESS : CRL_DISTRIBUTION_POINTS);
  if (value === undefined) return undefined;
  const names = readAs('ERR_CERTIFICATE_MALFORMED', () =>
    source === 'ocsp' ? responderNames(value) : distributionPointNames(value),
  );
  return names
    .filter(({ tag }) => tag === URI)
    .map(({ content }) => Buffer.from(content).toString('latin1'))
    .find(isFetchable);
}

/** RFC 5280 4.2.2.1. */
function responderNames(extension: Uint8Array): DerValue[] {
  assertDer(extension);
  const names: DerValue[] = [];
  for (const description of partsOf(onlyValue(extension, TAG.sequence)).rest(TAG.sequence)) {
    const parts = partsOf(description);
    if (oidOf(parts.next(TAG.oid)) === ACCESS_OCSP) names.push(parts.next());
  }
  return names;
}

function isFetchable(address: string): boolean {
  if (address.length > MAX_URL_LENGTH || !URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

function readPeriod(name: string, ms: number): number {
  if (!(ms >= 0 && ms <= 366 * DAY_MS)) throw new TypeError(`${name} must be between 0 and a year, in milliseconds.`);
  return ms;
}

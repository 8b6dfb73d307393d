// What a signature of a higher level needs from elsewhere: time stamps (RFC 3161), OCSP responses (RFC 6960), revocation lists
// (RFC 5280), from the addresses in policy. What comes back is checked before anything is built on it.
import { randomBytes, X509Certificate } from 'node:crypto';
import { type Clock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { type Policy } from '../../../shared/policy.ts';
import { type SignatureLevel } from '../../../shared/signing.ts';
import { exchange, type Exchange, type Network } from '../../network/exchange.ts';
import { type SystemProxy } from '../../network/proxy.ts';
import { policyAuthorities, type TrustStore } from '../../network/trust-store.ts';
import { ocspRequest, readCrl, readOcspResponse } from '../../signatures/revocation.ts';
import { SignatureError, type SignatureErrorCode } from '../../signatures/signature-error.ts';
import { type SignatureSurroundings } from '../../signatures/signer.ts';
import { readTimeStampResponse, timeStampRequest } from '../../signatures/time-stamp.ts';
import { type Trust } from '../../tokens/trusted-file.ts';

/** What requests to authorities stand on. */
export interface AuthorityEnvironment {
  clock: Clock;
  trust: TrustStore;
  systemProxy: SystemProxy;
  /** Who may have put policy's file of authorities there. */
  fileTrust: Trust | undefined;
}

/** DER certificates that policy names as issuers; none where it names none, or its file cannot be trusted. */
export function signingAuthorities({ signing }: Policy, trust: Trust | undefined): Uint8Array[] {
  if (signing.authorities === undefined) return [];
  try {
    return policyAuthorities(signing.authorities, trust).map((pem) => new X509Certificate(pem).raw);
  } catch {
    return [];
  }
}

/** The issuers of `certificate` among `authorities`, its own first, up to a root. Pure. */
export function chainOf(certificate: Uint8Array, authorities: readonly Uint8Array[]): Uint8Array[] {
  const known = authorities.map((der) => new X509Certificate(der));
  const chain: X509Certificate[] = [];
  let child = new X509Certificate(certificate);
  while (chain.length < known.length && !child.checkIssued(child)) {
    const isIssuer = (one: X509Certificate) => one.ca && child.checkIssued(one) && child.verify(one.publicKey);
    const issuer = known.find((one) => isIssuer(one) && !chain.includes(one));
    if (issuer === undefined) break;
    chain.push(issuer);
    child = issuer;
  }
  return chain.map(({ raw }) => raw);
}

/** The surroundings of a signature of this level by the holder of `certificate`, whose issuers are `chain`. */
export function surroundingsFor(
  environment: AuthorityEnvironment,
  policy: Policy,
  level: SignatureLevel,
  { certificate, chain, authorities }: { certificate: Uint8Array; chain: Uint8Array[]; authorities: Uint8Array[] },
  now: Date,
  signal: AbortSignal,
): SignatureSurroundings {
  const surroundings: SignatureSurroundings = { now };
  if (level === 'B-B') return surroundings;
  const post = (code: SignatureErrorCode, address: string, type: string, body: Uint8Array) =>
    ask(environment, policy, code, address, { method: 'POST', headers: { 'Content-Type': type }, body }, signal);
  surroundings.timeStamp = async (hash, imprint) => {
    const nonce = randomBytes(8);
    const request = timeStampRequest(hash, imprint, nonce);
    const address = policy.signing.timeStamp ?? '';
    const answer = await post('ERR_SIGNATURE_TIMESTAMP', address, 'application/timestamp-query', request);
    return readTimeStampResponse(answer, { hash, imprint, nonce, authorities });
  };
  if (level === 'B-LT') {
    const { ocsp, crl } = policy.signing;
    const responders = ocsp === undefined ? [] : [ocsp];
    const sources: RevocationSource[] = [
      ...responders.map((address): RevocationSource => ({
        kind: 'ocsp',
        fetch: (subject, issuer) =>
          post('ERR_SIGNATURE_REVOCATION', address, 'application/ocsp-request', ocspRequest(subject, issuer)),
        read: readOcspResponse,
      })),
      ...crl.map((address): RevocationSource => ({
        kind: 'crls',
        fetch: () => ask(environment, policy, 'ERR_SIGNATURE_REVOCATION', address, { method: 'GET' }, signal),
        read: readCrl,
      })),
    ];
    surroundings.revocation = () => revocationOf([certificate, ...chain], sources, now);
  }
  return surroundings;
}

/** Who may know whether a certificate is revoked, in the order in which they are asked. */
interface RevocationSource {
  kind: 'ocsp' | 'crls';
  fetch: (subject: Uint8Array, issuer: Uint8Array) => Promise<Uint8Array>;
  read: (answer: Uint8Array, subject: Uint8Array, issuer: Uint8Array, now: Date) => 'good' | 'revoked' | 'unknown';
}

/** For each certificate of the chain but the root, which vouches for itself, the first answer that holds. */
async function revocationOf(
  [certificate, ...issuers]: readonly Uint8Array[],
  sources: readonly RevocationSource[],
  now: Date,
): Promise<{ certificates: Uint8Array[]; ocsp: Uint8Array[]; crls: Uint8Array[] }> {
  const found = { certificates: issuers, ocsp: [] as Uint8Array[], crls: [] as Uint8Array[] };
  if (issuers.length === 0) throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'the issuer is not in policy');
  let subject = certificate as Uint8Array;
  for (const issuer of issuers) {
    const { kind, answer } = await firstGood(sources, subject, issuer, now);
    found[kind].push(answer);
    subject = issuer;
  }
  return found;
}

async function firstGood(
  sources: readonly RevocationSource[],
  subject: Uint8Array,
  issuer: Uint8Array,
  now: Date,
): Promise<{ kind: 'ocsp' | 'crls'; answer: Uint8Array }> {
  for (const { kind, fetch, read } of sources) {
    // One that does not answer, or not well: another may do better.
    const answer = await fetch(subject, issuer).catch(() => undefined);
    const status = answer === undefined ? 'unknown' : attempt(() => read(answer, subject, issuer, now));
    if (status === 'revoked') throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'the certificate is revoked');
    if (answer !== undefined && status === 'good') return { kind, answer };
  }
  throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'nobody says whether the certificate is revoked');
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** One exchange within its time. @throws SignatureError with `code` unless a whole answer with status 200 has come */
async function ask(
  { clock, trust, systemProxy }: AuthorityEnvironment,
  policy: Policy,
  code: SignatureErrorCode,
  address: string,
  request: Omit<Exchange, 'most'>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const ending = new AbortController();
  const callOff = clock.after(limits.authorityTime, () => ending.abort());
  const { authorities, proxy } = policy.logout;
  const network: Network = { trust, authorities, proxy, systemProxy };
  try {
    const either = AbortSignal.any([signal, ending.signal]);
    const { status, body, whole } = await exchange(
      new URL(address),
      { ...request, most: limits.authorityAnswer },
      network,
      either,
    );
    if (status !== 200 || !whole) throw new SignatureError(code, `the authority answered ${status}`);
    return body;
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof SignatureError ? cause : new SignatureError(code, 'the authority did not answer', { cause });
  } finally {
    callOff();
  }
}

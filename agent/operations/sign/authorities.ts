// What a signature of a higher level needs from elsewhere: time stamps (RFC 3161), OCSP responses (RFC 6960), revocation lists
// (RFC 5280), from the addresses in policy. What comes back is checked before anything is built on it.
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { type Policy } from '../../../shared/policy.ts';
import { type SignatureLevel } from '../../../shared/signing.ts';
import { policyAuthorities } from '../../network/trust-store.ts';
import { same } from '../../signatures/algorithm.ts';
import { distinct } from '../../signatures/long-term.ts';
import { crlEnds, ocspRequest, ocspResponseEnds, readCrl, readOcspResponse } from '../../signatures/revocation.ts';
import { SignatureError, type SignatureErrorCode } from '../../signatures/signature-error.ts';
import { type SignatureSurroundings } from '../../signatures/signer.ts';
import { readTimeStampResponse, type TimeStamp, timeStampRequest } from '../../signatures/time-stamp.ts';
import { type Trust } from '../../tokens/trusted-file.ts';
import { askAuthority, type AuthorityEnvironment, AuthorityTime } from './authority-request.ts';
import { RevocationAnswers, type RevocationSource } from './revocation-answers.ts';

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

/** Who signs, and whom policy trusts to vouch. */
export interface SigningIdentity {
  certificate: Uint8Array;
  /** Its issuers. */
  chain: readonly Uint8Array[];
  authorities: readonly Uint8Array[];
}

/** The surroundings of the signatures of one batch: what it gives is for one document each. Answers about revocation are shared. */
export function surroundingsFor(
  environment: AuthorityEnvironment,
  policy: Policy,
  level: SignatureLevel,
  identity: SigningIdentity,
  today: () => Date,
  signal: AbortSignal,
): () => SignatureSurroundings {
  if (level === 'B-B') return () => ({ now: today() });
  const answers = new RevocationAnswers(environment.clock, today, revocationSources(environment, policy));
  return () => {
    const time = new AuthorityTime(environment.clock, signal);
    /** What this document has been given: only of that is the authority known. */
    let given: TimeStamp | undefined;
    const timeStamp: SignatureSurroundings['timeStamp'] = async (hash, imprint) => {
      const nonce = randomBytes(8);
      const request = timeStampRequest(hash, imprint, nonce);
      const address = policy.signing.timeStamp ?? '';
      const answer = await time.spend('ERR_SIGNATURE_TIMESTAMP', (within) =>
        post(environment, policy, 'ERR_SIGNATURE_TIMESTAMP', address, 'application/timestamp-query', request, within),
      );
      given = readTimeStampResponse(answer, { hash, imprint, nonce, authorities: identity.authorities });
      return given.token;
    };
    if (level === 'B-T') return { now: today(), timeStamp };
    const of = (chain: readonly Uint8Array[]) =>
      time.spend('ERR_SIGNATURE_REVOCATION', (within) => answers.of(chain, within));
    const ofTimeStamp = async (token: Uint8Array) => {
      if (given === undefined || !same(token, given.token))
        throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'a time stamp of somebody else');
      const { certificates, ...values } = await of(timeStampChain(given, identity.authorities));
      return { ...values, certificates: distinct(certificates, given.certificates) };
    };
    const ofSigner = () => of([identity.certificate, ...identity.chain]);
    return { now: today(), timeStamp, revocation: { ofSigner, ofTimeStamp } };
  };
}

/** From the certificate that signed the token to the root, as far as policy knows. */
function timeStampChain({ chain }: TimeStamp, authorities: readonly Uint8Array[]): Uint8Array[] {
  const top = chain.at(-1);
  return top === undefined ? [] : [...chain, ...chainOf(top, authorities)];
}

/** The responder in policy, then its lists. */
function revocationSources(environment: AuthorityEnvironment, policy: Policy): RevocationSource[] {
  const { ocsp, crl } = policy.signing;
  const code = 'ERR_SIGNATURE_REVOCATION';
  const responders = ocsp === undefined ? [] : [ocsp];
  return [
    ...responders.map((address): RevocationSource => ({
      kind: 'ocsp',
      key: (subject, issuer) => `ocsp ${address} ${fingerprint(ocspRequest(subject, issuer))}`,
      fetch: (subject, issuer, signal) =>
        post(environment, policy, code, address, 'application/ocsp-request', ocspRequest(subject, issuer), signal),
      read: readOcspResponse,
      ends: ocspResponseEnds,
    })),
    ...crl.map((address): RevocationSource => ({
      kind: 'crls',
      key: () => `crl ${address}`,
      fetch: (_subject, _issuer, signal) => askAuthority(environment, policy, code, address, { method: 'GET' }, signal),
      read: readCrl,
      ends: crlEnds,
    })),
  ];
}

function post(
  environment: AuthorityEnvironment,
  policy: Policy,
  code: SignatureErrorCode,
  address: string,
  type: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = { method: 'POST', headers: { 'Content-Type': type }, body } as const;
  return askAuthority(environment, policy, code, address, request, signal);
}

function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

// Signers from private keys, and what the higher levels need from a test authority's servers over HTTP: what the agent does with
// a card and the network, in a few lines for tests.
import { constants, randomBytes, sign as signBytes } from 'node:crypto';
import { hashOf, hashLength, nodeHash } from '../../agent/signatures/algorithm.ts';
import { ocspRequest } from '../../agent/signatures/revocation.ts';
import { type SignatureSurroundings, type Signer } from '../../agent/signatures/signer.ts';
import { readTimeStampResponse, timeStampRequest } from '../../agent/signatures/time-stamp.ts';
import { type Issued } from '../../demo/pki/pki.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { type TestAuthority } from './test-authority.ts';

/** Counts the signatures made. */
export interface CountingSigner extends Signer {
  calls: number;
}

/** A signer as the agent makes one around a card, with the whole chain known. */
export function signerOf(issued: Issued, algorithm: SignatureAlgorithm): CountingSigner {
  const signer: CountingSigner = {
    certificate: issued.certificate,
    chain: issued.chain,
    algorithm,
    calls: 0,
    sign(toBeSigned) {
      signer.calls += 1;
      const hash = hashOf(algorithm);
      const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hashLength(hash) };
      const options = algorithm.startsWith('PS') ? pss : { dsaEncoding: 'ieee-p1363' as const };
      return Promise.resolve(signBytes(nodeHash(hash), toBeSigned, { key: issued.privateKey, ...options }));
    },
  };
  return signer;
}

/** B-T: time stamps from the authority's server, read with everything that the reader checks. */
export function timeStamping(authority: TestAuthority): Required<Pick<SignatureSurroundings, 'timeStamp'>> {
  return {
    async timeStamp(hash, imprint) {
      const nonce = randomBytes(16);
      const answer = await post(authority.urls.timeStamp, timeStampRequest(hash, imprint, nonce));
      return readTimeStampResponse(answer, { hash, imprint, nonce, authorities: [authority.root] }).token;
    },
  };
}

/** B-LT: OCSP for the signer and the time-stamping authority, the issuer's list, and the whole chain; for the authority another list. */
export function longTerm(
  authority: TestAuthority,
  certificate: Uint8Array,
): Required<Pick<SignatureSurroundings, 'timeStamp' | 'revocation'>> {
  const ocsp = (subject: Uint8Array, issuer: Uint8Array) => post(authority.urls.ocsp, ocspRequest(subject, issuer));
  return {
    ...timeStamping(authority),
    revocation: {
      async ofSigner() {
        const list = await fetch(authority.urls.crl);
        return {
          certificates: [authority.issuer, authority.root, authority.services.ocsp.certificate],
          ocsp: [await ocsp(certificate, authority.issuer)],
          crls: [new Uint8Array(await list.arrayBuffer())],
        };
      },
      async ofTimeStamp() {
        const list = await fetch(authority.urls.rootCrl);
        return {
          certificates: [authority.timeStampIssuer, authority.root],
          ocsp: [await ocsp(authority.services.tsa.certificate, authority.timeStampIssuer)],
          crls: [new Uint8Array(await list.arrayBuffer())],
        };
      },
    },
  };
}

async function post(url: string, body: Uint8Array): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body: Uint8Array.from(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

// What the tests of the relying party share: a test PKI at a fixed time, tokens as a card would sign them, and a
// verifier whose every part can be replaced. The token's bytes are put together here anew, not by the code under test.
import assert from 'node:assert/strict';
import { constants, createHash, sign } from 'node:crypto';
import { anna } from '../../demo/pki/persons.ts';
import { createTestPki, type Issued, type PersonRequest, type TestPki } from '../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import {
  createTokenVerifier,
  TokenError,
  type TokenErrorCode,
  type TokenVerifierOptions,
  type VerifiedHolder,
} from '../../relying-party/src/index.ts';

export const ORIGIN = 'https://journal.example.org';
export const NONCE = 'YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=';
export const NOW = Date.parse('2026-03-02T12:00:00Z');
export const ISSUED_AT = new Date('2026-03-01T12:00:00Z');
export const DAY_MS = 86_400_000;

export interface TokenFields {
  unverifiedCertificate: string;
  algorithm: string;
  signature: string;
  format: string;
  appVersion: string;
}

/** What is signed; each part can be told to be wrong. */
export interface Signing {
  readonly algorithm?: string;
  readonly origin?: string;
  readonly nonce?: string | Uint8Array;
  /** Octets of salt under PS; default: as many as the hash has. */
  readonly saltLength?: number;
  /** The name in the token, if other than what was signed with. */
  readonly named?: string;
}

/** A token as the card of `issued` would make it. */
export function signToken(issued: Issued, signing: Signing = {}): TokenFields {
  const { origin = ORIGIN, nonce = NONCE } = signing;
  const algorithm = signing.algorithm ?? (issued.privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256');
  const hash = `sha${algorithm.slice(2)}`;
  const digest = (part: string | Uint8Array): Buffer => createHash(hash).update(part).digest();
  const signature = sign(hash, Buffer.concat([digest(origin), digest(nonce)]), {
    key: issued.privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(algorithm.startsWith('PS') && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: signing.saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  });
  return {
    unverifiedCertificate: Buffer.from(issued.certificate).toString('base64'),
    algorithm: signing.named ?? algorithm,
    signature: signature.toString('base64'),
    format: 'web-eid:1.0',
    appVersion: 'https://example.org/kortbro/releases/0.1.0',
  };
}

export function createPki(): Promise<TestPki> {
  return createTestPki({ keyKind: 'ec-p256', now: () => ISSUED_AT });
}

/** Anna's authentication certificate with the HSA-id, or what a test makes of it. */
export function issueAnna(pki: TestPki, changes: Partial<PersonRequest> = {}): Promise<Issued> {
  return pki.issuePerson({ person: anna, kind: 'authentication', identity: 'hsa-id', ...changes });
}

/** A site that trusts `pki`, asks for level 3 and has always issued NONCE. */
export function siteOptions(pki: TestPki): TokenVerifierOptions {
  return {
    origin: ORIGIN,
    nonces: { consume: () => Promise.resolve(NONCE) },
    roots: [pki.root],
    trustedIssuers: [
      { certificate: pki.issuers.hsaId3, assuranceLevel: 3 },
      { certificate: pki.issuers.id3, assuranceLevel: 3 },
      { certificate: pki.issuers.hsaId2, assuranceLevel: 2 },
      { certificate: pki.issuers.id2, assuranceLevel: 2 },
    ],
    assuranceLevels: TEST_ASSURANCE_LEVELS,
    minimumLevel: 3,
    clock: () => NOW,
  };
}

/** Presents a token to a site of its own. */
export function present(
  pki: TestPki,
  token: unknown,
  changes: Partial<TokenVerifierOptions> = {},
): Promise<VerifiedHolder> {
  return createTokenVerifier({ ...siteOptions(pki), ...changes }).verify({ token, session: 'session-1' });
}

/** Asserts that the attempt is refused with this code. */
export async function assertRefused(attempt: Promise<unknown>, code: TokenErrorCode): Promise<void> {
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(error instanceof TokenError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

// From a JWA algorithm and a digest to a PKCS#11 mechanism and its input (PKCS#11 v3.0 current mechanisms, 2.1 and 2.3). The digest is
// ready: no module hashes for us.
import pkcs11js from 'pkcs11js';
import { digestInfo, hashOf } from '../digest-info.ts';
import { type SignatureAlgorithm, type TokenDescription, TokenError } from '../token.ts';

/** What C_SignInit and C_Sign get. */
export interface SignInput {
  mechanism: pkcs11js.Mechanism;
  data: Buffer;
}

const pssHashes = {
  sha1: [pkcs11js.CKM_SHA_1, pkcs11js.CKG_MGF1_SHA1],
  sha256: [pkcs11js.CKM_SHA256, pkcs11js.CKG_MGF1_SHA256],
  sha384: [pkcs11js.CKM_SHA384, pkcs11js.CKG_MGF1_SHA384],
  sha512: [pkcs11js.CKM_SHA512, pkcs11js.CKG_MGF1_SHA512],
} as const;

/** @throws TokenError ERR_CARD_FAILED when the digest is not of the algorithm's hash */
export function signInput(algorithm: SignatureAlgorithm, digest: Uint8Array): SignInput {
  const hash = hashOf(algorithm);
  if (digest.length !== hash.length) throw new TokenError('ERR_CARD_FAILED', { native: 'CKR_DATA_LEN_RANGE (0x21)' });
  const data = Buffer.from(digest);
  if (algorithm.startsWith('ES')) return { mechanism: { mechanism: pkcs11js.CKM_ECDSA }, data };
  if (algorithm.startsWith('RS')) {
    return { mechanism: { mechanism: pkcs11js.CKM_RSA_PKCS }, data: digestInfo(algorithm, digest) };
  }
  const [hashAlg, mgf] = pssHashes[hash.name];
  const parameter = { type: pkcs11js.CK_PARAMS_RSA_PSS, hashAlg, mgf, saltLen: hash.length };
  return { mechanism: { mechanism: pkcs11js.CKM_RSA_PKCS_PSS, parameter }, data };
}

const useful = new Map([
  [pkcs11js.CKM_RSA_PKCS, 'CKM_RSA_PKCS'],
  [pkcs11js.CKM_RSA_PKCS_PSS, 'CKM_RSA_PKCS_PSS'],
  [pkcs11js.CKM_ECDSA, 'CKM_ECDSA'],
] as const);

/** Those of a slot's mechanisms that sign ready-made digests. */
export function digestMechanisms(all: readonly number[]): TokenDescription['mechanisms'] {
  return [...useful].flatMap(([mechanism, name]) => (all.includes(mechanism) ? [name] : []));
}

// The token's signature: over hash(origin) || hash(nonce), with the hash of the algorithm. The origin has no trailing
// slash, and the nonce is hashed as the text of its base64, not decoded. Algorithms are those of RFC 7518 3.3-3.5.
import { constants, createHash, type KeyObject, verify } from 'node:crypto';
import { isSupportedKey } from './public-key.ts';
import { TokenError } from './token-error.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';

type Algorithm =
  | {
      readonly key: 'ec';
      readonly hash: Hash;
      readonly curve: string;
      /** Octets of r || s. */ readonly length: number;
    }
  | { readonly key: 'rsa'; readonly hash: Hash; readonly padding: number };

const pkcs1 = (hash: Hash): Algorithm => ({ key: 'rsa', hash, padding: constants.RSA_PKCS1_PADDING });
const pss = (hash: Hash): Algorithm => ({ key: 'rsa', hash, padding: constants.RSA_PKCS1_PSS_PADDING });

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['ES256', { key: 'ec', hash: 'sha256', curve: 'prime256v1', length: 64 }],
  ['ES384', { key: 'ec', hash: 'sha384', curve: 'secp384r1', length: 96 }],
  ['ES512', { key: 'ec', hash: 'sha512', curve: 'secp521r1', length: 132 }],
  ['PS256', pss('sha256')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
  ['RS256', pkcs1('sha256')],
  ['RS384', pkcs1('sha384')],
  ['RS512', pkcs1('sha512')],
]);

export interface SignedLogin {
  readonly origin: string;
  /** Base64 text, as it was issued. */
  readonly nonce: string;
  readonly algorithm: string;
  readonly signature: Uint8Array;
  readonly publicKey: KeyObject;
}

/**
 * Returns if the signature is good.
 * @throws TokenError ERR_ALGORITHM_UNSUPPORTED, ERR_CERTIFICATE_KEY_UNSUPPORTED, ERR_ALGORITHM_MISMATCH, ERR_SIGNATURE_INVALID
 */
export function verifyTokenSignature({ origin, nonce, algorithm: name, signature, publicKey }: SignedLogin): void {
  const algorithm = ALGORITHMS.get(name);
  if (algorithm === undefined) throw new TokenError('ERR_ALGORITHM_UNSUPPORTED');
  if (!isSupportedKey(publicKey)) throw new TokenError('ERR_CERTIFICATE_KEY_UNSUPPORTED');
  const { asymmetricKeyType, asymmetricKeyDetails: details } = publicKey;
  if (asymmetricKeyType !== algorithm.key || (algorithm.key === 'ec' && details?.namedCurve !== algorithm.curve)) {
    throw new TokenError('ERR_ALGORITHM_MISMATCH');
  }
  const signed = Buffer.concat([hashOf(algorithm.hash, origin), hashOf(algorithm.hash, nonce)]);
  // Said here and not left to the library: r || s and an RSA signature have one length each (RFC 7518 3.3-3.5).
  const length = algorithm.key === 'ec' ? algorithm.length : Math.ceil((details?.modulusLength ?? 0) / 8);
  if (signature.length !== length || !isSignature(algorithm, signed, publicKey, signature)) {
    throw new TokenError('ERR_SIGNATURE_INVALID');
  }
}

function isSignature(algorithm: Algorithm, signed: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  const how =
    algorithm.key === 'ec'
      ? { key, dsaEncoding: 'ieee-p1363' as const }
      : { key, padding: algorithm.padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }; // RFC 7518 3.5
  try {
    return verify(algorithm.hash, signed, how, signature);
  } catch {
    return false; // OpenSSL refuses some malformed signatures by throwing.
  }
}

function hashOf(hash: Hash, text: string): Uint8Array {
  return createHash(hash).update(text, 'utf8').digest();
}

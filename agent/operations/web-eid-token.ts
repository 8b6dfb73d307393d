// The login token (Web eID authentication token 1.0): which bytes are signed, by which algorithm, and how it is written.
// The agent builds the bytes itself from origin and nonce; no hash from elsewhere ever reaches an authentication key.
import { createHash, verify, constants, type KeyObject } from 'node:crypto';
import { KortbroError } from '../../shared/errors.ts';
import { decodeBase64 } from '../../shared/base64.ts';
import { type AuthenticationToken } from '../../shared/messages.ts';
import { productVersion } from '../../shared/names.ts';
import { type CardCertificate } from '../certificates/certificate.ts';
import { type TokenDescription } from '../tokens/token.ts';

type LoginAlgorithm = AuthenticationToken['algorithm'];

/** 44 to 128 characters of canonical base64 (at least 256 bits). @throws KortbroError ERR_REQUEST_NONCE */
export function checkNonce(nonce: string): void {
  const decoded = nonce.length >= 44 && nonce.length <= 128 ? decodeBase64(nonce) : undefined;
  if (decoded === undefined || decoded.length < 32) throw new KortbroError('ERR_REQUEST_NONCE');
}

/** The algorithm for a key: by curve; for RSA PKCS#1 v1.5 where the token has it, else PSS. */
export function signatureAlgorithm(key: KeyObject, mechanisms: TokenDescription['mechanisms']): LoginAlgorithm {
  if (key.asymmetricKeyType === 'rsa') {
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw new KortbroError('ERR_CARD_CERTIFICATE_INVALID');
    if (mechanisms.includes('CKM_RSA_PKCS')) return 'RS256';
    if (mechanisms.includes('CKM_RSA_PKCS_PSS')) return 'PS256';
  }
  if (key.asymmetricKeyType === 'ec' && mechanisms.includes('CKM_ECDSA')) {
    const byCurve: Record<string, LoginAlgorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
    const algorithm = byCurve[key.asymmetricKeyDetails?.namedCurve ?? ''];
    if (algorithm !== undefined) return algorithm;
  }
  throw new KortbroError('ERR_CARD_NO_CERTIFICATE');
}

/** hash(origin) || hash(nonce): origin without trailing slash, nonce as the text of its base64. */
export function tokenBytes(algorithm: LoginAlgorithm, origin: string, nonce: string): Buffer {
  const hash = hashName(algorithm);
  const digest = (text: string) => createHash(hash).update(text, 'utf8').digest();
  return Buffer.concat([digest(origin), digest(nonce)]);
}

/** What the token signs: the hash of `tokenBytes`. */
export function tokenDigest(algorithm: LoginAlgorithm, bytes: Uint8Array): Buffer {
  return createHash(hashName(algorithm)).update(bytes).digest();
}

/** Whether `signature` over `bytes` was made by the certificate's key. Nothing is released that does not pass here. */
export function isSignedBy(
  certificate: CardCertificate,
  algorithm: LoginAlgorithm,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { publicKey } = certificate;
  const key = {
    ES: { key: publicKey, dsaEncoding: 'ieee-p1363' as const },
    PS: { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    RS: { key: publicKey, padding: constants.RSA_PKCS1_PADDING },
  }[algorithm.slice(0, 2) as 'ES' | 'PS' | 'RS'];
  try {
    return verify(hashName(algorithm), bytes, key, signature);
  } catch {
    return false;
  }
}

/** Writes the token. */
export function authenticationToken(
  certificate: CardCertificate,
  algorithm: LoginAlgorithm,
  signature: Uint8Array,
): AuthenticationToken {
  return {
    format: 'web-eid:1.0',
    unverifiedCertificate: Buffer.from(certificate.der).toString('base64'),
    algorithm,
    signature: Buffer.from(signature).toString('base64'),
    appVersion: `https://kortbro.se/releases/${productVersion}`,
  };
}

function hashName(algorithm: LoginAlgorithm): string {
  return `sha${algorithm.slice(2)}`;
}

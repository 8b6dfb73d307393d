// Signature algorithms as CMS, OCSP and CRLs write them (RFC 5652, RFC 4055, RFC 5754, RFC 5758), told by their JWA
// names, and the check of one signature value. Only what is named here is accepted: no SHA-1, no MD5, no DSA.
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DerError, type DerValue, equalBytes, oidOf, onlyPart, partsOf, smallIntegerOf, TAG } from './der.ts';
import { isSupportedKey } from './public-key.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';

/** As node:crypto names them. */
export type Hash = 'sha256' | 'sha384' | 'sha512';

export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerValue | undefined;
}

const HASHES: ReadonlyMap<string, Hash> = new Map<string, Hash>([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const HASH_LENGTH: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const WITH_HASH: ReadonlyMap<string, readonly ['RS' | 'ES', Hash]> = new Map<string, readonly ['RS' | 'ES', Hash]>([
  ['1.2.840.113549.1.1.11', ['RS', 'sha256']],
  ['1.2.840.113549.1.1.12', ['RS', 'sha384']],
  ['1.2.840.113549.1.1.13', ['RS', 'sha512']],
  ['1.2.840.10045.4.3.2', ['ES', 'sha256']],
  ['1.2.840.10045.4.3.3', ['ES', 'sha384']],
  ['1.2.840.10045.4.3.4', ['ES', 'sha512']],
]);

/** @throws DerError */
export function readAlgorithm(value: DerValue): AlgorithmIdentifier {
  const parts = partsOf(value);
  const oid = oidOf(parts.next(TAG.oid));
  const parameters = parts.done ? undefined : parts.next();
  parts.end();
  return { oid, parameters };
}

/** @throws SignatureError ERR_ALGORITHM_UNSUPPORTED; DerError */
export function hashOf({ oid, parameters }: AlgorithmIdentifier): Hash {
  const hash = HASHES.get(oid);
  if (hash === undefined) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  assertAbsentOrNull(parameters);
  return hash;
}

/**
 * @param digest the hash that the container names beside it (CMS digestAlgorithm); must be the signature's own.
 * @throws SignatureError ERR_ALGORITHM_UNSUPPORTED, ERR_ALGORITHM_MISMATCH; DerError
 */
export function signatureAlgorithmOf({ oid, parameters }: AlgorithmIdentifier, digest?: Hash): SignatureAlgorithm {
  if (oid === RSASSA_PSS) return named('PS', pssHashOf(parameters), digest);
  assertAbsentOrNull(parameters);
  if (oid === RSA_ENCRYPTION && digest !== undefined) return named('RS', digest, digest);
  const [family, hash] = WITH_HASH.get(oid) ?? [];
  if (family === undefined || hash === undefined) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  return named(family, hash, digest);
}

/** The hash of a JWA name. */
export function hashOfName(algorithm: SignatureAlgorithm): Hash {
  return `sha${algorithm.slice(2)}` as Hash;
}

/**
 * Returns if `signature` is the key's over `signed`. ES may come with any of the three curves.
 * @param encoding of an ECDSA value: `der` (CMS, PDF) or `ieee-p1363` (r || s: XML, JWS, raw).
 * @throws SignatureError ERR_CERTIFICATE_KEY_UNSUPPORTED, ERR_ALGORITHM_MISMATCH, ERR_SIGNATURE_INVALID
 */
export function verifySignature(facts: {
  readonly algorithm: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly encoding: 'der' | 'ieee-p1363';
}): void {
  const { algorithm, publicKey, signed, signature, encoding } = facts;
  if (!isSupportedKey(publicKey)) throw new SignatureError('ERR_CERTIFICATE_KEY_UNSUPPORTED');
  const family = algorithm.slice(0, 2);
  if (publicKey.asymmetricKeyType !== (family === 'ES' ? 'ec' : 'rsa')) {
    throw new SignatureError('ERR_ALGORITHM_MISMATCH');
  }
  const how = {
    ES: { dsaEncoding: encoding },
    RS: { padding: constants.RSA_PKCS1_PADDING },
    PS: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  }[family];
  if (!isSignature(hashOfName(algorithm), signed, { key: publicKey, ...how }, signature)) {
    throw new SignatureError('ERR_SIGNATURE_INVALID');
  }
}

/** The public key of a SubjectPublicKeyInfo. @throws DerError */
export function publicKeyOf(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw new DerError();
  }
}

function isSignature(
  hash: Hash,
  signed: Uint8Array,
  how: Parameters<typeof verify>[2],
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, signed, how, signature);
  } catch {
    return false; // OpenSSL refuses some malformed signatures by throwing.
  }
}

/** RFC 4055 3.1: every parameter present (their defaults mean SHA-1), MGF1 with the same hash, salt as long as it. */
function pssHashOf(parameters: DerValue | undefined): Hash {
  if (parameters?.tag !== TAG.sequence) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  const parts = partsOf(parameters);
  const [hashing, masking, salt, trailer] = [0xa0, 0xa1, 0xa2, 0xa3].map((tag) => parts.optional(tag));
  parts.end();
  if (hashing === undefined || masking === undefined || salt === undefined) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  const hash = hashOf(readAlgorithm(onlyPart(hashing, TAG.sequence)));
  const mask = readAlgorithm(onlyPart(masking, TAG.sequence));
  if (mask.oid !== MGF1 || mask.parameters === undefined || hashOf(readAlgorithm(mask.parameters)) !== hash) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  if (smallIntegerOf(onlyPart(salt, TAG.integer)) !== HASH_LENGTH[hash]) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  if (trailer !== undefined && smallIntegerOf(onlyPart(trailer, TAG.integer)) !== 1) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  return hash;
}

function named(family: 'RS' | 'PS' | 'ES', hash: Hash, digest: Hash | undefined): SignatureAlgorithm {
  if (digest !== undefined && digest !== hash) throw new SignatureError('ERR_ALGORITHM_MISMATCH');
  return `${family}${hash.slice(3) as '256' | '384' | '512'}`;
}

const NULL = new Uint8Array([0x05, 0x00]);

function assertAbsentOrNull(parameters: DerValue | undefined): void {
  if (parameters !== undefined && !equalBytes(parameters.bytes, NULL)) throw new DerError();
}

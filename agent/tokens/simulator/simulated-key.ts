// Signs ready-made digests as a card does. Node signs messages, not digests, with PSS and ECDSA; the encoding of PSS is made here
// (RFC 8017 9.1.1). Simulated keys protect nothing.
import { constants, createHash, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';
import { curveOf } from '../curves.ts';
import { digestInfo, hashOf } from '../digest-info.ts';
import { mgf1 } from '../mgf1.ts';
import { type SignatureAlgorithm, TokenError } from '../token.ts';

/** RSA or ECDSA (r||s) over `digest`. @throws TokenError ERR_CARD_FAILED when key, algorithm and digest do not fit together */
export function signDigest(key: KeyObject, algorithm: SignatureAlgorithm, digest: Uint8Array): Uint8Array {
  checkFit(key, algorithm, digest);
  if (algorithm.startsWith('RS')) {
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(algorithm, digest));
  }
  return algorithm.startsWith('PS') ? signPss(key, hashOf(algorithm).name, digest) : signEcdsa(key, digest);
}

/** @throws TokenError ERR_CARD_FAILED when key, algorithm and digest do not fit together */
export function checkFit(key: KeyObject, algorithm: SignatureAlgorithm, digest: Uint8Array): void {
  if (digest.length !== hashOf(algorithm).length) throw mismatch('CKR_DATA_LEN_RANGE (0x21)');
  const wanted = algorithm.startsWith('ES') ? 'ec' : 'rsa';
  if (key.asymmetricKeyType !== wanted) throw mismatch('CKR_KEY_TYPE_INCONSISTENT (0x63)');
}

function mismatch(native: string): TokenError {
  return new TokenError('ERR_CARD_FAILED', { native });
}

function signPss(key: KeyObject, hash: string, digest: Uint8Array): Uint8Array {
  const bits = (key.asymmetricKeyDetails?.modulusLength ?? 2048) - 1;
  const length = Math.ceil(bits / 8);
  const salt = randomBytes(digest.length);
  const trailer = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const block = Buffer.alloc(length - trailer.length - 1);
  block[block.length - salt.length - 1] = 1;
  salt.copy(block, block.length - salt.length);
  const mask = mgf1(hash, trailer, block.length);
  for (const [at, byte] of mask.entries()) block[at] = (block[at] ?? 0) ^ byte;
  block[0] = (block[0] ?? 0) & (0xff >> (8 * length - bits));
  return privateEncrypt(
    { key, padding: constants.RSA_NO_PADDING },
    Buffer.concat([block, trailer, Buffer.from([0xbc])]),
  );
}

/** ECDSA (r||s) over a digest of any length. @throws TokenError ERR_CARD_FAILED for a key that is none of these curves' */
export function signEcdsa(key: KeyObject, digest: Uint8Array): Uint8Array {
  const curve = curveOf(key);
  const secret = key.export({ format: 'jwk' }).d;
  if (curve === undefined || secret === undefined) throw mismatch('CKR_CURVE_NOT_SUPPORTED (0x140)');
  return curve.sign(digest, Buffer.from(secret, 'base64url'), { prehash: false, lowS: false });
}

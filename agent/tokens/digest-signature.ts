// Whether a signature over a ready-made digest was made with a key. Node verifies messages, and with PSS and ECDSA no digests: the
// encoding of PSS is checked here (RFC 8017 9.1.2), the arithmetic is OpenSSL's and @noble/curves'. Pure.
import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { curveOf } from './curves.ts';
import { digestInfo, hashOf } from './digest-info.ts';
import { mgf1 } from './mgf1.ts';
import { type SignatureAlgorithm } from './token.ts';

/** Whether `signature` (ECDSA: raw r||s) over `digest` was made with the private half of `key`. False for whatever does not fit together. */
export function isDigestSignedBy(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (digest.length !== hashOf(algorithm).length) return false;
  const wanted = algorithm.startsWith('ES') ? 'ec' : 'rsa';
  if (key.asymmetricKeyType !== wanted) return false;
  try {
    if (wanted === 'ec') return isEcdsa(key, digest, signature);
    return algorithm.startsWith('RS')
      ? isPkcs1(key, algorithm, digest, signature)
      : isPss(key, algorithm, digest, signature);
  } catch {
    return false;
  }
}

/** RFC 8017 8.2.2. */
function isPkcs1(key: KeyObject, algorithm: SignatureAlgorithm, digest: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== modulusBits(key) / 8) return false;
  return publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature).equals(digestInfo(algorithm, digest));
}

/** RFC 8017 9.1.2, with MGF1 over the same hash and a salt as long as it, as RFC 7518 3.5 wants. */
function isPss(key: KeyObject, algorithm: SignatureAlgorithm, digest: Uint8Array, signature: Uint8Array): boolean {
  const bits = modulusBits(key) - 1;
  const { name, length: hashLength } = hashOf(algorithm);
  if (signature.length !== Math.ceil((bits + 1) / 8)) return false;
  const encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature).subarray(-Math.ceil(bits / 8));
  const blockLength = encoded.length - hashLength - 1;
  const block = encoded.subarray(0, blockLength);
  const trailer = encoded.subarray(blockLength, -1);
  const unusedBits = 8 * encoded.length - bits;
  if (encoded.at(-1) !== 0xbc || (block[0] ?? 0xff) >> (8 - unusedBits) !== 0) return false;
  const mask = mgf1(name, trailer, blockLength);
  const plain = Buffer.from(block.map((byte, at) => byte ^ (mask[at] ?? 0)));
  plain[0] = (plain[0] ?? 0) & (0xff >> unusedBits);
  const saltAt = blockLength - hashLength;
  if (saltAt < 1 || plain[saltAt - 1] !== 1 || plain.subarray(0, saltAt - 1).some((byte) => byte !== 0)) return false;
  const again = createHash(name).update(Buffer.alloc(8)).update(digest).update(plain.subarray(saltAt)).digest();
  return again.equals(trailer);
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

/** FIPS 186-5 6.4.2; s may be of either half, as cards make it. */
function isEcdsa(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = curveOf(key);
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return curve?.verify(signature, digest, point, { prehash: false, lowS: false }) ?? false;
}

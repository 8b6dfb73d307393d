// Whether a signature over a ready-made digest was made with a key. Node verifies messages, and with PSS and ECDSA no digests: the
// encodings are checked here (RFC 8017 9.1.2, FIPS 186-5 6.4.2), the arithmetic of keys and points is OpenSSL's. Pure.
import { constants, createECDH, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import {
  type Curve,
  type CurveName,
  curves,
  inverse,
  isCurveName,
  modulo,
  power,
  toBytes,
  toNumber,
} from './curves.ts';
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

interface Point {
  x: bigint;
  y: bigint;
}

function isEcdsa(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const name = key.asymmetricKeyDetails?.namedCurve;
  if (!isCurveName(name)) return false;
  const curve = curves[name];
  const { n, size } = curve;
  if (signature.length !== 2 * size) return false;
  const [r, s] = [toNumber(signature.subarray(0, size)), toNumber(signature.subarray(size))];
  if (r === 0n || r >= n || s === 0n || s >= n) return false;
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const publicPoint = { x: toNumber(Buffer.from(x, 'base64url')), y: toNumber(Buffer.from(y, 'base64url')) };
  const w = inverse(s, n);
  // At most 512 bits of digest on a curve of 521: no bit has to be cut off within a byte.
  const fromDigest = timesBase(name, (toNumber(digest.subarray(0, size)) * w) % n);
  const fromKey = times(name, curve, (r * w) % n, publicPoint);
  return sum(curve, fromDigest, fromKey).x % n === r;
}

/** k · G. @throws when k is 0, which no digest comes to by chance */
function timesBase(name: CurveName, k: bigint): Point {
  const { size } = curves[name];
  const pair = createECDH(name);
  pair.setPrivateKey(toBytes(k, size));
  const point = pair.getPublicKey();
  return { x: toNumber(point.subarray(1, 1 + size)), y: toNumber(point.subarray(1 + size)) };
}

/**
 * k · Q. ECDH tells the x coordinate alone, of two points; of (k + 1) · Q too, by which the right one is known: it is that point
 * when Q is added. Throws for the few k that have no such neighbour, which no signature comes to by chance.
 */
function times(name: CurveName, curve: Curve, k: bigint, q: Point): Point {
  const { p } = curve;
  const x = abscissa(name, k, q);
  const next = abscissa(name, k + 1n, q);
  // b of y² = x³ - 3x + b is what Q says it is: OpenSSL has seen that Q is on the curve.
  const y = power(x ** 3n - 3n * x + (q.y ** 2n - q.x ** 3n + 3n * q.x), (p + 1n) / 4n, p);
  return sum(curve, { x, y }, q).x === next ? { x, y } : { x, y: p - y };
}

function abscissa(name: CurveName, k: bigint, { x, y }: Point): bigint {
  const { size } = curves[name];
  const pair = createECDH(name);
  pair.setPrivateKey(toBytes(k, size));
  return toNumber(pair.computeSecret(Buffer.concat([Buffer.of(4), toBytes(x, size), toBytes(y, size)])));
}

/** Two points of different x. @throws RangeError for others */
function sum({ p }: Curve, one: Point, other: Point): Point {
  if (one.x === other.x) throw new RangeError('the same x');
  const slope = modulo((other.y - one.y) * inverse(other.x - one.x, p), p);
  const x = modulo(slope * slope - one.x - other.x, p);
  return { x, y: modulo(slope * (one.x - x) - one.y, p) };
}

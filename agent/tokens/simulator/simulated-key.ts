// Signs ready-made digests as a card does. Node signs messages, not digests, with PSS and ECDSA; those two encodings are made here
// (RFC 8017 9.1.1, FIPS 186-5 6.4.1). Not constant time: simulated keys protect nothing.
import { constants, createECDH, createHash, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';
import { digestInfo, hashOf } from '../digest-info.ts';
import { type SignatureAlgorithm, TokenError } from '../token.ts';

const curves = {
  prime256v1: { n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n, size: 32 },
  secp384r1: {
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    size: 48,
  },
  secp521r1: {
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    size: 66,
  },
} as const;

/** RSA or ECDSA (r||s) over `digest`. @throws TokenError ERR_CARD_FAILED when key, algorithm and digest do not fit together */
export function signDigest(key: KeyObject, algorithm: SignatureAlgorithm, digest: Uint8Array): Uint8Array {
  if (digest.length !== hashOf(algorithm).length) throw mismatch('CKR_DATA_LEN_RANGE (0x21)');
  const wanted = algorithm.startsWith('ES') ? 'ec' : 'rsa';
  if (key.asymmetricKeyType !== wanted) throw mismatch('CKR_KEY_TYPE_INCONSISTENT (0x63)');
  if (algorithm.startsWith('RS')) {
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(algorithm, digest));
  }
  return algorithm.startsWith('PS') ? signPss(key, hashOf(algorithm).name, digest) : signEcdsa(key, digest);
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
  const mask = maskOf(hash, trailer, block.length);
  for (const [at, byte] of mask.entries()) block[at] = (block[at] ?? 0) ^ byte;
  block[0] = (block[0] ?? 0) & (0xff >> (8 * length - bits));
  return privateEncrypt(
    { key, padding: constants.RSA_NO_PADDING },
    Buffer.concat([block, trailer, Buffer.from([0xbc])]),
  );
}

/** MGF1 (RFC 8017 B.2.1). */
function maskOf(hash: string, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let made = 0, counter = 0; made < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const part = createHash(hash).update(seed).update(number).digest();
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

function signEcdsa(key: KeyObject, digest: Uint8Array): Uint8Array {
  const name = key.asymmetricKeyDetails?.namedCurve;
  const secret = key.export({ format: 'jwk' }).d;
  if ((name !== 'prime256v1' && name !== 'secp384r1' && name !== 'secp521r1') || secret === undefined) {
    throw mismatch('CKR_CURVE_NOT_SUPPORTED (0x140)');
  }
  const { n, size } = curves[name];
  const d = toNumber(Buffer.from(secret, 'base64url'));
  const e = toNumber(digest.subarray(0, size));
  for (;;) {
    // A fresh ECDH pair is just what is needed: k and the point kG.
    const pair = createECDH(name);
    const point = pair.generateKeys();
    const k = toNumber(pair.getPrivateKey());
    const r = toNumber(point.subarray(1, 1 + size)) % n;
    const s = (inverse(k, n) * (e + r * d)) % n;
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r, size), toBytes(s, size)]);
  }
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function toBytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
}

/** Extended Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [value % modulus, modulus];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

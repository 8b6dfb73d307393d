// How RSA signatures are padded when the hash comes ready-made, as it does to a card: PKCS #1 v1.5 and PSS (RFC 8017 clause 9).
// Node's own sign() hashes by itself and cannot be given a digest for PSS, hence the encoding by hand over the raw operation.
import { constants, createHash, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** DER of DigestInfo up to the hash itself, RFC 8017 9.2 note 1. */
const DIGEST_INFO: Record<HashName, string> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

const HASH_BYTES: Record<HashName, number> = { sha256: 32, sha384: 48, sha512: 64 };

/** RSASSA-PKCS1-v1_5 over bytes that are a DigestInfo already (or, as drivers may, anything that fits). */
export function signPkcs1(key: KeyObject, digestInfo: Uint8Array): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo);
}

/** The bare RSA operation over a block that is padded already. @throws RangeError when it is not as long as the key */
export function signRaw(key: KeyObject, block: Uint8Array): Buffer {
  if (block.length * 8 !== key.asymmetricKeyDetails?.modulusLength) throw new RangeError('not a whole block');
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

/** RSASSA-PKCS1-v1_5 over a digest. Throws RangeError when the digest is not as long as its hash. */
export function signPkcs1Digest(key: KeyObject, hash: HashName, digest: Uint8Array): Buffer {
  return signPkcs1(key, Buffer.concat([Buffer.from(DIGEST_INFO[hash], 'hex'), checkDigest(hash, digest)]));
}

/** RSASSA-PSS over a digest, MGF1 with the same hash, salt as long as the hash (what RFC 7518 and CMS ask for). */
export function signPssDigest(key: KeyObject, hash: HashName, digest: Uint8Array): Buffer {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined) throw new TypeError('not an RSA key');
  const encoded = encodePss(hash, checkDigest(hash, digest), randomBytes(HASH_BYTES[hash]), bits - 1);
  const padded = Buffer.concat([Buffer.alloc(Math.ceil(bits / 8) - encoded.length), encoded]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, padded);
}

/** EMSA-PSS-ENCODE, RFC 8017 9.1.1, from the digest on. */
function encodePss(hash: HashName, digest: Uint8Array, salt: Uint8Array, emBits: number): Buffer {
  const emLength = Math.ceil(emBits / 8);
  const seed = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const padding = emLength - salt.length - seed.length - 2;
  if (padding < 0) throw new RangeError('the key is too short for this hash');
  const block = Buffer.concat([Buffer.alloc(padding), Buffer.from([0x01]), salt]);
  const mask = mgf1(hash, seed, block.length);
  const masked = Buffer.from(block.map((byte, index) => byte ^ (mask[index] ?? 0)));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * emLength - emBits));
  return Buffer.concat([masked, seed, Buffer.from([0xbc])]);
}

/** RFC 8017 B.2.1. */
function mgf1(hash: HashName, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; counter * HASH_BYTES[hash] < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    blocks.push(createHash(hash).update(seed).update(number).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function checkDigest(hash: HashName, digest: Uint8Array): Uint8Array {
  if (digest.length !== HASH_BYTES[hash]) throw new RangeError(`a ${hash} digest has ${HASH_BYTES[hash]} bytes`);
  return digest;
}

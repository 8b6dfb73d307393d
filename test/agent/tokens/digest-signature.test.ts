// Signatures over ready-made digests: what node:crypto signs verifies, and nothing else does.
import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isDigestSignedBy } from '../../../agent/tokens/digest-signature.ts';
import { signDigest } from '../../../agent/tokens/simulator/simulated-key.ts';
import { type SignatureAlgorithm } from '../../../agent/tokens/token.ts';

const hashes = ['256', '384', '512'] as const;
const rsaKeys = {
  'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'RSA 3072': generateKeyPairSync('rsa', { modulusLength: 3072 }),
};
const ecKeys = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
};
const keys = { ...rsaKeys, ...ecKeys };

function nodeSignature(algorithm: SignatureAlgorithm, message: Buffer, key: KeyObject): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, message, key);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return sign(hash, message, { key, padding, saltLength });
}

const digestOf = (algorithm: SignatureAlgorithm, message: Buffer): Buffer =>
  createHash(`sha${algorithm.slice(2)}`)
    .update(message)
    .digest();

const algorithmsOf = (key: KeyObject): SignatureAlgorithm[] =>
  hashes.flatMap((bits): SignatureAlgorithm[] =>
    key.asymmetricKeyType === 'ec' ? [`ES${bits}`] : [`RS${bits}`, `PS${bits}`],
  );

describe('A signature over a digest', () => {
  for (const [name, { publicKey, privateKey }] of Object.entries(keys)) {
    for (const algorithm of algorithmsOf(publicKey)) {
      it(`by ${name} with ${algorithm} is told from one that is not`, () => {
        for (let round = 0; round < 8; round += 1) {
          const message = Buffer.from(`message ${round}`);
          const digest = digestOf(algorithm, message);
          const signature = nodeSignature(algorithm, message, privateKey);
          assert.equal(isDigestSignedBy(publicKey, algorithm, digest, signature), true);
          const changed = Buffer.from(signature);
          const at = (round * 37) % changed.length;
          changed[at] = (changed[at] ?? 0) ^ (1 << round);
          assert.equal(isDigestSignedBy(publicKey, algorithm, digest, changed), false);
          assert.equal(isDigestSignedBy(publicKey, algorithm, digestOf(algorithm, changed), signature), false);
          assert.equal(isDigestSignedBy(publicKey, algorithm, digest, signDigest(privateKey, algorithm, digest)), true);
        }
      });
    }
  }

  it('by another key, with another padding or of another length is refused', () => {
    const message = Buffer.from('message');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const p256 = ecKeys['P-256'];
    const signature = nodeSignature('ES256', message, p256.privateKey);
    const digest = digestOf('ES256', message);
    assert.equal(isDigestSignedBy(other.publicKey, 'ES256', digest, signature), false);
    assert.equal(isDigestSignedBy(ecKeys['P-384'].publicKey, 'ES256', digest, signature), false);
    assert.equal(isDigestSignedBy(p256.publicKey, 'RS256', digest, signature), false);
    assert.equal(isDigestSignedBy(p256.publicKey, 'ES384', digest, signature), false);
    for (const length of [0, 1, 32, 63, 65]) {
      assert.equal(isDigestSignedBy(p256.publicKey, 'ES256', digest, Buffer.alloc(length, signature)), false);
    }
    const rsa = rsaKeys['RSA 2048'];
    const pkcs1 = nodeSignature('RS256', message, rsa.privateKey);
    assert.equal(isDigestSignedBy(rsa.publicKey, 'PS256', digest, pkcs1), false);
    assert.equal(isDigestSignedBy(rsaKeys['RSA 3072'].publicKey, 'RS256', digest, pkcs1), false);
    assert.equal(isDigestSignedBy(rsa.publicKey, 'RS256', digest, Buffer.concat([Buffer.of(0), pkcs1])), false);
  });

  it('whose r or s is no number of the curve is refused', () => {
    const { publicKey, privateKey } = ecKeys['P-256'];
    const digest = digestOf('ES256', Buffer.from('message'));
    const signature = Buffer.from(signDigest(privateKey, 'ES256', digest));
    for (const wrong of [Buffer.alloc(32), Buffer.alloc(32, 0xff)]) {
      const r = Buffer.concat([wrong, signature.subarray(32)]);
      const s = Buffer.concat([signature.subarray(0, 32), wrong]);
      assert.deepEqual(
        [r, s].map((each) => isDigestSignedBy(publicKey, 'ES256', digest, each)),
        [false, false],
      );
    }
  });
});

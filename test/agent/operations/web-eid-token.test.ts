// The login token against answers that were made with the openssl command line, not with this code:
// (printf %s ORIGIN | openssl dgst -sha256 -binary; printf %s NONCE | openssl dgst -sha256 -binary) | openssl dgst -sha256
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseCertificate, type CardCertificate } from '../../../agent/certificates/certificate.ts';
import {
  authenticationToken,
  checkNonce,
  isSignedBy,
  signatureAlgorithm,
  tokenBytes,
  tokenDigest,
} from '../../../agent/operations/web-eid-token.ts';
import { type TokenDescription } from '../../../agent/tokens/token.ts';
import { parseResult, type AuthenticationToken } from '../../../shared/messages.ts';
import { certificateOf } from '../certificates/der.ts';
import { kortbroError } from '../fake-backend.ts';

const origin = 'https://journal.example.se:8443';
const nonce = '7q3Yl2t8Qk1sZbW0m9Xv5cRfHn4uJp6aEoTgKdLi/+A=';

const answers: Record<'256' | '384' | '512', { bytes: string; digest: string }> = {
  256: {
    bytes:
      'b453f3ea6e42031abb4aaa05895c7d313ff80bdc2661f05db4046caef6638286' +
      'bb08ac2be040e2825b76fcc57d4fcb4d677ee916838839640465fa83294957ca',
    digest: '90e712dc2bf02a8fdea52023588e44fa7c0c11985b644abce291f7ccc2ceb356',
  },
  384: {
    bytes:
      '0b2c3f890216b2a52434d30c48387cf73aff2102d42c4321a55762078a48973fcc6a08a821736d017aae495c45b998a2' +
      '288939b2982a975881d9ec2da25e58d7eada8201a38afce1581cbf9277b5f9ebaa18845f31a88e318d4dc7b07643a4a2',
    digest: '06a4f2bf5298f8454cbb54dff4d06ce905c9174e4955f777cd1b015c1364cb47e901f6af6770d145e89ba5f46a558a2b',
  },
  512: {
    bytes:
      '0b70b6b8a98fb92c8c05f7b1b17604f5f3cfec449825586dd21cb5bf952d545f22d11653e268f1fb18b14918e4b3a76aa4558adc15899da4180d5c04734c0395' +
      '5ed40e12c74ef96fea7f32e90467c7c31503f3cd473fa5306f1771732bd60fd79fc32c912b412db646ef5fc530db57217bf83bc7a17e0d29397b6a355256d339',
    digest:
      'b134312b9df2d04be3933f8861cf137946a7b31c1d512c611d0b5457414e8c15a2cae810a85a0a69f7174a1ac909a8139a2754f7da1357cd10624b8d027c3262',
  },
};

const algorithms: readonly AuthenticationToken['algorithm'][] = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const withKey = (publicKey: KeyObject): CardCertificate => ({ ...parseCertificate(certificateOf())!, publicKey });

describe('The login token', () => {
  for (const algorithm of algorithms) {
    const { bytes, digest } = answers[algorithm.slice(2) as keyof typeof answers];
    it(`signs hash(origin) || hash(nonce) with the hash of ${algorithm}: a known answer`, () => {
      const made = tokenBytes(algorithm, origin, nonce);
      assert.equal(hex(made), bytes);
      assert.equal(hex(tokenDigest(algorithm, made)), digest);
    });
  }

  it('hashes the nonce as text, and the origin without a slash', () => {
    const made = hex(tokenBytes('ES256', origin, nonce));
    assert.notEqual(hex(tokenBytes('ES256', `${origin}/`, nonce)), made);
    assert.notEqual(hex(tokenBytes('ES256', origin, nonce.replace('=', ''))), made);
  });

  it('agrees with tokens that others have signed', () => {
    const known = JSON.parse(readFileSync('test/relying-party/known-answers.json', 'utf8')) as {
      origin: string;
      vectors: {
        nonce: string;
        token: { algorithm: AuthenticationToken['algorithm']; unverifiedCertificate: string; signature: string };
      }[];
    };
    assert.deepEqual(known.vectors.map(({ token }) => token.algorithm).sort(), ['ES256', 'ES384', 'PS256', 'RS256']);
    for (const { nonce: theirs, token } of known.vectors) {
      const certificate = parseCertificate(Buffer.from(token.unverifiedCertificate, 'base64'))!;
      const signature = Buffer.from(token.signature, 'base64');
      const bytes = tokenBytes(token.algorithm, known.origin, theirs);
      assert.equal(isSignedBy(certificate, token.algorithm, bytes, signature), true);
      const others = tokenBytes(token.algorithm, `${known.origin}/`, theirs);
      assert.equal(isSignedBy(certificate, token.algorithm, others, signature), false);
    }
  });

  describe('accepts a signature', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const curves = { 256: 'prime256v1', 384: 'secp384r1', 512: 'secp521r1' } as const;
    const curve = (bits: keyof typeof curves) => generateKeyPairSync('ec', { namedCurve: curves[bits] });
    for (const algorithm of algorithms) {
      it(`of ${algorithm} by the certificate's key over these bytes, and no other`, () => {
        const pair = algorithm.startsWith('ES') ? curve(Number(algorithm.slice(2)) as 256) : rsa;
        const other = algorithm.startsWith('ES')
          ? curve(Number(algorithm.slice(2)) as 256)
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
        const bytes = tokenBytes(algorithm, origin, nonce);
        const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
        const options = algorithm.startsWith('ES')
          ? { dsaEncoding: 'ieee-p1363' as const }
          : algorithm.startsWith('PS')
            ? pss
            : {};
        const signature = sign(`sha${algorithm.slice(2)}`, bytes, { key: pair.privateKey, ...options });
        const certificate = withKey(pair.publicKey);
        assert.equal(isSignedBy(certificate, algorithm, bytes, signature), true);
        const flipped = Buffer.from(signature);
        flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
        const wrong: [string, Uint8Array, Uint8Array, CardCertificate][] = [
          ['a flipped bit', bytes, flipped, certificate],
          ['nothing', bytes, new Uint8Array(), certificate],
          ['a byte more', bytes, Buffer.concat([signature, Buffer.of(0)]), certificate],
          ['a byte less', bytes, signature.subarray(0, -1), certificate],
          ['zeros', bytes, new Uint8Array(signature.length), certificate],
          ['other bytes', tokenBytes(algorithm, 'https://other.se', nonce), signature, certificate],
          ['another key', bytes, signature, withKey(other.publicKey)],
        ];
        for (const [name, over, what, by] of wrong) assert.equal(isSignedBy(by, algorithm, over, what), false, name);
      });
    }

    it('of no other form: ECDSA in DER, or PSS with another salt', () => {
      const pair = curve(256);
      const bytes = tokenBytes('ES256', origin, nonce);
      const der = sign('sha256', bytes, { key: pair.privateKey, dsaEncoding: 'der' });
      assert.equal(isSignedBy(withKey(pair.publicKey), 'ES256', bytes, der), false);
      const salted = sign('sha256', bytes, {
        key: rsa.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 0,
      });
      assert.equal(isSignedBy(withKey(rsa.publicKey), 'PS256', bytes, salted), false);
    });
  });

  it('is written as Web eID 1.0 has it, and as the extension reads it', () => {
    const certificate = parseCertificate(certificateOf())!;
    const token = authenticationToken(certificate, 'ES256', Uint8Array.of(1, 2, 3));
    assert.deepEqual(parseResult('authenticate', token), token);
    assert.deepEqual(
      [token.format, token.algorithm, token.signature, token.unverifiedCertificate],
      ['web-eid:1.0', 'ES256', 'AQID', certificateOf().toString('base64')],
    );
    assert.match(token.appVersion, /^https:\/\/[a-z./]+\/\d+\.\d+\.\d+$/);
  });
});

describe('A nonce', () => {
  for (const length of [32, 33, 64, 96]) {
    it(`of ${length} bytes passes`, () => checkNonce(Buffer.alloc(length, 7).toString('base64')));
  }
  const bad: [string, string][] = [
    ['nothing', ''],
    ['31 bytes', Buffer.alloc(31, 7).toString('base64')],
    ['97 bytes', Buffer.alloc(97, 7).toString('base64')],
    ['43 characters', 'A'.repeat(43)],
    ['44 characters without padding that need one', 'A'.repeat(43) + '-'],
    ['base64url', '-_'.repeat(22)],
    ['a line end', `${Buffer.alloc(33, 7).toString('base64')}\n`],
    ['a space before it', ` ${Buffer.alloc(33, 7).toString('base64')}`],
    ['bits that are left over', `${'A'.repeat(42)}B=`],
    ['three equals signs', `${'A'.repeat(41)}===`],
    ['letters that are none', 'Å'.repeat(44)],
    ['hex of the right length', 'zz'.repeat(31) + '=='],
  ];
  for (const [name, text] of bad) {
    it(`of ${name} is refused`, () => assert.throws(() => checkNonce(text), kortbroError('ERR_REQUEST_NONCE')));
  }
});

describe('The algorithm for a key', () => {
  const all: TokenDescription['mechanisms'] = ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA'];
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
  const cases: [string, KeyObject, TokenDescription['mechanisms'], string][] = [
    ['RSA', rsa(2048), all, 'RS256'],
    ['RSA with PSS only', rsa(2048), ['CKM_RSA_PKCS_PSS'], 'PS256'],
    ['RSA without a mechanism', rsa(2048), ['CKM_ECDSA'], 'ERR_CARD_NO_CERTIFICATE'],
    ['RSA of 1024 bits', rsa(1024), all, 'ERR_CARD_CERTIFICATE_INVALID'],
    ['P-256', ec('prime256v1'), all, 'ES256'],
    ['P-384', ec('secp384r1'), all, 'ES384'],
    ['P-521', ec('secp521r1'), all, 'ES512'],
    ['P-256 without a mechanism', ec('prime256v1'), ['CKM_RSA_PKCS'], 'ERR_CARD_NO_CERTIFICATE'],
    ['secp256k1', ec('secp256k1'), all, 'ERR_CARD_NO_CERTIFICATE'],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey, all, 'ERR_CARD_NO_CERTIFICATE'],
    ['X25519', generateKeyPairSync('x25519').publicKey, all, 'ERR_CARD_NO_CERTIFICATE'],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, all, 'ERR_CARD_NO_CERTIFICATE'],
  ];
  for (const [name, key, mechanisms, expected] of cases) {
    it(`${name}: ${expected}`, () => {
      if (expected.startsWith('ERR')) assert.throws(() => signatureAlgorithm(key, mechanisms), kortbroError(expected));
      else assert.equal(signatureAlgorithm(key, mechanisms), expected);
    });
  }
});

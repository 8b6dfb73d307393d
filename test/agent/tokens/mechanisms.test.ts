import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, privateEncrypt, verify, constants } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { digestMechanisms, signInput } from '../../../agent/tokens/pkcs11/mechanisms.ts';
import { failsWith } from './simulated-world.ts';

const message = Buffer.from('what is signed');
const digest = (hash: string): Buffer => createHash(hash).update(message).digest();

describe('the PKCS#11 mechanism of an algorithm', () => {
  it('is CKM_RSA_PKCS over a DigestInfo that verifiers know, for RS256 to RS512', () => {
    const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const bits of ['256', '384', '512'] as const) {
      const { mechanism, data } = signInput(`RS${bits}`, digest(`sha${bits}`));
      assert.deepEqual(mechanism, { mechanism: pkcs11js.CKM_RSA_PKCS });
      const signature = privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, data);
      assert.ok(verify(`sha${bits}`, message, publicKey, signature));
    }
  });

  it('is CKM_RSA_PKCS_PSS with hash, MGF and salt of one kind, for PS256 to PS512', () => {
    const expected = {
      256: [pkcs11js.CKM_SHA256, pkcs11js.CKG_MGF1_SHA256],
      384: [pkcs11js.CKM_SHA384, pkcs11js.CKG_MGF1_SHA384],
      512: [pkcs11js.CKM_SHA512, pkcs11js.CKG_MGF1_SHA512],
    } as const;
    for (const bits of [256, 384, 512] as const) {
      const [hashAlg, mgf] = expected[bits];
      const { mechanism, data } = signInput(`PS${bits}`, digest(`sha${bits}`));
      const parameter = { type: pkcs11js.CK_PARAMS_RSA_PSS, hashAlg, mgf, saltLen: bits / 8 };
      assert.deepEqual(mechanism, { mechanism: pkcs11js.CKM_RSA_PKCS_PSS, parameter });
      assert.deepEqual(data, digest(`sha${bits}`));
    }
  });

  it('is CKM_ECDSA over the bare digest, for ES256 to ES512', () => {
    for (const bits of ['256', '384', '512'] as const) {
      const { mechanism, data } = signInput(`ES${bits}`, digest(`sha${bits}`));
      assert.deepEqual([mechanism, data], [{ mechanism: pkcs11js.CKM_ECDSA }, digest(`sha${bits}`)]);
    }
  });

  it('is none for a digest of another length', () => {
    assert.throws(() => signInput('RS256', digest('sha384')), failsWith('ERR_CARD_FAILED'));
    assert.throws(() => signInput('ES384', new Uint8Array(0)), failsWith('ERR_CARD_FAILED'));
  });
});

describe('the mechanisms of a token', () => {
  it('are those that sign ready-made digests', () => {
    const { CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_ECDSA, CKM_RSA_PKCS_PSS } = pkcs11js;
    assert.deepEqual(digestMechanisms([CKM_SHA256_RSA_PKCS, CKM_ECDSA, CKM_RSA_PKCS]), ['CKM_RSA_PKCS', 'CKM_ECDSA']);
    assert.deepEqual(digestMechanisms([CKM_RSA_PKCS_PSS, 0x1234]), ['CKM_RSA_PKCS_PSS']);
    assert.deepEqual(digestMechanisms([]), []);
  });
});

// JSON Web Signatures by every algorithm, within and detached, verified by jose, which also refuses them once a byte is changed.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, compactVerify, flattenedVerify } from 'jose';
import { signJws } from '../../../agent/signatures/jws.ts';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { signerOf } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { assertRefused, combinations, unusedSigner, utf8 } from './xmlsec.ts';

const now = new Date('2026-11-02T12:00:00.900Z');
/** A dot, and bytes that are no text. */
const payload = Buffer.concat([utf8('{"intyg":"frisk.","namn":"Anna Testsson"}'), Buffer.from([0, 0xff])]);
const understood = { crit: { sigT: true } };

describe('A JSON Web Signature', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  const signers = new Map<KeyKind, Issued>();
  before(async () => {
    authority = await TestAuthority.create();
    for (const key of new Set(combinations.map(([kind]) => kind)))
      signers.set(key, await authority.issueSigner({ key }));
  });
  after(() => authority.close());

  for (const [key, algorithm] of combinations) {
    it(`by ${algorithm} with ${key} is verified by jose, and not once a byte is changed`, async () => {
      const signer = signerOf(signers.get(key)!, algorithm);
      const { publicKey } = new X509Certificate(signer.certificate);
      const options = { algorithms: [algorithm], ...understood };
      const jws = Buffer.from(
        await signJws(payload, { detached: false, mimeType: 'application/json' }, signer, { now }),
      );
      const verified = await compactVerify(jws, publicKey, options);
      assert.deepEqual(Buffer.from(verified.payload), payload);
      assert.equal(signer.calls, 1);
      const other = jws.toString().replace(/\.(.)/, (_, first) => (first === 'e' ? '.f' : '.e'));
      await assert.rejects(compactVerify(other, publicKey, options), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    });

    it(`by ${algorithm} with ${key}, detached, is verified by jose with its document only`, async () => {
      const signer = signerOf(signers.get(key)!, algorithm);
      const { publicKey } = new X509Certificate(signer.certificate);
      const jws = Buffer.from(await signJws(payload, { detached: true }, signer, { now })).toString();
      const [header = '', middle, signature = ''] = jws.split('.');
      assert.equal(middle, '');
      const options = { algorithms: [algorithm], ...understood };
      const verifying = (document: Uint8Array) =>
        flattenedVerify({ protected: header, payload: document, signature }, publicKey, options);
      assert.equal((await verifying(payload)).protectedHeader?.b64, false);
      await assert.rejects(verifying(utf8('{"intyg":"sjuk."}')), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    });
  }

  it('says in its header what JAdES asks for, and that its time must be understood', async () => {
    const signer = signerOf(signers.get('ec-p256')!, 'ES256');
    const jws = Buffer.from(await signJws(payload, { detached: true, mimeType: 'application/pdf' }, signer, { now }));
    assert.deepEqual(decodeProtectedHeader(jws.toString()), {
      alg: 'ES256',
      cty: 'pdf',
      x5c: [signer.certificate, ...signer.chain].map((der) => Buffer.from(der).toString('base64')),
      'x5t#S256': createHash('sha256').update(signer.certificate).digest('base64url'),
      sigT: '2026-11-02T12:00:00Z',
      b64: false,
      crit: ['sigT', 'b64'],
    });
    const attached = await signJws(payload, { detached: false, mimeType: 'text/plain' }, signer, { now });
    const { b64, crit, cty } = decodeProtectedHeader(Buffer.from(attached).toString());
    assert.deepEqual({ b64, crit, cty }, { b64: undefined, crit: ['sigT'], cty: 'text/plain' });
  });

  it('is not made with SHA-1', async () => {
    const weak = { ...(await unusedSigner(authority)), algorithm: 'RS1' as const };
    await assertRefused(() => signJws(payload, { detached: false }, weak, { now }), 'ERR_SIGNATURE_ALGORITHM');
  });
});

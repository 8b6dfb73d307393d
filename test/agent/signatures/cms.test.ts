// CAdES signatures by every algorithm and level, verified by openssl, which also refuses them once one byte is changed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { signCms } from '../../../agent/signatures/cms.ts';
import { SignatureError } from '../../../agent/signatures/signature-error.ts';
import { type SignatureSurroundings } from '../../../agent/signatures/signer.ts';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { longTerm, signerOf, timeStamping } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { judge, opensslCms, opensslTimeStamp, partsOf, tokenIn } from './openssl.ts';

const combinations: [KeyKind, SignatureAlgorithm][] = [
  ['rsa-2048', 'RS256'],
  ['rsa-3072', 'RS384'],
  ['rsa-2048', 'RS512'],
  ['rsa-2048', 'PS256'],
  ['rsa-3072', 'PS384'],
  ['rsa-2048', 'PS512'],
  ['ec-p256', 'ES256'],
  ['ec-p384', 'ES384'],
  ['ec-p521', 'ES512'],
];

describe('A CMS signature', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  const signers = new Map<KeyKind, Issued>();
  const content = Buffer.from('Intyg för Anna Testsson: frisk.\r\n');

  before(async () => {
    authority = await TestAuthority.create();
    for (const key of new Set(combinations.map(([kind]) => kind)))
      signers.set(key, await authority.issueSigner({ key }));
  });
  after(() => authority.close());

  const now = (): SignatureSurroundings => ({ now: new Date() });
  const root = (): string => authority.path('root.pem');

  for (const [key, algorithm] of combinations) {
    for (const attached of [true, false]) {
      it(`by ${algorithm} with ${key}, ${attached ? 'attached' : 'detached'}, is verified by openssl`, async () => {
        const signer = signerOf(signers.get(key)!, algorithm);
        const cms = await signCms(content, { attached }, signer, now());
        const verdict = opensslCms(cms, root(), attached ? undefined : content);
        assert.equal(verdict.accepted, true, verdict.output);
        assert.equal(signer.calls, 1);
        assert.equal(Buffer.from(cms).includes(content), attached);

        const changed = attached ? changedAt(cms, Buffer.from(cms).indexOf(content)) : cms;
        const refused = opensslCms(changed, root(), attached ? undefined : changedAt(content, 3));
        assert.equal(refused.accepted, false);
        assert.match(refused.output, /digest|verification failure/i);
      });
    }
  }

  it('is refused by openssl when a signed attribute or the signature is changed', async () => {
    const cms = await signCms(content, { attached: true }, signerOf(signers.get('rsa-2048')!, 'PS256'), now());
    const { signedAttributes, signatureValue } = partsOf(cms);
    for (const part of [signedAttributes, signatureValue]) {
      const end = Buffer.from(cms).indexOf(Buffer.from(part)) + part.length - 1;
      assert.equal(opensslCms(changedAt(cms, end), root()).accepted, false);
    }
  });

  it('has its signed attributes in the order of DER, among them the certificate and the time', async () => {
    const surroundings = { now: new Date('2026-03-04T05:06:07Z') };
    const cms = await signCms(content, { attached: false }, signerOf(signers.get('ec-p256')!, 'ES256'), surroundings);
    const printed = judge('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'c'], { c: cms }).output;
    const signed = printed.slice(
      printed.indexOf('signedAttrs:'),
      printed.indexOf('signatureAlgorithm:', printed.indexOf('signedAttrs:')),
    );
    assert.match(signed, /UTCTIME:Mar {2}4 05:06:07 2026 GMT/);
    for (const name of ['contentType', 'messageDigest', 'id-smime-aa-signingCertificateV2', 'signingTime'])
      assert.match(signed, new RegExp(name));
    assert.deepEqual(partsOf(cms).certificates.length, 3);
  });

  it('of an empty document, and of a long one, is verified', async () => {
    for (const document of [new Uint8Array(), randomBytes(3_000_000)]) {
      const cms = await signCms(document, { attached: true }, signerOf(signers.get('ec-p384')!, 'ES384'), now());
      const verdict = opensslCms(cms, root());
      assert.equal(verdict.accepted, true, verdict.output);
    }
  });

  for (const [key, algorithm] of combinations.filter(([, name]) => /256|ES384|RS512/.test(name))) {
    it(`of level B-T by ${algorithm} holds a time stamp over the signature value`, async () => {
      const signer = signerOf(signers.get(key)!, algorithm);
      const cms = await signCms(content, { attached: true }, signer, { ...now(), ...timeStamping(authority) });
      assert.equal(opensslCms(cms, root()).accepted, true);
      const { signatureValue } = partsOf(cms);
      const verdict = opensslTimeStamp(tokenIn(cms), signatureValue, root());
      assert.equal(verdict.accepted, true, verdict.output);
      assert.equal(opensslTimeStamp(tokenIn(cms), changedAt(signatureValue, 5), root()).accepted, false);
    });

    it(`of level B-LT by ${algorithm} holds lists, OCSP answers and chains of signer and time stamp, and still verifies`, async () => {
      const issued = signers.get(key)!;
      const surroundings = { ...now(), ...longTerm(authority, issued.certificate) };
      const cms = await signCms(content, { attached: false }, signerOf(issued, algorithm), surroundings);
      const verdict = opensslCms(cms, root(), content);
      assert.equal(verdict.accepted, true, verdict.output);
      const { version, revocation, certificates, signatureValue } = partsOf(cms);
      assert.equal(version, 5);
      assert.deepEqual(
        revocation.map(({ tag }) => tag.toString(16)),
        ['30', '30', 'a1', 'a1'],
      );
      assert.equal(certificates.length, 5);
      assert.equal(opensslTimeStamp(tokenIn(cms), signatureValue, root()).accepted, true);
    });
  }

  it('is not made with SHA-1', async () => {
    const signer = signerOf(signers.get('rsa-2048')!, 'RS1');
    await assert.rejects(signCms(content, { attached: true }, signer, now()), isError('ERR_SIGNATURE_ALGORITHM'));
    assert.equal(signer.calls, 0);
  });

  it('is not made with a certificate that is none, and the key is not used', async () => {
    const issued = signers.get('ec-p256')!;
    for (const certificate of [
      issued.certificate.subarray(0, -1),
      Buffer.concat([issued.certificate, Buffer.alloc(1)]),
    ]) {
      const signer = signerOf({ ...issued, certificate }, 'ES256');
      await assert.rejects(signCms(content, { attached: true }, signer, now()), isError('ERR_SIGNATURE_ALGORITHM'));
      assert.equal(signer.calls, 0);
    }
  });

  it('is not made when revocation tells against it: the key is not used', async () => {
    const signer = signerOf(signers.get('ec-p256')!, 'ES256');
    const refusal = new SignatureError('ERR_SIGNATURE_REVOCATION', 'revoked');
    const fetched = longTerm(authority, signer.certificate);
    const revocation = { ...fetched.revocation, ofSigner: () => Promise.reject(refusal) };
    const surroundings = { ...now(), ...fetched, revocation };
    await assert.rejects(signCms(content, { attached: true }, signer, surroundings), refusal);
    assert.equal(signer.calls, 0);
  });

  it('of level B-LT is not made without word about the time-stamping authority', async () => {
    const signer = signerOf(signers.get('ec-p256')!, 'ES256');
    const fetched = longTerm(authority, signer.certificate);
    const nothing = () => Promise.resolve({ certificates: [authority.issuer], ocsp: [], crls: [] });
    const revocation = { ...fetched.revocation, ofTimeStamp: nothing };
    const surroundings = { ...now(), ...fetched, revocation };
    const made = signCms(content, { attached: true }, signer, surroundings);
    await assert.rejects(made, isError('ERR_SIGNATURE_REVOCATION'));
  });

  it('whose signer declines is not made: nobody is asked for a time stamp', async () => {
    const signer = { ...signerOf(signers.get('ec-p256')!, 'ES256'), sign: () => Promise.reject(new Error('declined')) };
    const before = authority.requests.length;
    const surroundings = { ...now(), ...timeStamping(authority) };
    await assert.rejects(signCms(content, { attached: true }, signer, surroundings), /declined/);
    assert.equal(authority.requests.length, before);
  });
});

function changedAt(bytes: Uint8Array, index: number): Uint8Array {
  const changed = Buffer.from(bytes);
  changed[index]! ^= 1;
  return changed;
}

function isError(code: SignatureError['code']): (error: unknown) => boolean {
  return (error) => error instanceof SignatureError && error.code === code;
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { createPki } from '../login-fixture.ts';
import { type SignatureTrustOptions, verifyCms } from '../../../relying-party/src/index.ts';
import {
  assertRefused,
  changeCms,
  type CmsWish,
  DAY_MS,
  DOCUMENT,
  issueSigner,
  SignatureSite,
} from './signature-fixture.ts';

describe('the verification of a CMS signature', function () {
  this.timeout(60_000);
  let site: SignatureSite;
  before(async () => {
    site = await SignatureSite.create();
  });
  after(() => site.close());
  const verify = (
    signature: Uint8Array,
    changes: Partial<SignatureTrustOptions> = {},
    document: Uint8Array = DOCUMENT,
  ) => verifyCms({ signature, document }, site.trust(changes));
  const later = (days: number) => ({ clock: () => Date.now() + days * DAY_MS });

  const kinds: readonly [KeyKind, CmsWish, string][] = [
    ['rsa-2048', {}, 'RS256'],
    ['rsa-2048', { hash: 'sha512' }, 'RS512'],
    ['rsa-3072', { hash: 'sha384' }, 'RS384'],
    ['rsa-2048', { pss: true }, 'PS256'],
    ['rsa-3072', { pss: true, hash: 'sha512' }, 'PS512'],
    ['ec-p256', {}, 'ES256'],
    ['ec-p384', { hash: 'sha384' }, 'ES384'],
    ['ec-p521', { hash: 'sha512' }, 'ES512'],
  ];
  for (const [key, wish, algorithm] of kinds) {
    it(`takes ${algorithm} of openssl by ${key}, attached and detached`, async () => {
      const signer = await issueSigner(site.pki, key);
      const detached = await verify(site.cms(signer, wish));
      const attached = await verifyCms({ signature: site.cms(signer, { ...wish, attached: true }) }, site.trust());
      for (const report of [detached, attached]) {
        assert.equal(report.algorithm, algorithm);
        assert.equal(report.level, 'B-B');
        assert.deepEqual(Buffer.from(report.documentBytes), DOCUMENT);
      }
    });
  }

  it('tells who has signed', async () => {
    const report = await verify(site.cms());
    const { holder, certificate, issuers, revocation, claimedSigningTime } = report;
    assert.equal(report.format, 'cms');
    assert.equal(holder.name, 'Anna Testsson');
    assert.deepEqual(holder.identity, { kind: 'hsa-id', hsaId: 'SE0000000000-1ABC' });
    assert.equal(holder.assuranceLevel, 3);
    assert.equal(holder.certificateSha256, createHash('sha256').update(site.signer.certificate).digest('hex'));
    assert.deepEqual(certificate, site.signer.certificate);
    assert.deepEqual(issuers, [site.pki.issuers.hsaId3, site.pki.root]);
    assert.deepEqual(revocation, { checked: 'not-checked', status: 'unknown' });
    assert.ok(claimedSigningTime && Math.abs(claimedSigningTime.getTime() - Date.now()) < 60_000);
    assert.equal(report.timeStamp, undefined);
  });

  it('takes a signer that is named by its key identifier', async () => {
    assert.equal((await verify(site.cms(site.signer, { words: ['-cades', '-keyid'] }))).algorithm, 'RS256');
  });

  it('refuses another document, and each byte of it counts', async () => {
    const signature = site.cms();
    for (const at of [0, 10, DOCUMENT.length - 1]) {
      const changed = Buffer.from(DOCUMENT);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assertRefused(verify(signature, {}, changed), 'ERR_DOCUMENT_CHANGED');
    }
    await assertRefused(verify(signature, {}, DOCUMENT.subarray(1)), 'ERR_DOCUMENT_CHANGED');
  });

  it('wants the document beside a detached signature, and none beside an attached one', async () => {
    await assertRefused(verifyCms({ signature: site.cms() }, site.trust()), 'ERR_DOCUMENT_MISSING');
    await assertRefused(verify(site.cms(site.signer, { attached: true })), 'ERR_DOCUMENT_UNEXPECTED');
  });

  it('refuses a signer whom no trusted issuer has signed', async () => {
    const stranger = await issueSigner(await createPki(), 'ec-p256', { notAfter: new Date(Date.now() + DAY_MS) });
    await assertRefused(verify(site.cms(stranger)), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('refuses a certificate that has expired, or is not valid yet', async () => {
    await assertRefused(verify(site.cms(), later(800)), 'ERR_CERTIFICATE_EXPIRED');
    const early = await issueSigner(site.pki, 'ec-p256', { notBefore: new Date(Date.now() + DAY_MS) });
    await assertRefused(verify(site.cms(early)), 'ERR_CERTIFICATE_NOT_YET_VALID');
  });

  it('refuses an authentication certificate, unless it is allowed', async () => {
    const signer = await issueSigner(site.pki, 'ec-p256', { kind: 'authentication' });
    await assertRefused(verify(site.cms(signer)), 'ERR_CERTIFICATE_PURPOSE');
    assert.equal((await verify(site.cms(signer), { allowAuthenticationCertificates: true })).algorithm, 'ES256');
  });

  it('refuses a level that is too low', async () => {
    const signer = await issueSigner(site.pki, 'ec-p256', { assuranceLevel: 2 });
    await assertRefused(verify(site.cms(signer)), 'ERR_ASSURANCE_LEVEL_TOO_LOW');
    assert.equal((await verify(site.cms(signer), { minimumLevel: 2 })).holder.assuranceLevel, 2);
  });

  it('refuses a certificate that another with the same key would stand for', async () => {
    // Same key, issuer and serial number cannot be had from an honest CA; what can is the attribute of another signature.
    const twin = await issueSigner(site.pki, 'ec-p256', { key: site.signer });
    const cms = changeCms(site.cms(), (signedData) => {
      const other = changeCmsCertificates(site.cms(twin));
      signedData.certificates = other.certificates ?? [];
      const [info] = signedData.signerInfos;
      const [otherInfo] = other.signerInfos;
      if (info && otherInfo) info.sid = otherInfo.sid as unknown;
    });
    await assertRefused(verify(cms), 'ERR_SIGNING_CERTIFICATE_MISMATCH');
  });

  it('refuses a container without its signer', async () => {
    await assertRefused(verify(site.cms(site.signer, { words: ['-cades', '-nocerts'] })), 'ERR_CERTIFICATE_MISSING');
  });

  it('refuses a signature without signed attributes, made so or stripped of them', async () => {
    await assertRefused(verify(site.cms(site.signer, { words: ['-noattr'] })), 'ERR_SIGNATURE_ATTRIBUTES');
    const stripped = changeCms(site.cms(), ({ signerInfos: [info] }) => {
      delete info?.signedAttrs;
    });
    await assertRefused(verify(stripped), 'ERR_SIGNATURE_ATTRIBUTES');
  });

  it('refuses a signature that does not name its certificate', async () => {
    await assertRefused(verify(site.cms(site.signer, { words: [] })), 'ERR_SIGNATURE_ATTRIBUTES');
  });

  it('refuses the attributes as a document: they are not what the holder saw', async () => {
    // Signed attributes are DER; signed again as content without attributes they would verify elsewhere.
    let attributes = new Uint8Array();
    const signature = site.cms();
    const asDocument = changeCms(signature, ({ signerInfos: [info] }) => {
      attributes = new Uint8Array(info?.signedAttrs?.encodedValue ?? []);
      delete info?.signedAttrs;
    });
    attributes[0] = 0x31;
    await assertRefused(verify(asDocument, {}, attributes), 'ERR_SIGNATURE_ATTRIBUTES');
  });

  it('refuses SHA-1 and MD5', async () => {
    for (const hash of ['sha1', 'md5']) {
      await assertRefused(verify(site.cms(site.signer, { hash })), 'ERR_ALGORITHM_UNSUPPORTED');
    }
  });

  it('refuses PSS with another salt than the hash is long', async () => {
    const words = ['-cades', '-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:20'];
    await assertRefused(verify(site.cms(site.signer, { words })), 'ERR_ALGORITHM_UNSUPPORTED');
  });

  it('refuses two signers, and none', async () => {
    const second = site.cms(await issueSigner(site.pki, 'ec-p256'));
    const two = changeCms(site.cms(), (signedData) => {
      signedData.signerInfos.push(...changeCmsCertificates(second).signerInfos);
    });
    await assertRefused(verify(two), 'ERR_SIGNATURE_MULTIPLE');
    const none = changeCms(site.cms(), (signedData) => void (signedData.signerInfos = []));
    await assertRefused(verify(none), 'ERR_SIGNATURE_MULTIPLE');
  });

  it('refuses a container in a container', async () => {
    const words = ['-cades', '-econtent_type', 'pkcs7-signedData'];
    const nested = site.cms(site.signer, { attached: true, words, document: site.cms() });
    await assertRefused(verifyCms({ signature: nested }, site.trust()), 'ERR_SIGNATURE_FORMAT_UNSUPPORTED');
  });

  it('refuses what is not strict DER', async () => {
    const streamed = site.cms(site.signer, { attached: true, words: ['-cades', '-stream'] });
    await assertRefused(verifyCms({ signature: streamed }, site.trust()), 'ERR_SIGNATURE_MALFORMED');
    const cms = site.cms();
    await assertRefused(verify(Buffer.concat([cms, Buffer.alloc(1)])), 'ERR_SIGNATURE_MALFORMED');
    await assertRefused(verify(cms.subarray(0, -1)), 'ERR_SIGNATURE_MALFORMED');
    await assertRefused(verify(new Uint8Array()), 'ERR_SIGNATURE_MALFORMED');
    await assertRefused(verify(Buffer.alloc(1_000_000, 0x30)), 'ERR_SIGNATURE_MALFORMED');
  });

  it('refuses what is larger than its bounds without reading it', async () => {
    const large = new Uint8Array(80 * 1024 * 1024 + 1);
    await assertRefused(verify(large), 'ERR_SIGNATURE_TOO_LARGE');
    await assertRefused(verify(site.cms(), {}, large), 'ERR_DOCUMENT_TOO_LARGE');
  });
});

/** A container's parts, to be put into another. */
function changeCmsCertificates(cms: Uint8Array): Parameters<Parameters<typeof changeCms>[1]>[0] {
  let parts: Parameters<Parameters<typeof changeCms>[1]>[0] | undefined;
  changeCms(cms, (signedData) => void (parts = signedData));
  return parts!;
}

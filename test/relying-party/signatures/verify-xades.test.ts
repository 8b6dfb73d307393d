// XAdES signatures as the agent makes them, by every algorithm and packaging: what the report says, and the code of each refusal.
import assert from 'node:assert/strict';
import { signXades } from '../../../agent/signatures/xades.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { createTestPki } from '../../../demo/pki/pki.ts';
import { anna } from '../../../demo/pki/persons.ts';
import {
  SignatureError,
  type SignatureErrorCode,
  type SignatureReport,
  verifyXades,
} from '../../../relying-party/src/index.ts';
import { signerOf } from '../../signatures/signing.ts';
import {
  CANONICAL,
  COMBINATIONS,
  DOCUMENT,
  replaced,
  SIGNING_TIME,
  textOf,
  trustOf,
  utf8,
  XmlSite,
} from './xml-site.ts';

const text = utf8('Intyg för Anna Testsson: frisk.\r\n');

describe('A XAdES signature at a site', function () {
  this.timeout(60_000);
  let site: XmlSite;
  before(async () => {
    site = await XmlSite.create();
  });

  const verify = (signature: Uint8Array, document?: Uint8Array): Promise<SignatureReport> =>
    verifyXades({ signature, ...(document && { document }) }, site.trust);
  const refused = async (code: SignatureErrorCode, signature: Uint8Array, document?: Uint8Array): Promise<void> => {
    await assert.rejects(verify(signature, document), (error: unknown) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, code, String(error.cause));
      return true;
    });
  };

  for (const [key, algorithm] of COMBINATIONS) {
    it(`by ${algorithm} with ${key} is verified in every packaging, and not once a byte is changed`, async () => {
      const signer = signerOf(await site.signer(key), algorithm);
      const now = { now: SIGNING_TIME };
      const enveloped = await signXades(DOCUMENT, { packaging: 'enveloped', mimeType: 'text/xml' }, signer, now);
      const report = await verify(enveloped);
      assert.deepEqual(Buffer.from(report.documentBytes), Buffer.from(CANONICAL));
      assert.equal(report.algorithm, algorithm);
      await refused('ERR_DOCUMENT_CHANGED', replaced(enveloped, 'Anna Testsson', 'Anna Testssom'));

      const enveloping = await signXades(text, { packaging: 'enveloping', mimeType: 'text/plain' }, signer, now);
      assert.deepEqual(Buffer.from((await verify(enveloping)).documentBytes), Buffer.from(text));
      const [inside, other] = [text, utf8('Något annat')].map((bytes) => Buffer.from(bytes).toString('base64'));
      await refused('ERR_DOCUMENT_CHANGED', replaced(enveloping, inside!, other!));

      const options = { packaging: 'detached', mimeType: 'text/plain', uri: 'intyg.txt' } as const;
      const detached = await signXades(text, options, signer, now);
      assert.deepEqual(Buffer.from((await verify(detached, text)).documentBytes), Buffer.from(text));
      await refused('ERR_DOCUMENT_CHANGED', detached, utf8('Något annat'));
    });
  }

  it('is reported with its holder, its time and its certificate', async () => {
    const report = await verify(await site.xades());
    const { certificate } = await site.signer();
    assert.equal(report.format, 'xades');
    assert.equal(report.level, 'B-B');
    assert.equal(report.holder.name, 'Anna Testsson');
    assert.deepEqual(report.holder.identity, { kind: 'hsa-id', hsaId: anna.hsaId });
    assert.equal(report.holder.assuranceLevel, 3);
    assert.deepEqual(report.claimedSigningTime, SIGNING_TIME);
    assert.deepEqual(Buffer.from(report.certificate), Buffer.from(certificate));
    assert.equal(report.timeStamp, undefined);
  });

  it('wants its document exactly when it is detached', async () => {
    const options = { packaging: 'detached', mimeType: 'text/plain' } as const;
    await refused('ERR_DOCUMENT_MISSING', await site.xades(text, options));
    assert.ok(await verify(await site.xades(text, options), text));
    await refused('ERR_DOCUMENT_UNEXPECTED', await site.xades(), DOCUMENT);
    await refused('ERR_DOCUMENT_UNEXPECTED', await site.xades(text, { ...options, packaging: 'enveloping' }), text);
  });

  it('is refused when a signed property, the signature or the certificate is changed', async () => {
    const signed = await site.xades();
    await refused('ERR_DOCUMENT_CHANGED', replaced(signed, '2026-03-02T12', '2026-03-03T12'));
    await refused('ERR_DOCUMENT_CHANGED', replaced(signed, '<xades:MimeType>text/xml', '<xades:MimeType>text/css'));
    const value = /<ds:SignatureValue [^>]*>(.)/.exec(textOf(signed))!;
    const flipped = value[0].slice(0, -1) + (value[1] === 'A' ? 'B' : 'A');
    await refused('ERR_SIGNATURE_INVALID', replaced(signed, value[0], flipped));
    await refused('ERR_SIGNATURE_INVALID', replaced(signed, 'URI=""', 'URI="" Type="urn:other"'));

    // Another certificate with the same key: KeyInfo is not signed, the digest in the properties is.
    const signer = await site.signer();
    const twin = await site.pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id', key: signer });
    const swapped = replaced(signed, base64(signer.certificate), base64(twin.certificate));
    await refused('ERR_SIGNING_CERTIFICATE_MISMATCH', swapped);
    await refused('ERR_CERTIFICATE_MISSING', replaced(signed, /<ds:KeyInfo>.*<\/ds:KeyInfo>/s, ''));
  });

  it('is refused from an issuer that only has the right name, or for another purpose', async () => {
    const stranger = await createTestPki({ keyKind: 'ec-p256' });
    const forged = await stranger.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id' });
    await refused('ERR_CERTIFICATE_UNTRUSTED', await signedBy(forged));
    const login = await site.pki.issuePerson({ person: anna, kind: 'authentication', identity: 'hsa-id' });
    await refused('ERR_CERTIFICATE_PURPOSE', await signedBy(login));
    const old = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
    const expired = await site.pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id', ...old });
    await refused('ERR_CERTIFICATE_EXPIRED', await signedBy(expired));
    assert.ok(await verifyXades({ signature: await signedBy(forged) }, trustOf(stranger)));
  });

  it('does not change under the eyes of whoever verifies it', async () => {
    const signature = Buffer.from(await site.xades());
    const report = verify(signature);
    signature.fill(0x20);
    assert.deepEqual(Buffer.from((await report).documentBytes), Buffer.from(CANONICAL));
  });

  it('of thirty megabytes is verified too', async () => {
    const large = new Uint8Array(30_000_000).fill(0x61);
    const signed = await site.xades(large, { packaging: 'enveloping', mimeType: 'application/pdf' });
    assert.equal((await verify(signed)).documentBytes.length, large.length);
  });

  async function signedBy(issued: Issued): Promise<Uint8Array> {
    const options = { packaging: 'enveloped', mimeType: 'text/xml' } as const;
    return signXades(DOCUMENT, options, signerOf(issued, 'ES256'), { now: SIGNING_TIME });
  }
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { PDFDocument } from '@cantoo/pdf-lib';
import { signCms } from '../../../agent/signatures/cms.ts';
import { signPades } from '../../../agent/signatures/pades.ts';
import { type RevocationValues, type SignatureSurroundings, type Signer } from '../../../agent/signatures/signer.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { type SignatureTrust, verifyCms, verifyPades } from '../../../relying-party/src/index.ts';
import { DOCUMENT, issueSigner, SignatureSite } from './signature-fixture.ts';

describe("Kortbro's own signatures", function () {
  this.timeout(60_000);
  let site: SignatureSite;
  let trust: SignatureTrust;
  let bertil: Issued;
  before(async () => {
    site = await SignatureSite.create();
    trust = site.trust({ timeStampAuthorities: [site.ca.certificate] });
    bertil = await issueSigner(site.pki, 'ec-p384');
  });
  after(() => site.close());

  const signerOf = ({ certificate, privateKey }: Issued, algorithm: 'RS256' | 'PS256' | 'ES384'): Signer => ({
    certificate,
    chain: [site.ca.certificate],
    algorithm,
    sign: (bytes) =>
      Promise.resolve(
        sign(`sha${algorithm.slice(2)}`, bytes, {
          key: privateKey,
          dsaEncoding: 'ieee-p1363',
          ...(algorithm === 'PS256' && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
        }),
      ),
  });
  const plain = (): SignatureSurroundings => ({ now: new Date() });
  const known = () => ({ certificates: [site.ca.certificate], ocsp: [site.ocsp(site.tsa.certificate)], crls: [] });
  const longTerm = (signer: Issued, ofTimeStamp: () => RevocationValues = known): SignatureSurroundings => ({
    ...plain(),
    timeStamp: (hash, imprint) => Promise.resolve(site.timeStampImprint(hash, imprint)),
    revocation: {
      ofSigner: () =>
        Promise.resolve({
          certificates: [site.ca.certificate, site.pki.root],
          ocsp: [site.ocsp(signer.certificate)],
          crls: [site.crl(signer.certificate)],
        }),
      ofTimeStamp: () => Promise.resolve(ofTimeStamp()),
    },
  });

  it('are verified as CMS, from B-B to B-LT', async () => {
    for (const [issued, algorithm] of [
      [site.signer, 'RS256'],
      [site.signer, 'PS256'],
      [bertil, 'ES384'],
    ] as const) {
      for (const attached of [true, false]) {
        const signer = signerOf(issued, algorithm);
        const basic = await signCms(DOCUMENT, { attached }, signer, plain());
        const long = await signCms(DOCUMENT, { attached }, signer, longTerm(issued));
        const document = attached ? {} : { document: DOCUMENT };
        const reports = [
          await verifyCms({ signature: basic, ...document }, trust),
          await verifyCms({ signature: long, ...document }, trust),
        ];
        assert.deepEqual(
          reports.map((report) => [report.level, report.algorithm]),
          [
            ['B-B', algorithm],
            ['B-LT', algorithm],
          ],
        );
      }
    }
  });

  it('are B-T where the word about the time-stamping authority has been taken out', async () => {
    const others = () => ({ certificates: [], ocsp: [site.ocsp(bertil.certificate)], crls: [] });
    // A list would tell of the authority, too: both have the same issuer.
    const { revocation, ...surroundings } = longTerm(bertil, others);
    const ofSigner = () => Promise.resolve(others());
    const cut = { ...surroundings, revocation: { ...revocation!, ofSigner } };
    const signer = signerOf(bertil, 'ES384');
    const cms = await signCms(DOCUMENT, { attached: true }, signer, cut);
    const document = await PDFDocument.create();
    document.addPage([300, 300]);
    const pdf = await signPades(await document.save(), {}, signer, cut);
    for (const report of [await verifyCms({ signature: cms }, trust), (await verifyPades(pdf, trust))[0]]) {
      assert.deepEqual([report.level, report.revocation.checked], ['B-T', 'embedded']);
      assert.deepEqual(report.timeStamp?.revocation, { checked: 'not-checked', status: 'unknown' });
    }
  });

  it('are verified in a PDF: invisible, visible, a second one, and with validation data', async () => {
    const document = await PDFDocument.create();
    document.addPage([300, 300]).drawText('Alvedon 500 mg');
    const pdf = await document.save();
    const first = await signPades(pdf, { reason: 'Recept' }, signerOf(site.signer, 'RS256'), plain());
    const field = { page: 1, x: 20, y: 20, width: 120, height: 40 };
    const second = await signPades(first, { field }, signerOf(bertil, 'ES384'), longTerm(bertil));
    assert.equal((await verifyPades(first, trust))[0].laterChanges, 'none');
    assert.deepEqual(
      (await verifyPades(second, trust)).map(({ level, laterChanges }) => [level, laterChanges]),
      [
        ['B-B', 'signatures'],
        ['B-LT', 'validation-data'],
      ],
    );
  });
});

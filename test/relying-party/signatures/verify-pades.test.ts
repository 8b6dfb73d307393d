import assert from 'node:assert/strict';
import { type Issued } from '../../../demo/pki/pki.ts';
import { type PadesOptions, type SignatureTrust, verifyPades } from '../../../relying-party/src/index.ts';
import {
  append,
  BASE,
  FIRST,
  type Objects,
  SECOND,
  signatureDictionary,
  signPdf,
  stream,
  writePdf,
} from './pdf-fixture.ts';
import { assertRefused, issueSigner, signatureValueOf, SignatureSite } from './signature-fixture.ts';

describe('the verification of a PDF signature', function () {
  this.timeout(60_000);
  let site: SignatureSite;
  let trust: SignatureTrust;
  let bertil: Issued;
  let signed: Uint8Array;
  before(async () => {
    site = await SignatureSite.create();
    trust = site.trust({ timeStampAuthorities: [site.ca.certificate] });
    bertil = await issueSigner(site.pki, 'ec-p256');
    signed = signPdf(site, append(writePdf(), FIRST));
  });
  after(() => site.close());
  const verify = (pdf: Uint8Array, options?: PadesOptions) => verifyPades(pdf, trust, options);
  const latin1 = (pdf: Uint8Array) => Buffer.from(pdf).toString('latin1');
  const bytes = (text: string) => Buffer.from(text, 'latin1');
  const twice = () => signPdf(site, append(signed, SECOND), bertil);

  /** By qpdf: the tests' own writer has to be right for the tests to mean anything. */
  const assertSound = (pdf: Uint8Array): void => {
    site.run('qpdf', ['--check', 'sound.pdf'], { 'sound.pdf': pdf });
  };

  it('takes one over the whole file', async () => {
    const [report, ...others] = await verify(signed);
    assert.equal(others.length, 0);
    assert.deepEqual([report.format, report.level, report.algorithm], ['pades', 'B-B', 'RS256']);
    assert.deepEqual([report.field, report.laterChanges], ['Signature1', 'none']);
    assert.deepEqual(report.claimedSigningTime, new Date('2026-03-01T12:00:00Z'));
    assert.equal(report.holder.name, 'Anna Testsson');
    assert.deepEqual(Buffer.from(report.documentBytes), Buffer.from(signed));
  });

  it('takes one in the first revision, one behind a cross-reference stream, and adbe.pkcs7.detached', async () => {
    assert.equal((await verify(signPdf(site, writePdf({ ...BASE, ...FIRST }))))[0].laterChanges, 'none');
    assert.equal((await verify(signPdf(site, append(writePdf(), FIRST, { asStream: true }))))[0].laterChanges, 'none');
    const older = { ...FIRST, 6: signatureDictionary('adbe.pkcs7.detached') };
    assert.equal((await verify(signPdf(site, append(writePdf(), older))))[0].algorithm, 'RS256');
  });

  it('takes the document that was handed out with signatures behind it, and nothing else', async () => {
    const original = writePdf();
    assert.equal((await verify(signed, { original }))[0].field, 'Signature1');
    assert.equal((await verify(twice(), { original })).length, 2);
    const another = append(original, { 4: stream('BT /F1 24 Tf 72 700 Td (Another) Tj ET') });
    const signedAnother = signPdf(site, append(another, FIRST));
    assert.equal((await verify(signedAnother, { original: another })).length, 1);
    // Good for the one that was signed, which begins with the one that was handed out.
    await assertRefused(verify(signedAnother, { original }), 'ERR_DOCUMENT_CHANGED');
    const both = signPdf(site, append(original, { ...FIRST, 4: stream('BT (Another) Tj ET') }));
    await assertRefused(verify(both, { original }), 'ERR_DOCUMENT_CHANGED');
    await assertRefused(verify(signed, { original: another }), 'ERR_DOCUMENT_CHANGED');
    await assertRefused(verify(signed, { original: signed }), 'ERR_DOCUMENT_CHANGED');
    await assertRefused(verify(signed, { original: new Uint8Array() }), 'ERR_DOCUMENT_CHANGED');
  });

  it('refuses every changed byte', async () => {
    const text = latin1(signed);
    const contents = text.lastIndexOf('/Contents <');
    for (let at = 0; at < signed.length; at += at > contents && at < contents + 16_000 ? 401 : 23) {
      const changed = Uint8Array.from(signed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(verify(changed), /^SignatureError/, `byte ${at}`);
    }
  });

  it('refuses what is no PDF, has no signature, is encrypted or is cut off', async () => {
    await assertRefused(verify(new Uint8Array()), 'ERR_DOCUMENT_FORMAT');
    await assertRefused(verify(bytes('%PDF-1.7\n')), 'ERR_DOCUMENT_FORMAT');
    await assertRefused(verify(writePdf()), 'ERR_SIGNATURE_MISSING');
    await assertRefused(verify(signed.subarray(0, -20)), 'ERR_DOCUMENT_FORMAT');
    const encrypted = append(writePdf(), FIRST, { trailer: '/Encrypt << /Filter /Standard >>' });
    await assertRefused(verify(signPdf(site, encrypted)), 'ERR_DOCUMENT_REFUSED');
  });

  it('refuses a container that brings other content, and another SubFilter', async () => {
    const unknown = { ...FIRST, 6: signatureDictionary('adbe.pkcs7.sha1') };
    await assertRefused(verify(signPdf(site, append(writePdf(), unknown))), 'ERR_SIGNATURE_FORMAT_UNSUPPORTED');
    const attached = () => site.cms(site.signer, { attached: true });
    await assertRefused(
      verify(signPdf(site, append(writePdf(), FIRST), site.signer, attached)),
      'ERR_DOCUMENT_UNEXPECTED',
    );
  });

  describe('holds its ByteRange against the bytes', () => {
    const withRange = (change: (numbers: number[]) => string): Uint8Array =>
      bytes(
        latin1(signed).replace(/\/ByteRange \[([^\]]+)\]/, (all, list: string) => {
          const text = change(list.trim().split(/\s+/).map(Number));
          return `/ByteRange ${text}`.padEnd(all.length);
        }),
      );
    const tricks: [string, (numbers: number[]) => string][] = [
      ['none', () => 'null'],
      ['two numbers', ([a, b]) => `[${a} ${b}]`],
      ['six numbers', ([a, b, c, d]) => `[${a} ${b} ${c} ${(d ?? 0) - 9} ${(d ?? 0) - 9} 9]`],
      ['a start behind the header', ([, b, c, d]) => `[1 ${(b ?? 0) - 1} ${c} ${d}]`],
      ['a gap that is wider', ([a, b, c, d]) => `[${a} ${(b ?? 0) - 1} ${c} ${d}]`],
      ['a gap that is wider behind', ([a, b, c, d]) => `[${a} ${b} ${(c ?? 0) + 1} ${(d ?? 0) - 1}]`],
      ['a gap that is narrower', ([a, b, c, d]) => `[${a} ${(b ?? 0) + 1} ${c} ${d}]`],
      ['an end before the end', ([a, b, c, d]) => `[${a} ${b} ${c} ${(d ?? 0) - 50}]`],
      ['an end behind the file', ([a, b, c, d]) => `[${a} ${b} ${c} ${(d ?? 0) + 1}]`],
      ['negative numbers', ([a, b, c, d]) => `[${a} ${b} ${-(c ?? 0)} ${d}]`],
      ['fractions', ([a, b, c, d]) => `[${a} ${b}.5 ${c} ${d}]`],
    ];
    for (const [name, change] of tricks) {
      it(`refuses ${name}`, async () => {
        await assertRefused(
          verify(withRange(change)),
          name === 'an end before the end' ? 'ERR_PDF_LATER_CHANGES' : 'ERR_PDF_BYTE_RANGE',
        );
      });
    }

    it('refuses a signature that was moved behind other content (wrapping)', async () => {
      // The old signed bytes are all there, but between them and the end stands another document.
      const [head, tail] = [signed.subarray(0, -1), bytes('\n')];
      const wrapped = append(Buffer.concat([head, tail]), { 4: stream('BT (Morfin 500 mg) Tj ET') });
      await assertRefused(verify(wrapped), 'ERR_PDF_LATER_CHANGES');
    });

    it('refuses a signature dictionary in an object stream', async () => {
      const text = signatureDictionary().replace(/0{100,}/, '00');
      const container = stream(`6 0 ${text}`, '/Type /ObjStm /N 1 /First 4');
      const pdf = append(writePdf(), { 1: FIRST[1]!, 3: FIRST[3]!, 5: FIRST[5]!, 10: container });
      // A table cannot name it, so the entry is in a stream section made by hand.
      const start = pdf.length;
      const rows = Buffer.from([
        2,
        0,
        0,
        0,
        10,
        0,
        1,
        ...Buffer.from([start >> 24, start >> 16, start >> 8, start]),
        0,
      ]);
      const previous = /startxref\n(\d+)\n%%EOF\s*$/.exec(latin1(pdf))?.[1];
      const section = stream(rows, `/Type /XRef /Size 12 /W [1 4 1] /Index [6 1 11 1] /Root 1 0 R /Prev ${previous}`);
      const whole = Buffer.concat([pdf, bytes(`11 0 obj\n${section}\nendobj\nstartxref\n${start}\n%%EOF\n`)]);
      await assertRefused(verify(whole), 'ERR_PDF_BYTE_RANGE');
    });
  });

  describe('tells what came later', () => {
    const certificateStream = () => stream(site.ca.certificate, '', true);
    const store = (): Objects => ({
      1: FIRST[1]!.replace(/ >>$/, ' /DSS 7 0 R >>'),
      7: '<< /Type /DSS /Certs [8 0 R] /OCSPs [9 0 R] /CRLs [10 0 R] >>',
      8: certificateStream(),
      9: stream(site.ocsp(site.signer.certificate), '', true),
      10: stream(site.crl(site.signer.certificate)),
    });

    it('validation data is no change, and makes a time-stamped signature B-LT', async () => {
      const stamp = (cms: Uint8Array) => site.raise(cms, { token: site.timeStamp(signatureValueOf(cms)) });
      const pdf = append(signPdf(site, append(writePdf(), FIRST), site.signer, stamp), store());
      assertSound(pdf);
      const [report] = await verify(pdf);
      assert.deepEqual(
        [report.laterChanges, report.level, report.revocation.checked],
        ['validation-data', 'B-LT', 'embedded'],
      );
      const streamed = append(signed, store(), { asStream: true });
      assert.equal((await verify(streamed))[0].laterChanges, 'validation-data');
      // Once more, as a renewal does: the old objects are the store's own.
      assert.equal((await verify(append(pdf, { 7: store()[7]!, 9: store()[9]! })))[0].laterChanges, 'validation-data');
    });

    it('revoked in the validation data is a refusal', async () => {
      const revoked = { ...store(), 9: stream(site.ocsp(site.signer.certificate, { revoked: true })) };
      await assertRefused(verify(append(signed, revoked)), 'ERR_CERTIFICATE_REVOKED');
    });

    it('a second signature is told, and both are reported', async () => {
      const pdf = twice();
      assertSound(pdf);
      const reports = await verify(pdf);
      assert.deepEqual(
        reports.map(({ field, laterChanges, algorithm }) => [field, laterChanges, algorithm]),
        [
          ['Signature1', 'signatures', 'RS256'],
          ['Signature2', 'none', 'ES256'],
        ],
      );
      assert.deepEqual(Buffer.from(reports[0].documentBytes), Buffer.from(signed));
    });

    it('a second signature that is wrong is a refusal of the file', async () => {
      const pdf = Buffer.from(twice());
      const at = pdf.lastIndexOf('re S');
      pdf[at] = 0x66;
      await assertRefused(verify(pdf), 'ERR_DOCUMENT_CHANGED');
    });

    const hostile: [string, () => Uint8Array][] = [
      ['another text on the page', () => append(signed, { 4: stream('BT (Morfin 500 mg) Tj ET') })],
      ['another page', () => append(signed, { 3: FIRST[3]!.replace('200 200', '100 100') })],
      [
        'an annotation over the text',
        () =>
          append(signed, {
            3: FIRST[3]!.replace('[5 0 R]', '[5 0 R 7 0 R]'),
            7: '<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] >>',
          }),
      ],
      [
        'a catalog with an action',
        () => append(signed, { 1: FIRST[1]!.replace(/ >>$/, ' /OpenAction << /S /JavaScript /JS (1) >> >>') }),
      ],
      ['other pages', () => append(signed, { 1: FIRST[1]!.replace('2 0 R', '7 0 R'), 7: BASE[2]! })],
      [
        'another root',
        () => {
          const text = latin1(append(signed, { 7: FIRST[1]! }));
          const at = text.lastIndexOf('/Root 1 0 R');
          return bytes(`${text.slice(0, at)}/Root 7${text.slice(at + 7)}`);
        },
      ],
      ['bytes of no meaning', () => Buffer.concat([signed, bytes('\n')])],
      ['an object that no entry names', () => append(signed, store(), { hidden: '4 0 obj\n<< >>\nendobj\n' })],
      ['a store with the text beside it', () => append(signed, { ...store(), 4: stream('BT (Morfin) Tj ET') })],
      [
        'a store that takes the place of the text',
        () => append(signed, { ...store(), 7: '<< /Certs [4 0 R] >>', 4: certificateStream() }),
      ],
      [
        'a store with a picture',
        () => append(signed, { ...store(), 8: stream(site.ca.certificate, '/Subtype /Image') }),
      ],
      [
        'a store with what is no certificate',
        () => append(signed, { ...store(), 8: stream('BT (Morfin 500 mg) Tj ET') }),
      ],
      [
        'a store with something more',
        () => append(signed, { ...store(), 7: '<< /Type /DSS /Certs [8 0 R] /AA 9 0 R >>' }),
      ],
      [
        'a form with a new field that nobody has signed',
        () =>
          append(signed, { 1: SECOND[1]!, 7: SECOND[7]!.replace('/V 8 0 R', '').replace('/AP << /N 9 0 R >>', '') }),
      ],
      [
        'a signature with another text',
        () => signPdf(site, append(signed, { ...SECOND, 4: stream('BT (Morfin) Tj ET') }), bertil),
      ],
      [
        'a signature with a script',
        () => signPdf(site, append(signed, { ...SECOND, 7: SECOND[7]!.replace('/F 132', '/AA << >>') }), bertil),
      ],
      [
        'a signature that moves the first',
        () => signPdf(site, append(signed, { ...SECOND, 5: FIRST[5]!.replace('[0 0 0 0]', '[0 0 200 200]') }), bertil),
      ],
      [
        'a signature that removes an annotation',
        () => signPdf(site, append(signed, { ...SECOND, 3: SECOND[3]!.replace('[5 0 R 7 0 R]', '[7 0 R]') }), bertil),
      ],
      ['a text behind two signatures', () => append(twice(), { 4: stream('BT (Morfin 500 mg) Tj ET') })],
    ];
    for (const [name, make] of hostile) {
      it(`refuses ${name}`, async () => {
        const pdf = make();
        await assertRefused(verify(pdf), 'ERR_PDF_LATER_CHANGES');
        assert.equal((await verify(pdf, { allowLaterChanges: true }))[0].laterChanges, 'other');
      });
    }

    it('refuses what a prepared document was waiting for', async () => {
      // The page names object 8, which is not there when it is signed; the store brings it.
      const waiting = { ...BASE, 3: BASE[3]!.replace('4 0 R', '[4 0 R 8 0 R]') };
      const first = { ...FIRST, 3: FIRST[3]!.replace('4 0 R', '[4 0 R 8 0 R]') };
      const pdf = signPdf(site, append(writePdf(waiting), first));
      assert.equal((await verify(pdf))[0].laterChanges, 'none');
      await assertRefused(verify(append(pdf, store())), 'ERR_PDF_LATER_CHANGES');
    });

    it('takes no fields from elsewhere: a removed signature is none', async () => {
      await assertRefused(verify(append(signed, { 1: BASE[1]! })), 'ERR_SIGNATURE_MISSING');
    });

    it('refuses an older revision that is put back as the last', async () => {
      const text = latin1(append(signed, {}));
      const rewound = text.replace(/\/Prev \d+(?=[^/]*$)/, '');
      await assert.rejects(verify(bytes(rewound)), /^SignatureError/);
    });
  });
});

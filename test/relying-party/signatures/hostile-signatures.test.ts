import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type SignatureTrust, SignatureError, verifyCms, verifyPades } from '../../../relying-party/src/index.ts';
import { append, FIRST, SECOND, signPdf, writePdf } from './pdf-fixture.ts';
import { DOCUMENT, signatureValueOf, SignatureSite } from './signature-fixture.ts';

describe('hostile input to the verification of signatures', function () {
  this.timeout(120_000);
  let site: SignatureSite;
  let trust: SignatureTrust;
  let cms: Uint8Array;
  let pdf: Uint8Array;
  before(async () => {
    site = await SignatureSite.create();
    trust = site.trust({ timeStampAuthorities: [site.ca.certificate] });
    const plain = site.cms();
    const token = site.timeStamp(signatureValueOf(plain));
    cms = site.raise(plain, {
      token,
      ocsp: site.ocsp(site.signer.certificate),
      crl: site.crl(site.signer.certificate),
    });
    pdf = signPdf(site, append(signPdf(site, append(writePdf(), FIRST)), SECOND));
  });
  after(() => site.close());

  /** Passes on what was refused as it should be: a SignatureError, of an expected kind, soon. */
  const refusal = async (attempt: () => Promise<unknown>): Promise<string | undefined> => {
    const start = performance.now();
    try {
      await attempt();
      return undefined;
    } catch (error) {
      assert.ok(error instanceof SignatureError, String(error));
      assert.notEqual(error.code, 'ERR_VERIFIER_FAILED', String(error.cause));
      return error.code;
    } finally {
      assert.ok(performance.now() - start < 2000, 'took more than two seconds');
    }
  };
  const change = fc.array(
    fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 8 })),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const changed = (
    bytes: Uint8Array,
    changes: readonly (readonly [number, number, number, Uint8Array])[],
  ): Uint8Array => {
    let result = Buffer.from(bytes);
    for (const [where, octet, cut, put] of changes) {
      const at = where % result.length;
      result[at] = octet;
      if (cut > 4) result = Buffer.concat([result.subarray(0, at), put, result.subarray(at + cut)]);
    }
    return result;
  };

  it('the honest ones pass', async () => {
    assert.equal((await verifyCms({ signature: cms, document: DOCUMENT }, trust)).level, 'B-LT');
    assert.equal((await verifyPades(pdf, trust)).length, 2);
  });

  it('any bytes in the place of a container or a PDF are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        assert.ok(await refusal(() => verifyCms({ signature: bytes, document: DOCUMENT }, trust)));
        assert.ok(await refusal(() => verifyPades(bytes, trust)));
        const file = Buffer.concat([Buffer.from('%PDF-1.7\n'), bytes, Buffer.from('\nstartxref\n9\n%%EOF\n')]);
        assert.ok(await refusal(() => verifyPades(file, trust)));
      }),
    );
  });

  it('a changed container is refused, or says the same of the same document', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const signature = changed(cms, changes);
        await refusal(async () => {
          const report = await verifyCms({ signature, document: DOCUMENT }, trust);
          assert.deepEqual(report.certificate, site.signer.certificate);
          assert.deepEqual(Buffer.from(report.documentBytes), DOCUMENT);
        });
      }),
      { numRuns: 400 },
    );
  });

  it('a changed PDF is refused, or nothing but the reserve of a signature was touched', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const file = changed(pdf, changes);
        await refusal(async () => {
          const reports = await verifyPades(file, trust);
          assert.equal(reports.length, 2);
          assert.equal(file.length, pdf.length);
        });
      }),
      { numRuns: 400 },
    );
  });

  it('every cut of a container is refused', async () => {
    for (let length = 0; length < cms.length; length += 13) {
      const signature = cms.subarray(0, length);
      assert.equal(await refusal(() => verifyCms({ signature, document: DOCUMENT }, trust)), 'ERR_SIGNATURE_MALFORMED');
    }
  });

  it('depth, number and loops cost nothing', async () => {
    const deep = Buffer.alloc(60_000, '3080', 'hex');
    assert.ok(await refusal(() => verifyCms({ signature: deep, document: DOCUMENT }, trust)));
    const nulls = Buffer.alloc(20_000_000);
    for (let at = 0; at < nulls.length; at += 2) nulls[at] = 5;
    const header = Buffer.from([0x30, 0x84, 0, 0, 0, 0]);
    header.writeUInt32BE(nulls.length, 2);
    assert.ok(await refusal(() => verifyCms({ signature: Buffer.concat([header, nulls]), document: DOCUMENT }, trust)));
    const files = [
      `1 0 obj\n${'['.repeat(100_000)}`,
      'xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R /Prev 9 /Size 1 >>\n',
      'xref\n0 4000000000\ntrailer\n<< >>\n',
      `xref\n0 0\ntrailer\n<< ${'/A 1 '.repeat(3)} >>\n`,
    ];
    for (const body of files) {
      const file = Buffer.from(`%PDF-1.7\n${body}\nstartxref\n9\n%%EOF\n`);
      assert.ok(await refusal(() => verifyPades(file, trust)));
    }
    const loop = writePdf({ 1: '<< /AcroForm << /Fields [2 0 R] >> >>', 2: '<< /Kids [2 0 R] >>' });
    assert.equal(await refusal(() => verifyPades(loop, trust)), 'ERR_DOCUMENT_FORMAT');
    const own = writePdf({ 1: '2 0 R', 2: '1 0 R' });
    assert.equal(await refusal(() => verifyPades(own, trust)), 'ERR_DOCUMENT_FORMAT');
  });
});

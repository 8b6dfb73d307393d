// PDF files that are not signed: damaged, forbidden, hostile. Each is refused with its code, in bounded time, before the key is used;
// what no viewer shows is not brought to light by a signature.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { signPades } from '../../../agent/signatures/pades.ts';
import { SignatureError, type SignatureErrorCode } from '../../../agent/signatures/signature-error.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { pdfDocument, qpdf, updated } from '../../signatures/documents.ts';
import { signerOf } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { bitFlips, cutOff } from './mutations.ts';
import { judge } from './openssl.ts';

describe('A PDF file', function () {
  this.timeout(120_000);
  let authority: TestAuthority;
  let issued: Issued;
  let document: Uint8Array;
  let streams: Uint8Array;
  let root: string;
  let catalog: string;

  before(async () => {
    authority = await TestAuthority.create();
    issued = await authority.issueSigner({ key: 'ec-p256' });
    [document, streams] = await Promise.all([pdfDocument(), pdfDocument({ streams: true })]);
    const text = Buffer.from(document).toString('latin1');
    root = /\/Root (\d+) 0 R/.exec(text)![1]!;
    catalog = new RegExp(`\\n${root} 0 obj\\n<<([^]*?)>>\\nendobj`).exec(text)![1]!;
  });
  after(() => authority.close());

  async function refused(pdf: Uint8Array, code: SignatureErrorCode, reason?: RegExp, page?: number): Promise<void> {
    const signer = signerOf(issued, 'ES256');
    const start = performance.now();
    const field = page === undefined ? {} : { field: { page, x: 0, y: 0, width: 100, height: 50 } };
    await assert.rejects(signPades(pdf, field, signer, { now: new Date() }), (error) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, code, error.message);
      if (reason !== undefined) assert.match(error.reason, reason);
      return true;
    });
    assert.equal(signer.calls, 0);
    assert.ok(performance.now() - start < 10_000);
  }

  /** The document with another catalog, and what it refers to. */
  const withCatalog = (more: string, objects: Record<number, string> = {}, trailer = ''): Uint8Array =>
    updated(document, { [root]: `<< ${catalog} ${more} >>`, ...objects }, `/Size 99 /Root ${root} 0 R ${trailer}`);

  it('that is none, is empty or lacks its end is refused as damaged', async () => {
    for (const bytes of [Buffer.from('hello'), new Uint8Array(), Buffer.alloc(100_000), document.subarray(0, -30)])
      await refused(bytes, 'ERR_DOCUMENT_FORMAT');
    await refused(Buffer.concat([document, Buffer.from('<html>')]), 'ERR_DOCUMENT_FORMAT', /end of the file/);
    await refused(Buffer.concat([Buffer.from('\n\n'), document]), 'ERR_DOCUMENT_FORMAT', /no PDF header/);
  });

  it('that is encrypted is refused, whatever the cipher and the form', async () => {
    for (const bits of ['256', '128'])
      for (const pdf of [document, streams]) {
        const weak = bits === '128' ? ['--allow-weak-crypto'] : [];
        await refused(qpdf(pdf, ...weak, '--encrypt', '', 'owner', bits, '--'), 'ERR_DOCUMENT_REFUSED', /encrypted/);
      }
  });

  it('that is certified without changes, locked by an earlier signature, or an XFA form is refused', async () => {
    const reference = '<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>';
    const certification = { 90: `<< /Type /Sig /Reference [${reference}] >>` };
    await refused(withCatalog('/Perms << /DocMDP 90 0 R >>', certification), 'ERR_DOCUMENT_REFUSED', /certification/);
    const field = '<< /FT /Sig /T (S) /V 90 0 R >>';
    const inField = { ...certification, 91: field, 92: '<< /T (Parent) /Kids [91 0 R] >>' };
    for (const first of [91, 92])
      await refused(
        withCatalog(`/AcroForm << /Fields [${first} 0 R] >>`, inField),
        'ERR_DOCUMENT_REFUSED',
        /certification/,
      );
    const locked = { 90: '<< /Type /Sig >>', 91: '<< /FT /Sig /T (S) /V 90 0 R /Lock << /P 1 >> >>' };
    await refused(withCatalog('/AcroForm << /Fields [91 0 R] >>', locked), 'ERR_DOCUMENT_REFUSED', /locked/);
    await refused(withCatalog('/AcroForm << /Fields [] /XFA [] >>'), 'ERR_DOCUMENT_REFUSED', /XFA/);
  });

  it('without the page that the signature is to be on is refused', async () => {
    await refused(document, 'ERR_DOCUMENT_REFUSED', /no such page/, 3);
    await refused(
      withCatalog('/Pages 90 0 R', { 90: '<< /Type /Pages /Kids [] /Count 0 >>' }),
      'ERR_DOCUMENT_REFUSED',
      /page/,
    );
  });

  it('with circles in its pages, fields, references or sections is refused', async () => {
    await refused(
      withCatalog('/Pages 90 0 R', { 90: '<< /Type /Pages /Kids [90 0 R 90 0 R] >>' }),
      'ERR_DOCUMENT_FORMAT',
    );
    await refused(withCatalog('/Pages 90 0 R', { 90: '91 0 R', 91: '90 0 R' }), 'ERR_DOCUMENT_FORMAT', /circle/);
    const loop = { 90: '<< /T (a) /Kids [90 0 R 90 0 R] >>' };
    await refused(withCatalog('/AcroForm << /Fields [90 0 R] >>', loop), 'ERR_DOCUMENT_REFUSED', /too many fields/);
    const text = Buffer.from(withCatalog('')).toString('latin1');
    const own = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(text)![1]!;
    const circle = Buffer.from(text.replace(/\/Prev \d+ >>/, `/Prev ${own} >>`), 'latin1');
    await refused(circle, 'ERR_DOCUMENT_FORMAT', /circle/);
  });

  it('whose cross references lead elsewhere is refused', async () => {
    const text = Buffer.from(document).toString('latin1');
    const moved = text.replace(
      /(\d{9})(\d) 00000 n/,
      (_, digits: string, last: string) => `${digits}${(Number(last) + 1) % 10} 00000 n`,
    );
    await refused(Buffer.from(moved, 'latin1'), 'ERR_DOCUMENT_FORMAT', /not where/);
    const swapped = text.replace(/startxref\s+\d+/, 'startxref\n20');
    await refused(Buffer.from(swapped, 'latin1'), 'ERR_DOCUMENT_FORMAT');
  });

  it('with more objects or levels than a document has, or a table that bursts, is refused before it takes memory', async () => {
    const stream = (entries: Buffer, dict: string): Uint8Array => {
      const content = deflateSync(entries);
      const head = `%PDF-1.7\n`;
      const object = `1 0 obj\n<< /Type /XRef /Root 2 0 R /Filter /FlateDecode /Length ${content.length} ${dict} >>\nstream\n`;
      const end = `\nendstream\nendobj\nstartxref\n${head.length}\n%%EOF\n`;
      return Buffer.concat([Buffer.from(head + object), content, Buffer.from(end)]);
    };
    const size = 600_000;
    await refused(
      stream(Buffer.alloc(size * 3), `/W [1 1 1] /Size ${size}`),
      'ERR_DOCUMENT_REFUSED',
      /too many objects/,
    );
    await refused(stream(Buffer.alloc(200_000_000), '/W [1 1 1] /Size 9'), 'ERR_DOCUMENT_FORMAT');
    const wide = `/W [0 0 0] /Index [0 1000000000] /Size 9`;
    await refused(stream(Buffer.alloc(0), wide), 'ERR_DOCUMENT_FORMAT', /widths/);
    for (const deep of ['['.repeat(900_000), '<</A'.repeat(250_000)])
      await refused(withCatalog('/Pages 90 0 R', { 90: deep }), 'ERR_DOCUMENT_FORMAT');
  });

  it('is signed as viewers show it: an object that the cross references pass over stays hidden', async () => {
    // A second state of the catalog, with other pages, after the first: a scan from the front would take it.
    const pages = '<< /Type /Pages /Kids [97 0 R] /Count 1 >>';
    const page = '<< /Type /Page /Parent 96 0 R /MediaBox [0 0 99 99] >>';
    const evil = `\n${root} 0 obj\n<< /Type /Catalog /Pages 96 0 R >>\nendobj\n96 0 obj\n${pages}\nendobj\n97 0 obj\n${page}\nendobj\n`;
    const text = Buffer.from(document).toString('latin1');
    const xref = text.lastIndexOf('xref\n', text.lastIndexOf('startxref') - 1);
    const moved =
      text.slice(0, xref) + evil + text.slice(xref).replace(/startxref\s+\d+/, `startxref\n${xref + evil.length}`);
    const hiding = Buffer.from(moved, 'latin1');
    const shown = (pdf: Uint8Array): string => judge('pdftotext', ['x.pdf', '-'], { 'x.pdf': pdf }).output;
    assert.match(shown(hiding), /Intyg, sida 1/);
    const signed = await signPades(hiding, {}, signerOf(issued, 'ES256'), { now: new Date() });
    assert.equal(shown(signed), shown(hiding));
    assert.doesNotMatch(Buffer.from(signed.subarray(hiding.length)).toString('latin1'), /96 0 R/);
  });

  it('that is cut off anywhere is refused as damaged', async () => {
    for (const pdf of [document, streams])
      for (const part of cutOff(pdf.subarray(0, -8), 100)) await refused(part, 'ERR_DOCUMENT_FORMAT');
  });

  it('with any bit turned over is refused with a code, or signed behind its own bytes', async () => {
    for (const pdf of [document, streams, qpdf(document, '--linearize')]) {
      let refusals = 0;
      for (const changed of bitFlips(pdf, 400)) {
        try {
          const signed = await signPades(changed, {}, signerOf(issued, 'ES256'), { now: new Date() });
          assert.equal(Buffer.compare(signed.subarray(0, changed.length), changed), 0);
        } catch (error) {
          assert.ok(error instanceof SignatureError, error instanceof Error ? error.stack : String(error));
          refusals += 1;
        }
      }
      assert.ok(refusals > 20, String(refusals));
    }
  });
});

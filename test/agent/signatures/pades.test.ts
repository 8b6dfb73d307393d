// PAdES signatures by every algorithm, level and kind of file: pdfsig and openssl verify them, qpdf finds the file in order, the
// document's own bytes are the beginning of what comes out, and a changed byte is seen.
import assert from 'node:assert/strict';
import { signPades, type PadesOptions } from '../../../agent/signatures/pades.ts';
import { type SignatureSurroundings } from '../../../agent/signatures/signer.ts';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { pdfDocument, pdfForm, qpdf, updated } from '../../signatures/documents.ts';
import { longTerm, signerOf, timeStamping } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { judge, opensslCms, opensslTimeStamp, partsOf, tokenIn } from './openssl.ts';
import { lastSignature, pdfsig } from './pdf-judges.ts';

const combinations: [KeyKind, SignatureAlgorithm][] = [
  ['rsa-2048', 'RS256'],
  ['rsa-3072', 'RS384'],
  ['rsa-2048', 'RS512'],
  ['rsa-2048', 'PS256'],
  ['rsa-3072', 'PS384'],
  ['rsa-2048', 'PS512'],
  ['ec-p256', 'ES256'],
  ['ec-p384', 'ES384'],
];
const field = { page: 2, x: 300, y: 60, width: 220, height: 54 };

describe('A PDF signature', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let document: Uint8Array;
  const signers = new Map<KeyKind, Issued>();

  before(async () => {
    authority = await TestAuthority.create();
    document = await pdfDocument();
    for (const [key] of combinations)
      if (!signers.has(key)) signers.set(key, await authority.issueSigner({ key, commonName: `Anna Testsson ${key}` }));
  });
  after(() => authority.close());

  const now = (): SignatureSurroundings => ({ now: new Date() });

  async function signed(
    pdf: Uint8Array,
    options: PadesOptions = {},
    surroundings: SignatureSurroundings = now(),
    [key, algorithm]: [KeyKind, SignatureAlgorithm] = ['ec-p256', 'ES256'],
  ): Promise<Uint8Array> {
    const signer = signerOf(signers.get(key)!, algorithm);
    const out = await signPades(pdf, options, signer, surroundings);
    assert.equal(signer.calls, 1);
    assert.equal(Buffer.compare(out.subarray(0, pdf.length), pdf), 0, 'the document is an exact prefix');
    const checked = judge('qpdf', ['--check', 'x.pdf'], { 'x.pdf': out });
    assert.equal(checked.accepted, true, checked.output);
    assert.doesNotMatch(checked.output, /WARNING/i);
    return out;
  }

  function verifies(pdf: Uint8Array, signatures = 1): void {
    const verdicts = pdfsig(pdf);
    assert.equal(verdicts.length, signatures);
    for (const { output, valid } of verdicts) assert.equal(valid, true, output);
    const { cms, content } = lastSignature(pdf);
    const verdict = opensslCms(cms, authority.path('root.pem'), content);
    assert.equal(verdict.accepted, true, verdict.output);
  }

  for (const combination of combinations) {
    it(`by ${combination[1]} with ${combination[0]} is verified by pdfsig and openssl, and not with a changed byte`, async () => {
      const out = await signed(document, {}, now(), combination);
      verifies(out);
      assert.match(pdfsig(out)[0]!.output, /Total document signed/);
      const changed = Buffer.from(out);
      changed[Buffer.from(document).indexOf('MediaBox') + 12]! ^= 1;
      assert.equal(pdfsig(changed)[0]!.valid, false);
      const { cms, content } = lastSignature(changed);
      assert.equal(opensslCms(cms, authority.path('root.pem'), content).accepted, false);
    });
  }

  for (const [name, make] of Object.entries<() => Promise<Uint8Array>>({
    'with object streams': () => pdfDocument({ streams: true }),
    linearised: async () => qpdf(await pdfDocument(), '--linearize'),
    'linearised with object streams': async () => qpdf(await pdfDocument(), '--linearize', '--object-streams=generate'),
    'with a form': pdfForm,
    'of PDF 2.0': async () => qpdf(await pdfDocument({ streams: true }), '--force-version=2.0'),
    'of many pages': () => pdfDocument({ pages: 300, streams: true }),
  })) {
    for (const [kind, options] of Object.entries<PadesOptions>({ invisible: {}, visible: { field } })) {
      it(`that is ${kind} in a file ${name} is verified`, async () => {
        const out = await signed(await make(), options);
        verifies(out);
      });
    }
  }

  it('that is visible shows signer, time and reason, on the page and at the place that were asked for', async () => {
    const surroundings = { now: new Date('2026-03-04T05:06:07Z') };
    const out = await signed(document, { field, reason: 'Åtgärd: intyg' }, surroundings);
    verifies(out);
    const box = ['-x', '300', '-y', String(842 - 60 - 54), '-W', '220', '-H', '54'];
    const text = (page: string): string =>
      judge('pdftotext', ['-enc', 'UTF-8', '-f', page, '-l', page, ...box, 'x.pdf', '-'], { 'x.pdf': out }).output;
    assert.match(
      Buffer.from(text('2'), 'latin1').toString(),
      /Anna Testsson ec-p256\s+2026-03-04 05:06:07 UTC\s+Åtgärd: intyg/,
    );
    assert.equal(text('1').trim(), '');
  });

  it('has its time, reason and place in the PDF, and no signing time in the CMS', async () => {
    const surroundings = { now: new Date('2026-03-04T05:06:07Z') };
    const out = await signed(document, { reason: 'Intyg (åäö)', location: 'Testköping' }, surroundings);
    const printed = judge('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'c'], {
      c: lastSignature(out).cms,
    });
    assert.doesNotMatch(printed.output, /signingTime/);
    assert.match(printed.output, /signingCertificateV2/);
    const text = Buffer.from(out).toString('latin1');
    assert.match(text, /\/M \(D:20260304050607Z\)/);
    assert.ok(
      text.includes(`/Reason <FEFF${Buffer.from('Intyg (åäö)', 'utf16le').swap16().toString('hex').toUpperCase()}>`),
    );
  });

  it('of level B-T holds a time stamp over the signature value', async () => {
    const out = await signed(document, {}, { ...now(), ...timeStamping(authority) });
    verifies(out);
    const { cms } = lastSignature(out);
    const verdict = opensslTimeStamp(tokenIn(cms), partsOf(cms).signatureValue, authority.path('root.pem'));
    assert.equal(verdict.accepted, true, verdict.output);
  });

  for (const streams of [false, true]) {
    it(`of level B-LT has a security store in an update of its own (${streams ? 'streams' : 'table'})`, async () => {
      const pdf = await pdfDocument({ streams });
      const surroundings = { ...now(), ...longTerm(authority, signers.get('ec-p256')!.certificate) };
      const out = await signed(pdf, {}, surroundings);
      verifies(out);
      const shown = judge('qpdf', ['--json', '--json-key=qpdf', 'x.pdf'], { 'x.pdf': out }).output;
      for (const [list, length] of Object.entries({ Certs: 4, OCSPs: 2, CRLs: 2 })) {
        const references = new RegExp(`"/${list}": \\[([^\\]]*)\\]`).exec(shown)?.[1]?.match(/\d+ 0 R/g) ?? [];
        assert.equal(references.length, length, list);
      }
      assert.ok(Buffer.from(out).includes(Buffer.from(authority.root)));
    });
  }

  it('leaves an earlier one valid, whatever its level and form', async () => {
    for (const streams of [false, true]) {
      const surroundings = { ...now(), ...longTerm(authority, signers.get('rsa-2048')!.certificate) };
      const first = await signed(await pdfDocument({ streams }), { field }, surroundings, ['rsa-2048', 'RS256']);
      const second = await signed(first, { field: { ...field, page: 1 } }, surroundings, ['ec-p384', 'ES384']);
      verifies(second, 2);
      const third = await signed(second, {}, now(), ['ec-p256', 'ES256']);
      verifies(third, 3);
    }
  });

  it('may be added where a certification allows it', async () => {
    const certified = certifiedWith(document, '/P 2');
    assert.equal(pdfsig(await signed(certified)).length, 1);
  });

  /** The document with a certification signature's dictionary, as far as it says what is allowed. */
  function certifiedWith(pdf: Uint8Array, parameters: string): Uint8Array {
    const text = Buffer.from(pdf).toString('latin1');
    const root = /\/Root (\d+) 0 R/.exec(text)![1]!;
    const catalog = new RegExp(`\\n${root} 0 obj\\n<<([^]*?)>>\\nendobj`).exec(text)![1]!;
    const reference = `<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /V /1.2 ${parameters} >> >>`;
    return updated(
      pdf,
      { [root]: `<< ${catalog} /Perms << /DocMDP 90 0 R >> >>`, 90: `<< /Type /Sig /Reference [${reference}] >>` },
      `/Size 91 /Root ${root} 0 R`,
    );
  }
});

// 20, documents: XML that reaches out or wraps signatures, PDF with more behind it, files that are two things at once. What may not be
// signed is refused before the holder is asked, nothing is fetched from anywhere, and what is signed is the whole of what was shown.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { type AddressInfo } from 'node:net';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient, type SentDocument, type SigningWish } from '../support/signing-client.ts';
import { pdfDocument, updated } from '../signatures/documents.ts';
import {
  assertRefused,
  honestSignature,
  newDocument,
  opened,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { journal, withoutKeyUse } from './target.ts';

const enveloped: SigningWish = { format: { type: 'xades', packaging: 'enveloped' } };
const pades: SigningWish = { format: { type: 'pades' } };
const xml = (text: string): SentDocument => newDocument({ type: 'application/xml', content: Buffer.from(text) });
const dsig = 'http://www.w3.org/2000/09/xmldsig#';

describe('20 hostile documents to be signed', function () {
  this.timeout(60_000);
  let target: SigningTarget;
  let host: HostClient;
  let trap: Server;
  let visits = 0;
  let pdf: Uint8Array;

  before(async () => {
    trap = createServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    target = await startSigningTarget();
    host = await target.agent.host();
    pdf = await pdfDocument();
  });
  after(async () => {
    await target.agent.stop();
    trap.close();
  });
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    assert.equal(visits, 0, 'something was fetched');
    await honestSignature(target, host);
  });

  const address = () => `http://127.0.0.1:${(trap.address() as AddressInfo).port}/`;

  async function assertNotSigned(document: SentDocument, wish: SigningWish, code: string): Promise<void> {
    await withoutKeyUse(target, async () => {
      const open = await opened(host, [document], wish);
      await open.signing.send();
      await assertRefused(target, open, code);
      const { id } = open.signing;
      const isShown = host.messages.some((m) => m.type === 'signing' && m.id === id && m.stage === 'consent');
      assert.equal(isShown, false, 'the holder was asked');
    });
  }

  async function signed(document: SentDocument, wish: SigningWish): Promise<Buffer> {
    target.agent.pinentry.answer(`pin ${target.card.signature.pin}`);
    const { answer, signatures } = await new SigningClient(host, [document]).run(journal, wish);
    assert.deepEqual(answer, { result: { signed: 1 } });
    return signatures[0]!;
  }

  const reaching: Readonly<Record<string, () => string>> = {
    'an external entity of the network': () => `<!DOCTYPE a [<!ENTITY b SYSTEM "${address()}">]><a>&b;</a>`,
    'an external entity of the disk': () => '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    'a parameter entity': () => `<!DOCTYPE a [<!ENTITY % b SYSTEM "${address()}">%b;]><a/>`,
    'an external DTD': () => `<!DOCTYPE a SYSTEM "${address()}"><a/>`,
    'a billion laughs': () =>
      `<!DOCTYPE a [<!ENTITY l "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n} "${`&l${n || ''};`.repeat(9)}">`).join('')}]><a>&l8;</a>`,
  };
  for (const [what, text] of Object.entries(reaching)) {
    it(`XML with ${what}: ERR_DOCUMENT_REFUSED, and nobody is visited`, async () => {
      await assertNotSigned(xml(text()), enveloped, 'ERR_DOCUMENT_REFUSED');
    });
  }

  it('a style sheet, a schema and an inclusion in XML are words like others: nobody is visited', async () => {
    const text = `<?xml-stylesheet href="${address()}"?><a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="${address()}"><b xmlns="http://www.w3.org/2001/XInclude" href="${address()}"/></a>`;
    assert.ok((await signed(xml(text), enveloped)).includes('SignatureValue'));
  });

  it('XML with what only looks like a signature, beside what it would be over, is refused', async () => {
    const decoy = `<a><b Id="x">10</b><Signature xmlns="${dsig}"><SignedInfo><Reference URI="#x"/></SignedInfo></Signature></a>`;
    await assertNotSigned(xml(decoy), enveloped, 'ERR_DOCUMENT_REFUSED');
  });

  it('a signature that is moved under another root, beside another element of its Id, gets no second one', async () => {
    const first = (await signed(xml('<a Id="x">10</a>'), enveloped)).toString();
    const inner = first.replace(/^<\?xml[^>]*>\s*/, '');
    target.agent.pinentry.reset();
    await assertNotSigned(xml(`<wrap><a Id="x">10000</a>${inner}</wrap>`), enveloped, 'ERR_DOCUMENT_REFUSED');
  });

  it('two elements of one Id, of which a verifier could take either, get no signature that refers to them', async () => {
    const made = (await signed(xml('<a><b Id="x">10</b><b Id="x">10000</b></a>'), enveloped)).toString();
    const references = [...made.matchAll(/URI="([^"]*)"/g)].map(([, uri]) => uri);
    assert.ok(!references.includes('#x'), JSON.stringify(references));
    assert.ok(references.includes(''));
  });

  it('a PDF with a later update is signed with it: the signature covers every byte of both', async () => {
    const root = /\/Root (\d+) 0 R/.exec(Buffer.from(pdf).toString('latin1'))![1]!;
    const more = updated(pdf, { 90: '<< /Later (update) >>' }, `/Size 99 /Root ${root} 0 R`);
    const made = await signed(newDocument({ type: 'application/pdf', content: more }), pades);
    assert.deepEqual(made.subarray(0, more.length), Buffer.from(more));
    const [, ...numbers] = /\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/.exec(made.toString('latin1'))!;
    const [start, first, second, last] = numbers.map(Number) as [number, number, number, number];
    assert.equal(start, 0);
    assert.ok(first > more.length);
    assert.equal(second + last, made.length);
  });

  const polyglots: Readonly<Record<string, () => [SentDocument, SigningWish, string]>> = {
    'a web page behind a PDF': () => [
      pdfOf(pdf, Buffer.from('<html><script>1</script>')),
      pades,
      'ERR_DOCUMENT_FORMAT',
    ],
    'a PDF behind a web page': () => [pdfOf(Buffer.from('<html><!--\n'), pdf), pades, 'ERR_DOCUMENT_FORMAT'],
    'XML in which a PDF lies': () => [
      xml(`<a><!--\n${Buffer.from(pdf).toString('latin1')}--></a>`),
      enveloped,
      'ERR_DOCUMENT_FORMAT',
    ],
    'a text that says it is a PDF': () => [pdfOf(Buffer.from('%PDF-1.7\nhej')), pades, 'ERR_DOCUMENT_FORMAT'],
    'a PDF that says it is XML': () => [xml(Buffer.from(pdf).toString('latin1')), enveloped, 'ERR_DOCUMENT_FORMAT'],
    'a SignedInfo with more behind it': () => [
      xml(`<SignedInfo xmlns="${dsig}"></SignedInfo><a/>`),
      { format: { type: 'xmldsig' } },
      'ERR_DOCUMENT_FORMAT',
    ],
  };
  for (const [what, make] of Object.entries(polyglots)) {
    it(`${what} is not signed as either`, async () => {
      const [document, wish, code] = make();
      await assertNotSigned(document, wish, code);
    });
  }

  it('one document of a batch that cannot be signed is told by itself; one PIN for the others, and their right signatures', async () => {
    const documents = [xml('<a/>'), xml('<!DOCTYPE a><a/>'), xml('<b/>')];
    target.agent.pinentry.answer(`pin ${target.card.signature.pin}`);
    const end = await new SigningClient(host, documents).run(journal, enveloped);
    const { answer, consent, signed: told, signatures } = end;
    assert.deepEqual(answer, { result: { signed: 2 } });
    assert.deepEqual(
      consent?.documents.map(({ refused }) => refused),
      [undefined, 'ERR_DOCUMENT_REFUSED', undefined],
    );
    assert.deepEqual(told?.documents[1], { status: 'failed', code: 'ERR_DOCUMENT_REFUSED' });
    assert.equal(target.agent.pinentry.unawaited().length, 1);
    assert.match(signatures[0]!.toString(), /^(<\?xml[^>]*>\s*)?<a>/);
    assert.match(signatures[2]!.toString(), /^(<\?xml[^>]*>\s*)?<b>/);
  });

  it('a PIN dialog that is cancelled is told as that, whatever document stands before those it was for', async () => {
    target.agent.pinentry.answer('cancel');
    const end = await new SigningClient(host, [xml('<!DOCTYPE a><a/>'), xml('<b/>')]).run(journal, enveloped);
    assert.equal(codeOf(end.answer), 'ERR_USER_CANCELLED', JSON.stringify(end.answer));
    assert.equal(target.agent.pinentry.unawaited().length, 1);
  });

  it('the same hostile document three times and more: refused each time, and no thread is left worse for it', async () => {
    for (let i = 0; i < 5; i++) await assertNotSigned(xml('<a>'.repeat(100_000)), enveloped, 'ERR_DOCUMENT_REFUSED');
    assert.ok((await signed(xml('<a/>'), enveloped)).length > 0);
  });
});

function pdfOf(...parts: Uint8Array[]): SentDocument {
  return newDocument({ type: 'application/pdf', content: Buffer.concat(parts) });
}

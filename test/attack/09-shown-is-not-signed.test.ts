// 09, at the agent: what is shown, what is named in the PIN dialog and what is signed are the same bytes, whoever sends what when.
// Pieces after the last one, reads of what is not one's own, documents in another's place, and types that lie are refusals.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient, type SigningWish } from '../support/signing-client.ts';
import {
  assertRefused,
  atConsent,
  atPin,
  honestSignature,
  isSignedBy,
  newDocument,
  opened,
  raw,
  sayNo,
  sayYes,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { journal, prescriptions, withoutKeyUse } from './target.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('09 shown is not signed', function () {
  this.timeout(40_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    await honestSignature(target, host);
  });

  it('a piece that comes while the document is shown, or its PIN typed, ends the request', async () => {
    const other = base64(Buffer.from('Intyg: arbetsför'));
    await withoutKeyUse(target, async () => {
      const shown = await atConsent(host);
      shown.signing.say({ type: 'document', document: 0, offset: 0, data: other });
      await assertRefused(target, shown, 'ERR_REQUEST_INVALID');
      const typed = await atPin(target.agent, host);
      typed.signing.say({ type: 'document', document: 0, offset: 0, data: other });
      assert.equal(codeOf(await typed.answer), 'ERR_REQUEST_INVALID');
    });
  });

  it('so does one together with the yes', async () => {
    await withoutKeyUse(target, async () => {
      const open = await atConsent(host);
      sayYes(open);
      open.signing.say({ type: 'document', document: 0, offset: 0, data: base64(open.signing.documents[0]!.content) });
      assert.equal(codeOf(await open.answer), 'ERR_REQUEST_INVALID');
    });
  });

  const disorders: readonly (readonly [string, number, number, number])[] = [
    ['over what has come', 0, 0, 8],
    ['into the middle of what has come', 0, 4, 8],
    ['behind a gap', 0, 9, 4],
    ['of the next document, before this one is whole', 1, 0, 4],
    ['of a document that is none', 9, 0, 4],
    ['beyond the end', 0, 8, 25],
    ['of no bytes', 0, 8, 0],
  ];
  for (const [what, document, offset, size] of disorders) {
    it(`a piece ${what} is refused`, async () => {
      const documents = [newDocument({ content: randomBytes(32) }), newDocument()];
      await withoutKeyUse(target, async () => {
        const open = await opened(host, documents);
        const piece = { type: 'document', document: 0, offset: 0, data: base64(documents[0]!.content.subarray(0, 8)) };
        open.signing.say(piece);
        open.signing.say({ ...piece, document, offset, data: base64(randomBytes(size)) });
        await assertRefused(target, open, 'ERR_DOCUMENT_INCOMPLETE');
      });
    });
  }

  it('each document of a batch is shown, named and signed under its own number', async () => {
    const { agent, card } = target;
    const sizes = [1, 0, limits.documentPiece, limits.documentPiece + 1, 3];
    const documents = sizes.map((size, index) => newDocument({ name: `${index}.bin`, content: randomBytes(size) }));
    agent.pinentry.answer(`pin ${card.signature.pin}`);
    const end = await new SigningClient(host, documents).run(journal, raw, {
      choose: async (consent, signing) => {
        for (const [index, { content }] of documents.entries()) {
          const { name, size, fingerprint } = consent.documents[index]!;
          assert.deepEqual([name, size, fingerprint], [`${index}.bin`, content.length, sha256(content)]);
          assert.deepEqual(await signing.read('document', index, content.length), Buffer.from(content));
        }
        return consent.keys[0]!.key;
      },
    });
    assert.deepEqual(end.answer, { result: { signed: sizes.length } });
    for (const [made, signature] of end.signatures.entries()) {
      const over = documents.flatMap(({ content }, index) =>
        isSignedBy(card, content, end.signed!.certificate, signature!) ? [index] : [],
      );
      assert.deepEqual(over, [made]);
    }
  });

  const digest = createHash('sha256').update('Intyg: arbetsför').digest();
  const attributes = Buffer.concat([
    Buffer.from('314b301806092a864886f70d010903310b06092a864886f70d010701', 'hex'),
    Buffer.from('302f06092a864886f70d01090431220420', 'hex'),
    digest,
  ]);
  const inputs: readonly (readonly [string, string | Uint8Array])[] = [
    ['signed attributes of CMS or PDF', attributes],
    [
      'a SignedInfo',
      `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${digest.toString('base64')}</ds:SignedInfo>`,
    ],
    [
      'the signing input of a JWS',
      `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${digest.toString('base64url')}`,
    ],
  ];
  for (const [what, input] of inputs) {
    it(`bytes that are ${what} are not signed as they are: they stand for a document that nobody sees`, async () => {
      const document = newDocument({ name: 'intyg.bin', content: Buffer.from(input) });
      await withoutKeyUse(target, async () => {
        await assert.rejects(atConsent(host, [document]), /ERR_DOCUMENT_REFUSED/);
        assert.deepEqual(target.agent.pinentry.unawaited(), []);
      });
    });
  }

  it('the PIN dialog names the site, the document and the first digits of what is signed', async () => {
    await withoutKeyUse(target, async () => {
      const document = newDocument({ name: 'Läkarintyg 7804.txt' });
      const open = await atConsent(host, [document]);
      sayYes(open);
      const { description } = await target.agent.pinentry.waitForDialog();
      assert.match(description, /https:\/\/journal\.example /);
      assert.match(description, /Läkarintyg 7804\.txt/);
      const digits = sha256(document.content).slice(0, 16);
      assert.ok(description.replaceAll('\u00a0', '').includes(digits), description);
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
    });
  });

  it('nobody reads the documents of another request', async () => {
    await withoutKeyUse(target, async () => {
      const secret = await atConsent(host, [newDocument({ content: Buffer.from('HEMLIGT 4711') })]);
      const other = await target.agent.host();
      const mine = await opened(other, [newDocument()], raw, prescriptions);
      await mine.signing.send();
      for (const id of [secret.signing.id, 'a', mine.signing.id])
        for (const what of ['document', 'signature']) other.send({ type: 'read', id, what, document: 0, offset: 0 });
      await assertRefused(target, mine, 'ERR_REQUEST_INVALID');
      assert.ok(!other.traffic.includes(base64(Buffer.from('HEMLIGT 4711'))));
      sayNo(secret);
      await assertRefused(target, secret, 'ERR_USER_DECLINED');
      await other.end();
    });
  });

  for (const [what, read] of [
    ['a document that is none', { what: 'document', document: 1, offset: 0 }],
    ['behind its end', { what: 'document', document: 0, offset: 1_000 }],
    ['a signature that is not made', { what: 'signature', document: 0, offset: 0 }],
  ] as const) {
    it(`a read of ${what} is refused`, async () => {
      await withoutKeyUse(target, async () => {
        const open = await atConsent(host);
        open.signing.say({ type: 'read', ...read });
        await assertRefused(target, open, 'ERR_REQUEST_INVALID');
      });
    });
  }

  it('a document that is signed as one thing is not shown as another', async () => {
    const lies: readonly (readonly [SigningWish['format'], string])[] = [
      [{ type: 'pades' }, 'text/plain'],
      [{ type: 'pades' }, 'application/xml'],
      [{ type: 'pades' }, 'image/svg+xml'],
      [{ type: 'pades' }, 'application/pdf+xml'],
      [{ type: 'xades', packaging: 'enveloped' }, 'application/pdf'],
      [{ type: 'xades', packaging: 'enveloped' }, 'text/plain'],
      [{ type: 'xades', packaging: 'enveloped' }, 'text/xml-not'],
    ];
    await withoutKeyUse(target, async () => {
      for (const [format, type] of lies) {
        const signing = new SigningClient(host, [newDocument({ type })]);
        assert.equal(codeOf(await signing.open(journal, { format })), 'ERR_DOCUMENT_FORMAT', type);
      }
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
    });
  });
});

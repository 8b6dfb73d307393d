// What the containers of this folder have signed is recognised, so that it is never signed as a document; documents are not.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { signCms } from '../../../agent/signatures/cms.ts';
import { signJws } from '../../../agent/signatures/jws.ts';
import { signPades } from '../../../agent/signatures/pades.ts';
import { isSignatureInput } from '../../../agent/signatures/signature-input.ts';
import { type Signer } from '../../../agent/signatures/signer.ts';
import { signXades } from '../../../agent/signatures/xades.ts';
import { pdfDocument } from '../../signatures/documents.ts';
import { signerOf } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { utf8 } from './xmlsec.ts';

const surroundings = { now: new Date('2026-11-02T12:00:00Z') };
const text = utf8('Intyg för Doris Demosson');

describe('What a container has signed', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let signer: Signer;
  /** What the card was to sign, the latest last. */
  const inputs: Uint8Array[] = [];
  before(async () => {
    authority = await TestAuthority.create();
    const card = signerOf(await authority.issueSigner({ key: 'ec-p256' }), 'ES256');
    signer = {
      ...card,
      sign: (bytes) => {
        inputs.push(bytes);
        return card.sign(bytes);
      },
    };
  });
  after(() => authority.close());

  const made: Readonly<Record<string, () => Promise<Uint8Array>>> = {
    CMS: () => signCms(text, { attached: true }, signer, surroundings),
    PDF: async () => signPades(await pdfDocument(), {}, signer, surroundings),
    XML: () => signXades(text, { packaging: 'detached', mimeType: 'text/plain' }, signer, surroundings),
    JWS: () => signJws(text, { detached: false }, signer, surroundings),
    'detached JWS': () => signJws(text, { detached: true }, signer, surroundings),
  };
  for (const [name, make] of Object.entries(made)) {
    it(`is recognised: ${name}`, async () => {
      const before = inputs.length;
      const container = await make();
      assert.equal(inputs.length, before + 1);
      assert.ok(isSignatureInput(inputs.at(-1) ?? container));
      // A whole JWS begins as what it has signed, and could be that of another with a payload that is not encoded.
      assert.equal(isSignatureInput(container), name.endsWith('JWS'), 'the container itself');
    });
  }

  it('is recognised however its names are written', () => {
    const header = (json: string) => `${Buffer.from(json).toString('base64url')}.`;
    const odd = ['<SignedInfo>', '<å.b-c:SignedInfo a="">', '<a\n', '<b:SignedInfo'];
    const seen = [...odd, header(' {"\\u0061lg":"ES256"}\n'), header('{}')].map((one) => isSignatureInput(utf8(one)));
    assert.deepEqual(seen, [true, true, false, true, true, true]);
  });

  it('is recognised as those take it who read more than the standards allow', () => {
    const digest = Buffer.from('2a864886f70d010904', 'hex');
    const set = (...oid: number[]) =>
      Buffer.concat([Buffer.from([0x31, 30, 0x30, 28, ...oid]), digest, Buffer.alloc(16)]);
    assert.ok(isSignatureInput(set(0x06, 0x09)));
    assert.ok(isSignatureInput(set(0x06, 0x81, 0x09)), 'a length in more octets than it needs');
    // Whoever does not canonicalise what has come.
    for (const end of ['\n', '\t', '\r\n', '/'])
      assert.ok(isSignatureInput(utf8(`<ds:SignedInfo${end} a="b">`)), JSON.stringify(end));
    // Decoders of base64 that leave out what is none of it.
    const header = Buffer.from('{"alg":"ES256"}').toString('base64url');
    const lax = [
      `\n${header}.`,
      `=${header}.`,
      `${header.slice(0, 4)}==${header.slice(4)}.`,
      `${header.slice(0, 5)} ${header.slice(5)}.`,
      `${header}==.`,
      `"${header}.`,
    ];
    for (const one of lax) assert.ok(isSignatureInput(utf8(one)), JSON.stringify(one));
    assert.ok(isSignatureInput(utf8(`${Buffer.from('{"a":"\u00f8?>"}', 'latin1').toString('base64')}.`)), '+ and /');
  });

  it('is no document of every day', () => {
    const documents = [
      '',
      '1. Intyg. 2. Beslut.',
      '<intyg><SignedInfo/></intyg>',
      '<!-- --><SignedInfo/>',
      '<SignedInformation/>',
      '<intyg a="<SignedInfo">',
      '<intyg\n  xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></intyg>',
      'eyJhbGciOiJFUzI1NiJ9 was in the token. It has been changed.',
      '{ "diagnos": "J06.9" }',
      '{j06.9}',
      'exakt som förut. Åter vid behov.',
      'eyJ',
      'Intyg.pdf',
      '{"alg":"none"}.',
      `${'x'.repeat(100_000)}.`,
    ];
    for (const document of documents) assert.ok(!isSignatureInput(utf8(document)), document.slice(0, 40));
    // Always the same: of 65 000 texts that begin anyhow, one would decode to something in braces.
    for (let length = 1; length < 200; length += 1)
      assert.ok(!isSignatureInput(createHash('shake256', { outputLength: length }).update('any').digest()));
  });
});

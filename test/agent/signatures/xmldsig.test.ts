// A ds:SignedInfo that a site made is signed as it is, and put into a document it is verified by xmlsec1; what is shown of it is what
// it says; whatever else comes under its name is refused before the key is used.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describeSignedInfo, signSignedInfo } from '../../../agent/signatures/xmldsig.ts';
import { signatureMethodElement, signatureMethods } from '../../../agent/signatures/xml-algorithms.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { signerOf } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { assertRefused, combinations, unusedSigner, utf8, xmlsec } from './xmlsec.ts';

const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const content = '<intyg><frisk></frisk></intyg>';
const digest = createHash('sha256').update(content).digest('base64');

const empty = (name: string, algorithm: string, inside = ''): string =>
  `<ds:${name} Algorithm="${algorithm}">${inside}</ds:${name}>`;
const reference = (digestMethod = sha256, value = digest): string =>
  `<ds:Reference URI=""><ds:Transforms>${empty('Transform', `${dsig}enveloped-signature`)}${empty('Transform', exclusive)}` +
  `</ds:Transforms>${empty('DigestMethod', digestMethod)}<ds:DigestValue>${value}</ds:DigestValue></ds:Reference>`;
const method = (algorithm: SignatureAlgorithm): string =>
  algorithm === 'RS1' ? empty('SignatureMethod', `${dsig}rsa-sha1`) : signatureMethodElement(algorithm);
const signedInfo = (inside: string): Uint8Array => utf8(`<ds:SignedInfo xmlns:ds="${dsig}">${inside}</ds:SignedInfo>`);
const honest = (algorithm: SignatureAlgorithm, canonicalization = exclusive): Uint8Array =>
  signedInfo(empty('CanonicalizationMethod', canonicalization) + method(algorithm) + reference());

describe('The value over a SignedInfo', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  before(async () => {
    authority = await TestAuthority.create();
  });
  after(() => authority.close());

  for (const [key, algorithm] of combinations) {
    it(`by ${algorithm} with ${key} signs these very bytes, and makes a whole signature`, async () => {
      const issued = await authority.issueSigner({ key });
      const bytes = honest(algorithm);
      let asked: Uint8Array | undefined;
      const signer = signerOf(issued, algorithm);
      const value = await signSignedInfo(bytes, {
        ...signer,
        sign: (toBeSigned) => {
          asked = toBeSigned;
          return signer.sign(toBeSigned);
        },
      });
      assert.deepEqual(asked, bytes);
      if (algorithm.startsWith('PS')) return;
      const certificates = [issued.certificate, ...issued.chain].map(
        (der) => `<ds:X509Certificate>${Buffer.from(der).toString('base64')}</ds:X509Certificate>`,
      );
      const signature =
        `<ds:Signature xmlns:ds="${dsig}">${Buffer.from(bytes).toString()}` +
        `<ds:SignatureValue>${Buffer.from(value).toString('base64')}</ds:SignatureValue>` +
        `<ds:KeyInfo><ds:X509Data>${certificates.join('')}</ds:X509Data></ds:KeyInfo></ds:Signature>`;
      const whole = utf8(content.replace('</intyg>', `${signature}</intyg>`));
      const verdict = xmlsec(whole, authority.path('root.pem'));
      assert.equal(verdict.accepted, true, verdict.output);
    });
  }

  it('is described by what it refers to', () => {
    const detached = `<ds:Reference Type="urn:type" URI="bilaga.pdf">${empty('DigestMethod', sha256)}<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`;
    const bytes = signedInfo(empty('CanonicalizationMethod', inclusive) + method('ES384') + reference() + detached);
    assert.deepEqual(describeSignedInfo(bytes), {
      canonicalizationMethod: inclusive,
      algorithm: 'ES384',
      references: [
        { uri: '', transforms: [`${dsig}enveloped-signature`, exclusive], hash: 'SHA-256', digest },
        { uri: 'bilaga.pdf', type: 'urn:type', transforms: [], hash: 'SHA-256', digest },
      ],
    });
  });

  it('knows every SignatureMethod by its name, and RSASSA-PSS by its parameters too', () => {
    for (const [uri, algorithm] of Object.entries(signatureMethods)) {
      const bytes = signedInfo(
        empty('CanonicalizationMethod', exclusive) + empty('SignatureMethod', uri) + reference(),
      );
      assert.equal(describeSignedInfo(bytes).algorithm, algorithm);
    }
    assert.equal(describeSignedInfo(honest('PS384')).algorithm, 'PS384');
  });

  it('takes prefixes that exclusive canonicalisation is told to keep', () => {
    const prefixes = `<ec:InclusiveNamespaces xmlns:ec="${exclusive}" PrefixList="i"></ec:InclusiveNamespaces>`;
    const inside = empty('CanonicalizationMethod', exclusive, prefixes) + method('ES256') + reference();
    const bytes = utf8(`<ds:SignedInfo xmlns:ds="${dsig}" xmlns:i="urn:i">${inside}</ds:SignedInfo>`);
    assert.equal(describeSignedInfo(bytes).references.length, 1);
  });

  it('is made with SHA-1 only by a signer that was allowed to', async () => {
    const weakReference = reference(`${dsig}sha1`, Buffer.alloc(20).toString('base64'));
    const weak = signedInfo(empty('CanonicalizationMethod', exclusive) + method('RS1') + weakReference);
    const signer = await unusedSigner(authority);
    await assertRefused(() => signSignedInfo(weak, signer), 'ERR_SIGNATURE_ALGORITHM');
    const mixed = signedInfo(empty('CanonicalizationMethod', exclusive) + method('ES256') + weakReference);
    await assertRefused(() => signSignedInfo(mixed, signer), 'ERR_SIGNATURE_ALGORITHM');
    const old = { ...signer, algorithm: 'RS1' as const, sign: () => Promise.resolve(new Uint8Array(256)) };
    assert.equal((await signSignedInfo(weak, old)).length, 256);
  });

  const canonicalization = empty('CanonicalizationMethod', exclusive);
  const pss = method('PS256');
  const refused: Record<string, readonly [Parameters<typeof assertRefused>[1], Uint8Array]> = {
    'another algorithm than the key signs with': ['ERR_SIGNATURE_ALGORITHM', honest('RS256')],
    'a method that is unknown': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(canonicalization + empty('SignatureMethod', `${dsig}hmac-sha1`) + reference()),
    ],
    'a method named like a property of objects': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(canonicalization + empty('SignatureMethod', 'constructor') + reference()),
    ],
    'another salt': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(canonicalization + pss.replace('>32<', '>20<') + reference()),
    ],
    'another mask': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(canonicalization + pss.replace('#MGF1', '#MGF2') + reference()),
    ],
    'a mask of another hash': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(
        canonicalization + pss.replace(/#sha256("><\/ds:DigestMethod><\/pss:Mask)/, '#sha512$1') + reference(),
      ),
    ],
    'comments that are kept': ['ERR_SIGNATURE_ALGORITHM', honest('ES256', `${exclusive}WithComments`)],
    'a digest that is unknown': [
      'ERR_SIGNATURE_ALGORITHM',
      signedInfo(canonicalization + method('ES256') + reference('urn:md5')),
    ],
    'a digest of the wrong length': [
      'ERR_DOCUMENT_FORMAT',
      signedInfo(canonicalization + method('ES256') + reference(sha256, 'AAAA')),
    ],
    'no reference': ['ERR_DOCUMENT_FORMAT', signedInfo(canonicalization + method('ES256'))],
    'a hundred and one references': [
      'ERR_DOCUMENT_FORMAT',
      signedInfo(canonicalization + method('ES256') + reference().repeat(101)),
    ],
    'another root': ['ERR_DOCUMENT_FORMAT', utf8(`<ds:Signature xmlns:ds="${dsig}"></ds:Signature>`)],
    'a root of the same name from elsewhere': [
      'ERR_DOCUMENT_FORMAT',
      utf8(Buffer.from(honest('ES256')).toString().replace(dsig, 'urn:other')),
    ],
    'another order of attributes': [
      'ERR_DOCUMENT_FORMAT',
      utf8(
        Buffer.from(honest('ES256')).toString().replace('<ds:Reference URI=""', '<ds:Reference URI="" Type="urn:t"'),
      ),
    ],
    'an element that closes itself': [
      'ERR_DOCUMENT_FORMAT',
      utf8(Buffer.from(honest('ES256')).toString().replace('></ds:SignatureMethod>', '/>')),
    ],
    'a comment': ['ERR_DOCUMENT_FORMAT', signedInfo(`${canonicalization}<!-- -->${method('ES256')}${reference()}`)],
    'text between': ['ERR_DOCUMENT_FORMAT', signedInfo(`${canonicalization}text${method('ES256')}${reference()}`)],
    'a namespace that nobody uses': [
      'ERR_DOCUMENT_FORMAT',
      utf8(Buffer.from(honest('ES256')).toString().replace('<ds:SignedInfo ', '<ds:SignedInfo xmlns:a="urn:a" ')),
    ],
    'a line end more': ['ERR_DOCUMENT_FORMAT', Buffer.concat([honest('ES256'), utf8('\n')])],
    'a DOCTYPE': ['ERR_DOCUMENT_REFUSED', Buffer.concat([utf8('<!DOCTYPE a>'), honest('ES256')])],
    'any other bytes': ['ERR_DOCUMENT_FORMAT', Buffer.from('a hash, perhaps')],
    'more elements than all references have': [
      'ERR_DOCUMENT_TOO_LARGE',
      signedInfo(`${empty('CanonicalizationMethod', inclusive)}${'<b></b>'.repeat(5_000)}`),
    ],
    'more namespaces in scope than a document has': [
      'ERR_DOCUMENT_TOO_LARGE',
      signedInfo(`<b ${Array.from({ length: 130 }, (_, n) => `xmlns:p${n}="urn:${n}"`).join(' ')}></b>`),
    ],
    'too many bytes': ['ERR_DOCUMENT_TOO_LARGE', Buffer.alloc(300_000, ' ')],
  };
  for (const [what, [code, bytes]] of Object.entries(refused)) {
    it(`is not made of one with ${what}`, async () => {
      const signer = await unusedSigner(authority);
      await assertRefused(() => signSignedInfo(bytes, signer), code);
    });
  }
});

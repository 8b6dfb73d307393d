// XAdES signatures by every algorithm, packaging and level, verified by xmlsec1, which also refuses them once one byte is changed.
// It knows no RSASSA-PSS: those are verified by the relying party (test/relying-party), and here by node:crypto over SignedInfo.
import assert from 'node:assert/strict';
import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { type SignatureSurroundings } from '../../../agent/signatures/signer.ts';
import { signXades } from '../../../agent/signatures/xades.ts';
import { exclusiveCanonicalization } from '../../../agent/signatures/xml-algorithms.ts';
import { withXml } from '../../../agent/signatures/xml.ts';
import { XmlC14NMode } from 'libxml2-wasm';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { longTerm, signerOf, timeStamping } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { opensslTimeStamp } from './openssl.ts';
import { assertRefused, combinations, replaced, textOf, unusedSigner, utf8, xmlsec } from './xmlsec.ts';

const now = new Date('2026-11-02T12:00:00.900Z');
const surroundings: SignatureSurroundings = { now };
const namespaces = {
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
  later: 'http://uri.etsi.org/01903/v1.4.1#',
};

/** What the ends of tags and of documents may be mistaken for. */
const certificateOfHealth = utf8(
  '<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- </i:intyg> -->\n<?visning </i:intyg>?>\n' +
    '<i:intyg xmlns:i="urn:test:intyg" xmlns="urn:test:unused" b="1>" a=\'2 "/>\'><!-- <x> --><![CDATA[<!DOCTYPE x></i:intyg>]]>' +
    ' Åsa &amp; Örjan &lt; <i:frisk/></i:intyg >\n<!-- </i:intyg> -->\n',
);
const text = utf8('Intyg för Anna Testsson: frisk.\r\n');

describe('A XAdES signature', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  const signers = new Map<KeyKind, Issued>();

  before(async () => {
    authority = await TestAuthority.create();
    for (const key of new Set(combinations.map(([kind]) => kind)))
      signers.set(key, await authority.issueSigner({ key }));
  });
  after(() => authority.close());

  const root = (): string => authority.path('root.pem');
  const options = {
    enveloped: { packaging: 'enveloped', mimeType: 'application/xml' },
    enveloping: { packaging: 'enveloping', mimeType: 'text/plain' },
    detached: { packaging: 'detached', mimeType: 'text/plain', uri: 'intyg.txt' },
  } as const;

  for (const [key, algorithm] of combinations) {
    for (const packaging of ['enveloped', 'enveloping', 'detached'] as const) {
      it(`by ${algorithm} with ${key}, ${packaging}, is verified by others, and not once a byte is changed`, async () => {
        const signer = signerOf(signers.get(key)!, algorithm);
        const document = packaging === 'enveloped' ? certificateOfHealth : text;
        const signed = await signXades(document, options[packaging], signer, surroundings);
        assert.equal(signer.calls, 1);
        if (algorithm.startsWith('PS')) {
          assertPss(signed, signer.certificate, `sha${algorithm.slice(2)}`);
          return;
        }
        const verdict = xmlsec(signed, root(), { 'intyg.txt': text });
        assert.equal(verdict.accepted, true, verdict.output);
        const changed = {
          enveloped: () => xmlsec(replaced(signed, 'Åsa', 'Åse'), root()),
          enveloping: () => xmlsec(replaced(signed, base64(text), base64(utf8('Något annat'))), root()),
          detached: () => xmlsec(signed, root(), { 'intyg.txt': utf8('Något annat') }),
        };
        assert.equal(changed[packaging]().accepted, false);
      });
    }
  }

  it('is refused by others when a signed property is changed', async () => {
    const signed = await signXades(text, options.enveloping, signerOf(signers.get('ec-p256')!, 'ES256'), surroundings);
    assert.match(textOf(signed), /<xades:SigningTime>2026-11-02T12:00:00Z</);
    const later = replaced(signed, '2026-11-02T12:00:00Z', '2026-11-03T12:00:00Z');
    assert.equal(xmlsec(later, root()).accepted, false);
    assert.equal(
      xmlsec(replaced(signed, '<xades:MimeType>text/plain', '<xades:MimeType>text/html'), root()).accepted,
      false,
    );
  });

  it('keeps every byte of the document that it is put into', async () => {
    const signer = signerOf(signers.get('ec-p256')!, 'ES256');
    const signed = textOf(await signXades(certificateOfHealth, options.enveloped, signer, surroundings));
    const start = signed.indexOf('<ds:Signature ');
    const end = signed.indexOf('</ds:Signature>') + '</ds:Signature>'.length;
    assert.equal(signed.slice(0, start) + signed.slice(end), textOf(certificateOfHealth));
    assert.equal(signed.slice(end, end + 10), '</i:intyg ');
  });

  it('opens a root that is empty', async () => {
    const signer = signerOf(signers.get('ec-p256')!, 'ES256');
    const signed = await signXades(utf8('<a:å xmlns:a="urn:a" b="/>"\n/>\n'), options.enveloped, signer, surroundings);
    assert.match(textOf(signed), /^<a:å xmlns:a="urn:a" b="\/>"\n><ds:Signature .*<\/ds:Signature><\/a:å>\n$/s);
    assert.equal(xmlsec(signed, root()).accepted, true);
  });

  it('is written in canonical form: what was hashed is what stands there', async () => {
    const stamps = longTerm(authority, signers.get('rsa-2048')!.certificate);
    const signer = signerOf(signers.get('rsa-2048')!, 'PS256');
    const withoutUri = { packaging: 'detached', mimeType: 'text/plain' } as const;
    for (const one of [options.enveloped, options.enveloping, { ...options.detached, uri: 'a?b=1&c' }, withoutUri]) {
      const document = one.packaging === 'enveloped' ? certificateOfHealth : text;
      const signed = await signXades(document, one, signer, { now, ...stamps });
      withXml(signed, (tree) => {
        for (const path of ['//ds:SignedInfo', '//xades:SignedProperties', '//ds:SignatureValue', '//ds:Signature']) {
          const element = tree
            .get(path, namespaces)!
            .canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 });
          if (path !== '//ds:Signature') assert.ok(textOf(signed).includes(element), path);
        }
        const reference = tree.get('//ds:Reference[1]/@URI', namespaces);
        assert.equal(reference === null, one.packaging === 'detached' && !('uri' in one));
      });
    }
  });

  it('names its certificate and the document as EN 319 132-1 asks', async () => {
    const signer = signerOf(signers.get('ec-p384')!, 'ES384');
    const signed = await signXades(text, options.detached, signer, surroundings);
    withXml(signed, (tree) => {
      const content = (path: string): string | undefined => tree.get(path, namespaces)?.content;
      assert.equal(
        content('//xades:SigningCertificateV2/xades:Cert/xades:CertDigest/ds:DigestValue'),
        createHash('sha384').update(signer.certificate).digest('base64'),
      );
      assert.equal(`#${content('//ds:Reference[1]/@Id')}`, content('//xades:DataObjectFormat/@ObjectReference'));
      assert.equal(content('//xades:DataObjectFormat/xades:MimeType'), 'text/plain');
      assert.equal(content('//ds:Reference[2]/@Type'), 'http://uri.etsi.org/01903#SignedProperties');
      assert.equal(`#${content('//ds:Signature/@Id')}`, content('//xades:QualifyingProperties/@Target'));
      assert.equal(content('//ds:CanonicalizationMethod/@Algorithm'), exclusiveCanonicalization);
      assert.equal(tree.get('//xades:UnsignedProperties', namespaces), null);
    });
  });

  it('of level B-T holds a time stamp over its canonical value, and verifies as before', async () => {
    const signer = signerOf(signers.get('ec-p384')!, 'ES384');
    const signed = await signXades(text, options.enveloping, signer, { now, ...timeStamping(authority) });
    assert.equal(signer.calls, 1);
    assert.equal(xmlsec(signed, root()).accepted, true);
    const token = /<xades:EncapsulatedTimeStamp>([^<]+)</.exec(textOf(signed))?.[1] ?? '';
    const value = /<ds:SignatureValue .*<\/ds:SignatureValue>/.exec(textOf(signed))?.[0] ?? '';
    const verdict = opensslTimeStamp(Buffer.from(token, 'base64'), utf8(value), root());
    assert.equal(verdict.accepted, true, verdict.output);
  });

  it('of level B-LT holds certificates, OCSP answers and lists besides, each once', async () => {
    const signer = signerOf(signers.get('rsa-2048')!, 'RS256');
    const fetched = longTerm(authority, signer.certificate);
    const ofSigner = await fetched.revocation.ofSigner();
    const more = await fetched.revocation.ofTimeStamp(new Uint8Array());
    // The second list is the signer's again.
    const ofTimeStamp = { ...more, crls: [...more.crls, ...ofSigner.crls] };
    const signed = await signXades(certificateOfHealth, options.enveloped, signer, {
      now,
      ...fetched,
      revocation: { ofSigner: () => Promise.resolve(ofSigner), ofTimeStamp: () => Promise.resolve(ofTimeStamp) },
    });
    assert.equal(xmlsec(signed, root()).accepted, true);
    withXml(signed, (tree) => {
      const inside = (path: string): string[] => tree.find(path, namespaces).map(({ content }) => content);
      const each = (name: string): string[] => inside(`//xades:UnsignedSignatureProperties/xades:*//xades:${name}`);
      const ofStamp = (name: string): string[] =>
        inside(
          `//xades:SignatureTimeStamp/following-sibling::*[1][self::later:TimeStampValidationData]//xades:${name}`,
        );
      // The issuer and the root are in KeyInfo already.
      assert.deepEqual(each('EncapsulatedX509Certificate'), [base64(authority.services.ocsp.certificate)]);
      assert.deepEqual(each('EncapsulatedOCSPValue'), ofSigner.ocsp.map(base64));
      assert.deepEqual(each('EncapsulatedCRLValue'), ofSigner.crls.map(base64));
      assert.deepEqual(ofStamp('EncapsulatedX509Certificate'), [base64(authority.timeStampIssuer)]);
      assert.deepEqual(ofStamp('EncapsulatedOCSPValue'), more.ocsp.map(base64));
      assert.deepEqual(ofStamp('EncapsulatedCRLValue'), more.crls.map(base64));
      assert.equal(tree.find('//ds:X509Certificate', namespaces).length, 3);
    });
  });

  it('is not made when revocation cannot be told, and the key is not used', async () => {
    const signer = await unusedSigner(authority);
    const { timeStamp } = timeStamping(authority);
    const nothing = () => Promise.resolve({ certificates: [], ocsp: [], crls: [] });
    const revocation = { ofSigner: nothing, ofTimeStamp: nothing };
    const withBoth = { now, timeStamp, revocation };
    await assertRefused(() => signXades(text, options.enveloping, signer, withBoth), 'ERR_SIGNATURE_REVOCATION');
    const withoutStamp = { now, revocation };
    await assertRefused(() => signXades(text, options.enveloping, signer, withoutStamp), 'ERR_SIGNATURE_TIMESTAMP');
  });

  it('is not made with SHA-1, of a document that is signed already, or for an address that names the signature itself', async () => {
    const signer = await unusedSigner(authority);
    const weak = { ...signer, algorithm: 'RS1' as const };
    await assertRefused(() => signXades(text, options.enveloping, weak, surroundings), 'ERR_SIGNATURE_ALGORITHM');
    const signed = utf8('<a><b:Signature xmlns:b="http://www.w3.org/2000/09/xmldsig#"/></a>');
    await assertRefused(() => signXades(signed, options.enveloped, signer, surroundings), 'ERR_DOCUMENT_REFUSED');
    for (const uri of ['', '#document', 'a#b', '#xpointer(/)', 'a b', 'a\u202eb', '"', '%zz']) {
      const detached = { ...options.detached, uri };
      await assertRefused(() => signXades(text, detached, signer, surroundings), 'ERR_DOCUMENT_REFUSED');
    }
  });

  it('is not made of XML that must not be signed, whatever its packaging', async () => {
    const signer = await unusedSigner(authority);
    const bomb = utf8('<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>');
    for (const packaging of ['enveloped', 'enveloping', 'detached'] as const) {
      for (const mimeType of ['text/xml', 'application/xml', 'application/x-intyg+xml'])
        await assertRefused(
          () => signXades(bomb, { packaging, mimeType }, signer, surroundings),
          'ERR_DOCUMENT_REFUSED',
        );
    }
  });
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The signature over SignedInfo as it stands there, by the certificate in the signature. */
function assertPss(signed: Uint8Array, certificate: Uint8Array, hash: string): void {
  const part = (pattern: RegExp): string => pattern.exec(textOf(signed))?.[1] ?? '';
  const signedInfo = utf8(part(/(<ds:SignedInfo .*<\/ds:SignedInfo>)/s));
  const value = Buffer.from(part(/<ds:SignatureValue [^>]*>([^<]+)</), 'base64');
  const key = { key: new X509Certificate(certificate).publicKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  assert.equal(verify(hash, signedInfo, { ...key, saltLength }, value), true);
  assert.match(textOf(signed), /xmldsig-more#rsa-pss/);
}

// Signature wrapping and its relatives: XML in which a good signature stands, and in which somebody wants another part to be read.
// Each is refused, or its report holds nothing but what was signed.
import assert from 'node:assert/strict';
import { type Issued } from '../../../demo/pki/pki.ts';
import {
  SignatureError,
  type SignatureErrorCode,
  type SignatureReport,
  verifyXades,
  verifyXmlDsig,
} from '../../../relying-party/src/index.ts';
import {
  BASE64,
  CANONICAL,
  empty,
  ENVELOPED,
  EXCLUSIVE,
  INCLUSIVE,
  keyInfoOf,
  reference,
  replaced,
  SHA256,
  textOf,
  utf8,
  xmlSignature,
  XmlSite,
} from './xml-site.ts';

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const content = '<intyg><frisk></frisk></intyg>';
const bodyWith = (signature: string, body = content): Uint8Array =>
  utf8(body.replace('</intyg>', `${signature}</intyg>`));

describe('An XML signature that somebody has tampered with', function () {
  this.timeout(60_000);
  let site: XmlSite;
  let signer: Issued;
  let xades: Uint8Array;
  before(async () => {
    site = await XmlSite.create();
    signer = await site.signer();
    xades = await site.xades();
  });

  const verify = (signature: Uint8Array, document?: Uint8Array): Promise<SignatureReport> =>
    verifyXmlDsig({ signature, ...(document && { document }) }, site.trust);
  const refusal = async (attempt: Promise<unknown>, code: SignatureErrorCode): Promise<void> => {
    await assert.rejects(attempt, (error: unknown) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, code, String(error.cause));
      return true;
    });
  };
  const refused = (code: SignatureErrorCode, signature: Uint8Array, document?: Uint8Array): Promise<void> =>
    refusal(verify(signature, document), code);
  const refusedXades = (code: SignatureErrorCode, signature: Uint8Array): Promise<void> =>
    refusal(verifyXades({ signature }, site.trust), code);

  it('is told from an honest one: each form that is accepted', async () => {
    const whole = reference({ uri: '', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) });
    const byDocument = await verify(bodyWith(xmlSignature(signer, { references: whole })));
    assert.equal(textOf(byDocument.documentBytes), content);
    assert.equal(byDocument.level, undefined);
    assert.equal(byDocument.claimedSigningTime, undefined);

    const named = content.replace('<intyg>', '<intyg Id="a">');
    const byId = reference({ uri: '#a', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(named) });
    assert.equal(
      textOf((await verify(bodyWith(xmlSignature(signer, { references: byId }), named))).documentBytes),
      named,
    );

    const inclusive = reference({ uri: '', transforms: [ENVELOPED, INCLUSIVE], digested: utf8(content) });
    assert.ok(await verify(bodyWith(xmlSignature(signer, { references: inclusive, canonicalization: INCLUSIVE }))));

    const objects = '<ds:Object Id="o">aGVq\n</ds:Object>';
    const inside = reference({ uri: '#o', transforms: [BASE64], digested: utf8('hej') });
    assert.equal(
      textOf((await verify(utf8(xmlSignature(signer, { references: inside, objects })))).documentBytes),
      'hej',
    );

    const element = `<ds:Object xmlns:ds="${DSIG}" Id="o">aGVq\n</ds:Object>`;
    const canonical = reference({ uri: '#o', transforms: [EXCLUSIVE], digested: utf8(element) });
    const enveloping = await verify(utf8(xmlSignature(signer, { references: canonical, objects })));
    assert.equal(textOf(enveloping.documentBytes), element);

    const beside = reference({ uri: 'a.txt', digested: utf8('hej') });
    assert.ok(await verify(utf8(xmlSignature(signer, { references: beside })), utf8('hej')));
  });

  it('is refused when the signed document was moved into another one', async () => {
    const original = textOf(xades).slice(textOf(xades).indexOf('<intyg'));
    const wrapped = utf8(`<intyg xmlns="urn:test:intyg"><för>Bertil Provsson</för>${original}</intyg>`);
    await refusedXades('ERR_DOCUMENT_CHANGED', wrapped);
    const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(original)![0];
    const bare = original.replace(signature, '');
    const beside = `<intyg xmlns="urn:test:intyg"><för>Bertil Provsson</för>${signature}${bare}</intyg>`;
    await refusedXades('ERR_DOCUMENT_CHANGED', utf8(beside));
    const inside = signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`);
    await refusedXades(
      'ERR_DOCUMENT_CHANGED',
      utf8(`<intyg xmlns="urn:test:intyg"><för>Bertil</för>${inside}</intyg>`),
    );
  });

  it('gives nothing but what was signed when something was put into the signature', async () => {
    const filled = replaced(
      xades,
      '</ds:Signature>',
      '<ds:Object><för xmlns="urn:test:intyg">Bertil</för></ds:Object></ds:Signature>',
    );
    const report = await verifyXades({ signature: filled }, site.trust);
    assert.equal(textOf(report.documentBytes), textOf(CANONICAL));
    const commented = await verifyXades(
      { signature: replaced(xades, 'Anna T', 'Anna <!-- --> T'.replace(' <', '<').replace('> ', '> ')) },
      site.trust,
    );
    assert.equal(textOf(commented.documentBytes), textOf(CANONICAL));
  });

  it('is refused when the root that it names is another now', async () => {
    const named = content.replace('<intyg>', '<intyg Id="a">');
    const references = reference({ uri: '#a', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(named) });
    const signature = xmlSignature(signer, { references });
    const moved = `<intyg Id="b"><sjuk></sjuk>${signature}${named}</intyg>`;
    await refused('ERR_REFERENCE_REFUSED', utf8(moved));
    for (const twin of ['Id', 'ID', 'id', 'xml:id']) {
      const twice = `<intyg Id="a"><sjuk></sjuk>${signature}<bilaga ${twin}="a">${named.replace(' Id="a"', '')}</bilaga></intyg>`;
      await refused('ERR_REFERENCE_REFUSED', utf8(twice));
    }
  });

  it('is refused when it is not alone', async () => {
    const whole = textOf(xades);
    const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(whole)![0];
    await refusedXades('ERR_SIGNATURE_MULTIPLE', utf8(whole.replace(signature, signature + signature)));
    const within = signature.replace('</ds:Signature>', `<ds:Object>${signature}</ds:Object></ds:Signature>`);
    await refusedXades('ERR_SIGNATURE_MULTIPLE', utf8(whole.replace(signature, within)));
    await refusedXades('ERR_SIGNATURE_MISSING', utf8(whole.replace(signature, '')));
    await refusedXades(
      'ERR_SIGNATURE_MISSING',
      replaced(xades, `<ds:Signature xmlns:ds="${DSIG}"`, '<ds:Signature xmlns:ds="urn:x"'),
    );
  });

  it('is refused when properties stand where others would look for them', async () => {
    const properties = /<xades:SignedProperties .*<\/xades:SignedProperties>/s.exec(textOf(xades))![0];
    const twin = `<ds:Object>${properties.replace('2026-03-02', '2026-03-03')}</ds:Object></ds:Signature>`;
    await refusedXades('ERR_REFERENCE_REFUSED', replaced(xades, '</ds:Signature>', twin));
    const moved = replaced(xades, properties, properties.replace('2026-03-02', '2026-03-03'));
    await refusedXades(
      'ERR_DOCUMENT_CHANGED',
      replaced(moved, '</intyg>', `<x>${properties.replace('Id=', 'Name=')}</x></intyg>`),
    );
    const qualifying = /<xades:QualifyingProperties .*<\/xades:QualifyingProperties>/s.exec(textOf(xades))![0];
    await refusedXades('ERR_SIGNATURE_MALFORMED', replaced(xades, qualifying, qualifying + qualifying));
    await refusedXades('ERR_SIGNATURE_MALFORMED', replaced(xades, / Target="#[^"]*"/, ' Target="#other"'));
    await refusedXades('ERR_SIGNATURE_MALFORMED', replaced(xades, /<ds:Object>.*<\/ds:Object>/s, ''));
  });

  const elsewhere: Record<string, () => Parameters<typeof reference>[0]> = {
    'a part of the document': () => ({
      uri: '#part',
      transforms: [EXCLUSIVE],
      digested: utf8('<frisk Id="part"></frisk>'),
    }),
    'an XPointer': () => ({ uri: '#xpointer(/)', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) }),
    'no transform': () => ({ uri: '', digested: utf8(content) }),
    'no canonical form': () => ({ uri: '', transforms: [ENVELOPED], digested: utf8(content) }),
    'another order of transforms': () => ({ uri: '', transforms: [EXCLUSIVE, ENVELOPED], digested: utf8(content) }),
    'comments that are kept': () => ({
      uri: '',
      transforms: [ENVELOPED, `${EXCLUSIVE}WithComments`],
      digested: utf8(content),
    }),
    'a transform too many': () => ({ uri: '', transforms: [ENVELOPED, EXCLUSIVE, EXCLUSIVE], digested: utf8(content) }),
    'a style sheet': () => ({
      uri: '',
      transforms: ['http://www.w3.org/TR/1999/REC-xslt-19991116'],
      digested: utf8(''),
    }),
    'an XPath': () => ({
      uri: '',
      transforms: [
        `<ds:Transform Algorithm="${DSIG}enveloped-signature"><ds:XPath>1</ds:XPath></ds:Transform>`,
        EXCLUSIVE,
      ],
      digested: utf8(content),
    }),
    'prefixes to keep': () => ({
      uri: '',
      transforms: [
        ENVELOPED,
        `<ds:Transform Algorithm="${EXCLUSIVE}"><ec:InclusiveNamespaces xmlns:ec="${EXCLUSIVE}" PrefixList="a"></ec:InclusiveNamespaces></ds:Transform>`,
      ],
      digested: utf8(content),
    }),
    'an address within another document': () => ({ uri: 'a.xml#b', digested: utf8(content) }),
    'another document, while it stands in one': () => ({ uri: 'file:///etc/hostname', digested: utf8(content) }),
    'nothing, while it stands in a document': () => ({ digested: utf8(content) }),
  };
  for (const [what, wish] of Object.entries(elsewhere)) {
    it(`is refused when it refers to ${what}`, async () => {
      const signature = xmlSignature(signer, { references: reference(wish()) });
      const attempt = verify(bodyWith(signature, content.replace('<frisk>', '<frisk Id="part">')));
      await refusal(attempt, 'ERR_REFERENCE_REFUSED');
    });
  }

  it('is refused with more references than there are documents', async () => {
    const one = reference({ uri: '', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) });
    for (const count of [2, 3, 50])
      await refused('ERR_REFERENCE_REFUSED', bodyWith(xmlSignature(signer, { references: one.repeat(count) })));
    await refused('ERR_REFERENCE_REFUSED', xades);
  });

  it('is refused with algorithms that are weak, unknown, or made of a secret', async () => {
    const whole = { uri: '', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) };
    const references = reference(whole);
    for (const method of [
      `${DSIG}rsa-sha1`,
      `${DSIG}hmac-sha1`,
      `${DSIG}dsa-sha1`,
      'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1',
      '',
    ])
      await refused('ERR_ALGORITHM_UNSUPPORTED', bodyWith(xmlSignature(signer, { references, method })));
    const rsa = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
    await refused('ERR_ALGORITHM_MISMATCH', bodyWith(xmlSignature(signer, { references, method: rsa })));
    const weak = reference({ ...whole, digestMethod: `${DSIG}sha1`, hash: 'sha1' });
    await refused('ERR_ALGORITHM_UNSUPPORTED', bodyWith(xmlSignature(signer, { references: weak })));
    await refused(
      'ERR_ALGORITHM_UNSUPPORTED',
      bodyWith(xmlSignature(signer, { references, canonicalization: `${EXCLUSIVE}WithComments` })),
    );
    await refusedXades(
      'ERR_ALGORITHM_UNSUPPORTED',
      replaced(
        xades,
        /(<xades:CertDigest><ds:DigestMethod [^>]*Algorithm=")[^"]*/,
        `<xades:CertDigest><ds:DigestMethod xmlns:ds="${DSIG}" Algorithm="${DSIG}sha1`,
      ),
    );
  });

  it('is refused with a key that no trusted certificate holds', async () => {
    const references = reference({ uri: '', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) });
    const value = '<ds:KeyInfo><ds:KeyValue></ds:KeyValue></ds:KeyInfo>';
    await refused('ERR_CERTIFICATE_MISSING', bodyWith(xmlSignature(signer, { references, keyInfo: value })));
    await refused('ERR_CERTIFICATE_MISSING', bodyWith(xmlSignature(signer, { references, keyInfo: '' })));
    const issuer = keyInfoOf(site.pki.issuers.hsaId3, signer.certificate);
    await refused('ERR_SIGNATURE_INVALID', bodyWith(xmlSignature(signer, { references, keyInfo: issuer })));
    const junk = keyInfoOf(utf8('no certificate'));
    await refused('ERR_CERTIFICATE_MALFORMED', bodyWith(xmlSignature(signer, { references, keyInfo: junk })));
  });

  it('is refused when its parts are not where they belong', async () => {
    const references = reference({ uri: '', transforms: [ENVELOPED, EXCLUSIVE], digested: utf8(content) });
    const whole = textOf(bodyWith(xmlSignature(signer, { references })));
    const changes: [string | RegExp, string][] = [
      ['<ds:SignatureValue>', '<!-- --><ds:SignatureValue>'],
      ['<ds:SignatureValue>', 'text<ds:SignatureValue>'],
      ['<ds:SignatureValue>', '<ds:SignatureValue><!-- -->'],
      ['<ds:SignatureValue>', '<ds:SignatureValue><![CDATA[]]>'],
      ['<ds:SignatureValue>', '<ds:SignatureValue>*'],
      [/<ds:SignatureValue>.*<\/ds:SignatureValue>/, ''],
      [/(<ds:SignedInfo.*<\/ds:SignedInfo>)/, '<ds:Manifest></ds:Manifest>'],
      ['</ds:KeyInfo>', '</ds:KeyInfo><ds:KeyInfo></ds:KeyInfo>'],
      [empty('DigestMethod', SHA256), `${empty('DigestMethod', SHA256)}<ds:DigestValue></ds:DigestValue>`],
    ];
    for (const [from, to] of changes) await refused('ERR_SIGNATURE_MALFORMED', utf8(whole.replace(from, to)));
    await refused('ERR_SIGNATURE_INVALID', utf8(whole.replace('<ds:SignedInfo ', '<ds:SignedInfo Id="x" ')));
    await refused('ERR_REFERENCE_REFUSED', utf8(xmlSignature(signer, { references })));
  });

  /** So many elements around one another, each with 250 namespaces. */
  const within = (levels: number, content: string): string =>
    Array.from({ length: levels }).reduce<string>((inner, _, level) => {
      const names = Array.from({ length: 250 }, (_name, n) => `xmlns:p${level}-${n}="urn:${n}"`);
      return `<b ${names.join(' ')}>${inner}</b>`;
    }, content);

  const hostile: Record<string, readonly [SignatureErrorCode, (xml: string) => Uint8Array]> = {
    'a DOCTYPE': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`<!DOCTYPE intyg>${xml}`)],
    'an external entity': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(`<!DOCTYPE intyg [<!ENTITY a SYSTEM "file:///etc/hostname">]>${xml.replace('Anna', '&a;')}`),
    ],
    'an Id by DTD': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`<!DOCTYPE intyg [<!ATTLIST för n ID #IMPLIED>]>${xml}`)],
    'a billion laughs': [
      'ERR_DOCUMENT_REFUSED',
      (xml) =>
        utf8(
          `<!DOCTYPE intyg [<!ENTITY a0 "ha">${Array.from({ length: 20 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]>${xml.replace('Anna', '&a20;')}`,
        ),
    ],
    'UTF-16': ['ERR_DOCUMENT_REFUSED', (xml) => Buffer.from(`\ufeff${xml}`, 'utf16le')],
    'UTF-16 without a mark': ['ERR_DOCUMENT_REFUSED', (xml) => Buffer.from(xml, 'utf16le')],
    'a byte-order mark': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`\ufeff${xml}`)],
    'another encoding': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`<?xml version="1.0" encoding="ISO-8859-1"?>${xml}`)],
    'XML 1.1': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`<?xml version="1.1"?>${xml}`)],
    'bytes that are no UTF-8': ['ERR_DOCUMENT_FORMAT', (xml) => Buffer.from(xml, 'latin1')],
    'no end': ['ERR_DOCUMENT_FORMAT', (xml) => utf8(xml.slice(0, -20))],
    'a comment without an end': ['ERR_DOCUMENT_FORMAT', (xml) => utf8(`${xml}<!-- `)],
    'many levels': ['ERR_DOCUMENT_REFUSED', (xml) => utf8(`<a>`.repeat(100_000) + xml + '</a>'.repeat(100_000))],
    'much markup': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(xml.replace('</intyg>', `${'<a/>'.repeat(500_000)}</intyg>`)),
    ],
    'many attributes': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(xml.replace('<för>', `<för ${Array.from({ length: 300 }, (_, n) => `a${n}=""`).join(' ')}>`)),
    ],
    'many attributes above one another': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(xml.replace('</intyg>', `${within(3, '<a/>')}</intyg>`)),
    ],
    'many namespaces around many elements': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(xml.replace('</intyg>', `${within(2, '<a/>'.repeat(20_000))}</intyg>`)),
    ],
    'a namespace name that is relative': [
      'ERR_DOCUMENT_REFUSED',
      (xml) => utf8(xml.replace('<för>', '<för xmlns:r="relative" r:a="">')),
    ],
    'a prefix that is bound anew': [
      'ERR_DOCUMENT_CHANGED',
      (xml) => utf8(xml.replace('<frisk', '<frisk xmlns="urn:x"')),
    ],
    'an attribute that reaches inwards': [
      'ERR_DOCUMENT_CHANGED',
      (xml) => utf8(xml.replace('<intyg ', '<intyg xml:lang="sv" ')),
    ],
    'an instruction before the root': ['ERR_DOCUMENT_CHANGED', (xml) => utf8(`<?xml-stylesheet href="a"?>${xml}`)],
  };
  for (const [what, [code, change]] of Object.entries(hostile)) {
    it(`is refused with ${what}, and in time`, async () => {
      const start = performance.now();
      await refusedXades(code, change(textOf(xades).slice(textOf(xades).indexOf('<intyg'))));
      assert.ok(performance.now() - start < 10_000);
    });
  }

  it('is verified at its bounds in time', async () => {
    const large = utf8(`<intyg>${'<a b="c">d</a>'.repeat(160_000)}</intyg>`);
    const signed = await site.xades(large);
    const start = performance.now();
    assert.ok(await verifyXades({ signature: signed }, site.trust));
    assert.ok(performance.now() - start < 20_000);
  });
});

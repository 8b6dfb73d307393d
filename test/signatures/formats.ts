// Every format in which a document can be signed: what is asked for, who else verifies it, and changes of one byte that must each be
// refused. One table, for every kind of card.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { compactVerify, flattenedVerify } from 'jose';
import { signatureMethodElement, type StrongAlgorithm } from '../../agent/signatures/xml-algorithms.ts';
import { type KeyKind } from '../../demo/pki/keys.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { judge, opensslCms, opensslTimeStamp, partsOf, tokenIn, type Verdict } from '../agent/signatures/openssl.ts';
import { lastSignature, pdfsig } from '../agent/signatures/pdf-judges.ts';
import { replaced, textOf, utf8, xmlsec } from '../agent/signatures/xmlsec.ts';
import { type SentDocument, type SigningWish } from '../support/signing-client.ts';
import { pdfDocument } from './documents.ts';
import {
  opensslCrl,
  opensslHash,
  opensslOcsp,
  opensslValue,
  type Revocation,
  revocationInCms,
  revocationInPdf,
  revocationInXml,
  timeStampInXml,
} from './raw-judges.ts';
import { type TestAuthority } from './test-authority.ts';

/** A signature, and by whom it must be. */
export interface MadeSignature {
  readonly document: Uint8Array;
  readonly signature: Uint8Array;
  readonly certificate: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly authority: TestAuthority;
}

/** How one format is asked for and verified. */
export interface SigningFormat {
  readonly name: string;
  readonly wish: (algorithm: SignatureAlgorithm) => Pick<SigningWish, 'format' | 'level'>;
  readonly document: (algorithm: SignatureAlgorithm) => SentDocument | Promise<SentDocument>;
  /** Each says yes to the signature, and no once a byte is changed. */
  readonly judges: (made: MadeSignature) => (Verdict | Promise<Verdict>)[];
  /** The same with one byte changed, in the document, its container, or the signature. */
  readonly changes: (made: MadeSignature) => MadeSignature[];
  /** What more a level must hold. */
  readonly more?: (made: MadeSignature) => void;
}

const words = 'Intyg för Anna Testsson: frisk.';
const text: SentDocument = { name: 'intyg.txt', type: 'text/plain', content: utf8(`${words}\r\n`) };
const xml: SentDocument = {
  name: 'intyg.xml',
  type: 'application/xml',
  content: utf8(
    '<?xml version="1.0"?>\n<i:intyg xmlns:i="urn:test:intyg" a="1">Åsa &amp; Örjan <i:frisk/></i:intyg>\n',
  ),
};
const pdf = async (): Promise<SentDocument> => ({
  name: 'intyg.pdf',
  type: 'application/pdf',
  content: await pdfDocument(),
});

const bytesChanged = (bytes: Uint8Array, index: number): Uint8Array => {
  assert.ok(index >= 0 && index < bytes.length);
  return Uint8Array.from(bytes, (byte, at) => (at === index ? byte ^ 1 : byte));
};
const otherDocument = (made: MadeSignature): MadeSignature => ({ ...made, document: bytesChanged(made.document, 3) });
const otherSignature = (made: MadeSignature, index: number): MadeSignature => ({
  ...made,
  signature: bytesChanged(made.signature, index),
});
const endOf = (whole: Uint8Array, part: Uint8Array): number =>
  Buffer.from(whole).indexOf(Buffer.from(part)) + part.length - 1;

const raw: SigningFormat = {
  name: 'raw',
  wish: () => ({ format: { type: 'raw' } }),
  document: () => text,
  judges: ({ document, signature, certificate, algorithm }) => [
    opensslValue(document, signature, certificate, algorithm),
  ],
  changes: (made) => [otherDocument(made), otherSignature(made, made.signature.length - 1)],
};

const hash: SigningFormat = {
  ...raw,
  name: 'hash',
  wish: (algorithm) => ({ format: { type: 'hash', hash: `SHA-${algorithm.slice(2)}` as 'SHA-256' } }),
  document: (algorithm) => ({
    name: 'intyg.sha',
    type: 'application/octet-stream',
    content: createHash(`sha${algorithm.slice(2)}`)
      .update(text.content)
      .digest(),
  }),
  judges: ({ document, signature, certificate, algorithm }) => [
    opensslHash(document, signature, certificate, algorithm),
  ],
};

const cms = (attached: boolean): SigningFormat => ({
  name: `CMS ${attached ? 'attached' : 'detached'}`,
  wish: () => ({ format: { type: 'cms', attached } }),
  document: () => text,
  judges: ({ document, signature, authority }) => [
    opensslCms(signature, authority.path('root.pem'), attached ? undefined : document),
  ],
  changes: (made) => {
    const { signedAttributes, signatureValue } = partsOf(made.signature);
    return [
      attached
        ? otherSignature(made, Buffer.from(made.signature).indexOf(Buffer.from(made.document)) + 3)
        : otherDocument(made),
      otherSignature(made, endOf(made.signature, signedAttributes)),
      otherSignature(made, endOf(made.signature, signatureValue)),
    ];
  },
});

const xades = (packaging: 'enveloped' | 'enveloping' | 'detached'): SigningFormat => ({
  name: `XAdES ${packaging}`,
  wish: () => ({
    format: { type: 'xades', packaging, ...(packaging === 'detached' ? { uri: 'intyg.txt' } : {}) },
  }),
  document: () => (packaging === 'enveloped' ? xml : text),
  judges: (made) => (made.algorithm.startsWith('PS') ? [opensslSignedInfo(made)] : [xmlsecOf(made)]),
  changes: (made) => {
    const changed = (from: string, to: string): MadeSignature => ({
      ...made,
      signature: replaced(made.signature, from, to),
    });
    const inside = {
      enveloped: () => changed('Åsa', 'Åse'),
      enveloping: () => changed(base64(made.document), base64(bytesChanged(made.document, 3))),
      detached: () => otherDocument(made),
    };
    const digest = /<ds:DigestValue>(.)/.exec(textOf(made.signature))?.[0] ?? '';
    const first = textOf(made.signature).indexOf(digest) + digest.length - 1;
    const other = otherSignature(made, Buffer.byteLength(textOf(made.signature).slice(0, first)));
    const property = changed('<xades:MimeType>', '<xades:MimeType>x');
    // What openssl sees of it is SignedInfo, and what that says of the document.
    return made.algorithm.startsWith('PS') ? [inside[packaging](), other] : [inside[packaging](), other, property];
  },
});

/** xmlsec1 knows no RSASSA-PSS: openssl over SignedInfo as it stands there (it is canonical), and over the detached document. */
function opensslSignedInfo({ signature, certificate, algorithm, document }: MadeSignature): Verdict {
  const part = (pattern: RegExp): string => pattern.exec(textOf(signature))?.[1] ?? '';
  const signedInfo = utf8(part(/(<ds:SignedInfo .*<\/ds:SignedInfo>)/s));
  const value = Buffer.from(part(/<ds:SignatureValue [^>]*>([^<]+)</), 'base64');
  const { accepted, output } = opensslValue(signedInfo, value, certificate, algorithm);
  const digest = judge('openssl', ['dgst', `-sha${algorithm.slice(2)}`, '-binary', 'document'], { document }).output;
  const isOver = part(/<ds:DigestValue>([^<]+)</) === Buffer.from(digest, 'latin1').toString('base64');
  return { accepted: accepted && isOver, output };
}

function xmlsecOf({ signature, document, authority }: MadeSignature): Verdict {
  return xmlsec(signature, authority.path('root.pem'), { 'intyg.txt': document });
}

const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const canonical = '<intyg><frisk></frisk></intyg>';

/** As a site would write it: an enveloped signature of `canonical`. */
function signedInfo(algorithm: SignatureAlgorithm): Uint8Array {
  const empty = (name: string, uri: string): string => `<ds:${name} Algorithm="${uri}"></ds:${name}>`;
  const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
  const transforms = `<ds:Transforms>${empty('Transform', `${dsig}enveloped-signature`)}${empty('Transform', exclusive)}</ds:Transforms>`;
  const digest = `<ds:DigestValue>${createHash('sha256').update(canonical).digest('base64')}</ds:DigestValue>`;
  const reference = `<ds:Reference URI="">${transforms}${empty('DigestMethod', 'http://www.w3.org/2001/04/xmlenc#sha256')}${digest}</ds:Reference>`;
  const method = signatureMethodElement(algorithm as StrongAlgorithm);
  return utf8(
    `<ds:SignedInfo xmlns:ds="${dsig}">${empty('CanonicalizationMethod', exclusive)}${method}${reference}</ds:SignedInfo>`,
  );
}

const xmldsig: SigningFormat = {
  name: 'XMLDSig over a given SignedInfo',
  wish: () => ({ format: { type: 'xmldsig' } }),
  document: (algorithm) => ({ name: 'intyg.xml', type: 'application/xml', content: signedInfo(algorithm) }),
  judges: (made) => {
    const { document, signature, certificate, algorithm, authority } = made;
    const value = opensslValue(document, signature, certificate, algorithm);
    if (algorithm.startsWith('PS')) return [value];
    const certificates = [certificate, authority.issuer].map(
      (der) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`,
    );
    const element =
      `<ds:Signature xmlns:ds="${dsig}">${Buffer.from(document).toString()}` +
      `<ds:SignatureValue>${base64(signature)}</ds:SignatureValue>` +
      `<ds:KeyInfo><ds:X509Data>${certificates.join('')}</ds:X509Data></ds:KeyInfo></ds:Signature>`;
    const whole = utf8(canonical.replace('</intyg>', `${element}</intyg>`));
    return [value, xmlsec(whole, authority.path('root.pem'))];
  },
  changes: (made) => {
    const digest = Buffer.from(made.document).indexOf('<ds:DigestValue>') + '<ds:DigestValue>'.length;
    const changed = { ...made, document: bytesChanged(made.document, digest) };
    return [changed, otherSignature(made, made.signature.length - 1)];
  },
};

const pades = (visible: boolean): SigningFormat => ({
  name: `PAdES ${visible ? 'visible' : 'invisible'}`,
  wish: () => ({
    format: {
      type: 'pades',
      reason: 'Intyg',
      ...(visible ? { field: { page: 2, x: 300, y: 60, width: 220, height: 54 } } : {}),
    },
  }),
  document: pdf,
  judges: ({ signature, authority }) => {
    const { cms: inside, content } = lastSignature(signature);
    const [verdict, ...others] = pdfsig(signature);
    assert.ok(verdict !== undefined && others.length === 0);
    return [
      { accepted: verdict.valid, output: verdict.output },
      opensslCms(inside, authority.path('root.pem'), content),
    ];
  },
  changes: (made) => [otherSignature(made, Buffer.from(made.document).indexOf('MediaBox') + 12), otherHexDigit(made)],
  more: ({ signature, document }) => {
    assert.equal(Buffer.compare(signature.subarray(0, document.length), document), 0, 'the document is not the prefix');
    const { accepted, output } = judge('qpdf', ['--check', 'x.pdf'], { 'x.pdf': signature });
    assert.ok(accepted && !/WARNING/i.test(output), output);
    // What is needed to verify it for long is added behind it.
    const isLast = !Buffer.from(signature).includes('/DSS');
    assert.equal(/Total document signed/.test(pdfsig(signature)[0]!.output), isLast);
  },
});

/** In the signature value, which stands in the file as hex. */
function otherHexDigit(made: MadeSignature): MadeSignature {
  const { signatureValue } = partsOf(lastSignature(made.signature).cms);
  const file = Buffer.from(made.signature);
  const hex = Buffer.from(signatureValue).toString('hex');
  const end = file.toString('latin1').toLowerCase().indexOf(hex) + hex.length - 1;
  file.write(hex.endsWith('0') ? '1' : '0', end, 'latin1');
  return { ...made, signature: file };
}

const jws = (detached: boolean): SigningFormat => ({
  name: `JWS ${detached ? 'detached' : 'attached'}`,
  wish: () => ({ format: { type: 'jws', detached } }),
  document: () => text,
  judges: ({ document, signature, certificate, algorithm }) => {
    const compact = Buffer.from(signature).toString();
    const [header = '', payload = '', value = ''] = compact.split('.');
    const { publicKey } = new X509Certificate(certificate);
    const options = { algorithms: [algorithm], crit: { sigT: true } };
    const verified = detached
      ? flattenedVerify({ protected: header, payload: document, signature: value }, publicKey, options)
      : compactVerify(compact, publicKey, options);
    const bytes = Buffer.concat([Buffer.from(`${header}.`), detached ? document : Buffer.from(payload)]);
    return [
      verified.then(
        ({ payload: content }) => ({
          accepted: Buffer.from(content).equals(Buffer.from(document)),
          output: 'another payload',
        }),
        (error: unknown) => ({ accepted: false, output: String(error) }),
      ),
      opensslValue(bytes, Buffer.from(value, 'base64url'), certificate, algorithm),
    ];
  },
  changes: (made) => {
    const compact = Buffer.from(made.signature).toString();
    const [, payload, value] = [compact.indexOf('.'), compact.indexOf('.') + 3, compact.lastIndexOf('.') + 3];
    return [detached ? otherDocument(made) : otherSignature(made, payload), otherSignature(made, value)];
  },
});

/** The same with what a higher level holds besides. */
function leveled(
  format: SigningFormat,
  level: 'B-T' | 'B-LT',
  timeStamp: (signature: Uint8Array) => { token: Uint8Array; over: Uint8Array },
  revocation: (signature: Uint8Array) => Revocation,
): SigningFormat {
  return {
    ...format,
    name: `${format.name} ${level}`,
    wish: (algorithm) => ({ ...format.wish(algorithm), level }),
    more: (made) => {
      format.more?.(made);
      const { authority, signature, certificate } = made;
      const [root, issuer] = [authority.path('root.pem'), authority.path('ca.pem')];
      const { token, over } = timeStamp(signature);
      const verdict = opensslTimeStamp(token, over, root);
      assert.ok(verdict.accepted, verdict.output);
      assert.ok(!opensslTimeStamp(token, bytesChanged(over, over.length - 30), root).accepted);
      const { ocsp, crls } = revocation(signature);
      // The signer and the authority's unit by OCSP, their CAs by the root's list.
      assert.deepEqual([ocsp.length, crls.length], level === 'B-LT' ? [2, 1] : [0, 0]);
      const subjects = [
        [certificate, issuer],
        [authority.services.tsa.certificate, authority.path('ts-ca.pem')],
      ] as const;
      for (const [subject, of] of level === 'B-LT' ? subjects : []) {
        const verdicts = ocsp.map((answer) => opensslOcsp(answer, subject, of, root));
        assert.equal(
          verdicts.filter(({ accepted }) => accepted).length,
          1,
          verdicts.map(({ output }) => output).join(),
        );
        const changed = ocsp.map((answer) => bytesChanged(answer, answer.length >> 2));
        assert.ok(!changed.some((answer) => opensslOcsp(answer, subject, of, root).accepted));
      }
      for (const list of crls) {
        const status = opensslCrl(list, root);
        assert.ok(status.accepted, status.output);
        assert.ok(!opensslCrl(bytesChanged(list, list.length - 3), root).accepted);
      }
    },
  };
}

const inCms = (signature: Uint8Array) => ({ token: tokenIn(signature), over: partsOf(signature).signatureValue });
const levels = (['B-T', 'B-LT'] as const).flatMap((level) => [
  leveled(cms(false), level, inCms, revocationInCms),
  leveled(xades('enveloped'), level, timeStampInXml, revocationInXml),
  leveled(pades(false), level, (signature) => inCms(lastSignature(signature).cms), revocationInPdf),
]);

export const formats: readonly SigningFormat[] = [
  raw,
  hash,
  cms(true),
  cms(false),
  xades('enveloped'),
  xades('enveloping'),
  xades('detached'),
  xmldsig,
  pades(false),
  pades(true),
  jws(false),
  jws(true),
  ...levels,
];

/** The kinds of keys, with the algorithm that each signs with when nothing is asked for. */
export const keyKinds: readonly (readonly [KeyKind, SignatureAlgorithm])[] = [
  ['rsa-2048', 'RS256'],
  ['rsa-3072', 'RS256'],
  ['ec-p256', 'ES256'],
  ['ec-p384', 'ES384'],
];

/** What must be asked for. */
export const otherAlgorithms: readonly (readonly [KeyKind, SignatureAlgorithm])[] = [
  ['rsa-2048', 'RS384'],
  ['rsa-3072', 'RS512'],
  ['rsa-2048', 'PS256'],
  ['rsa-3072', 'PS384'],
  ['rsa-2048', 'PS512'],
];

/** Formats that are made with other algorithms than the key's own, too: an enveloped XAdES with PSS nobody else here verifies. */
export function formatsFor(algorithm: SignatureAlgorithm): readonly SigningFormat[] {
  const all = formats.filter(({ name }) => !/B-/.test(name));
  return algorithm.startsWith('PS') ? all.filter(({ name }) => !/XAdES env/.test(name)) : all;
}

/** Fails unless every judge accepts the signature, each change of it is refused by every judge, and its level is kept. */
export async function assertVerified(format: SigningFormat, made: MadeSignature): Promise<void> {
  for (const verdict of format.judges(made)) {
    const { accepted, output } = await verdict;
    assert.ok(accepted, output);
  }
  for (const [index, changed] of format.changes(made).entries()) {
    for (const verdict of format.judges(changed))
      assert.ok(!(await verdict).accepted, `change ${index + 1} is accepted`);
  }
  format.more?.(made);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

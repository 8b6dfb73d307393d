// What the tests of XML and JSON signatures share: a site with a test PKI, signatures as the agent makes them, and XML signatures put
// together here by hand, each part of which can be told to be wrong.
import { createHash, sign } from 'node:crypto';
import { signXades, type XadesOptions } from '../../../agent/signatures/xades.ts';
import { type SignatureSurroundings } from '../../../agent/signatures/signer.ts';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { anna } from '../../../demo/pki/persons.ts';
import { createTestPki, type Issued, type TestPki } from '../../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../../demo/pki/policies.ts';
import { createSignatureTrust, type SignatureTrust } from '../../../relying-party/src/index.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { signerOf } from '../../signatures/signing.ts';

export const DOCUMENT = utf8(
  '<?xml version="1.0"?>\n<intyg xmlns="urn:test:intyg"><!-- a --><för>Anna Testsson</för><frisk/></intyg>\n',
);
export const CANONICAL = utf8('<intyg xmlns="urn:test:intyg"><för>Anna Testsson</för><frisk></frisk></intyg>');
export const SIGNING_TIME = new Date('2026-03-02T12:00:00Z');

export const COMBINATIONS: readonly (readonly [KeyKind, SignatureAlgorithm])[] = [
  ['rsa-2048', 'RS256'],
  ['rsa-3072', 'RS384'],
  ['rsa-2048', 'RS512'],
  ['rsa-2048', 'PS256'],
  ['rsa-3072', 'PS384'],
  ['rsa-2048', 'PS512'],
  ['ec-p256', 'ES256'],
  ['ec-p384', 'ES384'],
  ['ec-p521', 'ES512'],
];

export class XmlSite {
  readonly pki: TestPki;
  readonly trust: SignatureTrust;
  readonly #issued = new Map<KeyKind, Promise<Issued>>();

  private constructor(pki: TestPki) {
    this.pki = pki;
    this.trust = trustOf(pki);
  }

  static async create(): Promise<XmlSite> {
    return new XmlSite(await createTestPki({ keyKind: 'ec-p256' }));
  }

  /** Anna's signature certificate. */
  signer(key: KeyKind = 'ec-p256'): Promise<Issued> {
    const issued =
      this.#issued.get(key) ?? this.pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id', key });
    this.#issued.set(key, issued);
    return issued;
  }

  /** As the agent makes it. */
  async xades(
    document: Uint8Array = DOCUMENT,
    options: XadesOptions = { packaging: 'enveloped', mimeType: 'text/xml' },
    surroundings: Partial<SignatureSurroundings> = {},
  ): Promise<Uint8Array> {
    const signer = signerOf(await this.signer(), 'ES256');
    return signXades(document, options, signer, { now: SIGNING_TIME, ...surroundings });
  }
}

export function trustOf(pki: TestPki): SignatureTrust {
  return createSignatureTrust({
    roots: [pki.root],
    trustedIssuers: [{ certificate: pki.issuers.hsaId3, assuranceLevel: 3 }],
    assuranceLevels: TEST_ASSURANCE_LEVELS,
    minimumLevel: 3,
  });
}

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const ENVELOPED = `${DSIG}enveloped-signature`;
export const BASE64 = `${DSIG}base64`;
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

export interface ReferenceWish {
  readonly uri?: string;
  readonly transforms?: readonly string[];
  readonly digested: Uint8Array;
  readonly digestMethod?: string;
  readonly hash?: string;
}

/** A ds:Reference in canonical form below an element that declares `ds`. */
export function reference({
  uri,
  transforms = [],
  digested,
  digestMethod = SHA256,
  hash = 'sha256',
}: ReferenceWish): string {
  const each = transforms.map((name) => (name.startsWith('<') ? name : empty('Transform', name)));
  return (
    `<ds:Reference${uri === undefined ? '' : ` URI="${uri}"`}>` +
    (each.length === 0 ? '' : `<ds:Transforms>${each.join('')}</ds:Transforms>`) +
    `${empty('DigestMethod', digestMethod)}<ds:DigestValue>${createHash(hash).update(digested).digest('base64')}</ds:DigestValue></ds:Reference>`
  );
}

export interface SignatureWish {
  readonly references: string;
  readonly canonicalization?: string;
  readonly method?: string;
  readonly objects?: string;
  readonly keyInfo?: string;
  readonly hash?: string;
}

/** A ds:Signature by an EC key, good in itself whatever it refers to. */
export function xmlSignature(signer: Issued, wish: SignatureWish): string {
  const { canonicalization = EXCLUSIVE, method = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' } = wish;
  const { objects = '', keyInfo = keyInfoOf(signer.certificate) } = wish;
  const signedInfo =
    `<ds:SignedInfo xmlns:ds="${DSIG}">${empty('CanonicalizationMethod', canonicalization)}` +
    `${empty('SignatureMethod', method)}${wish.references}</ds:SignedInfo>`;
  const key = { key: signer.privateKey, dsaEncoding: 'ieee-p1363' as const };
  const value = sign(wish.hash ?? 'sha256', Buffer.from(signedInfo), key).toString('base64');
  return (
    `<ds:Signature xmlns:ds="${DSIG}">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue>${keyInfo}${objects}` +
    `</ds:Signature>`
  );
}

export function keyInfoOf(...certificates: readonly Uint8Array[]): string {
  const each = certificates.map(
    (der) => `<ds:X509Certificate>${Buffer.from(der).toString('base64')}</ds:X509Certificate>`,
  );
  return `<ds:KeyInfo><ds:X509Data>${each.join('')}</ds:X509Data></ds:KeyInfo>`;
}

export function empty(name: string, algorithm: string): string {
  return `<ds:${name} Algorithm="${algorithm}"></ds:${name}>`;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Replaces text that occurs once. */
export function replaced(bytes: Uint8Array, from: string | RegExp, to: string): Uint8Array {
  const before = textOf(bytes);
  const after = before.replace(from, () => to);
  if (after === before) throw new Error(`${String(from)} does not occur`);
  return utf8(after);
}

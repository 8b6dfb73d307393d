// The elements of a XAdES signature (ETSI EN 319 132-1), written in their exclusive canonical form: what is hashed and what
// stands in the document are the same characters. Each element that is hashed by itself declares its own prefixes.
import { type HashName } from './algorithm.ts';
import {
  digestMethods,
  dsigNamespace,
  exclusiveCanonicalization,
  signatureMethodElement,
  type StrongAlgorithm,
} from './xml-algorithms.ts';

export const xadesNamespace = 'http://uri.etsi.org/01903/v1.3.2#';
const signedPropertiesType = 'http://uri.etsi.org/01903#SignedProperties';

const ds = ` xmlns:ds="${dsigNamespace}"`;
const xades = ` xmlns:xades="${xadesNamespace}"`;

export interface ReferenceTemplate {
  id: string;
  /** Absent: whoever verifies knows the document (XML Signature 1.1 4.4.3.1). */
  uri?: string;
  transforms: readonly string[];
  digest: string;
}

export interface SignedPropertiesTemplate {
  id: string;
  signingTime: Date;
  hash: HashName;
  certificateDigest: string;
  /** Id of the document's reference, and what the document is. */
  reference: string;
  mimeType: string;
}

/** xades:SignedProperties: the signing certificate, the time by the signer's clock, and what the document is. */
export function signedPropertiesElement(properties: SignedPropertiesTemplate): string {
  const { id, signingTime, hash, certificateDigest, reference, mimeType } = properties;
  return (
    `<xades:SignedProperties${xades} Id="${id}"><xades:SignedSignatureProperties>` +
    `<xades:SigningTime>${dateTime(signingTime)}</xades:SigningTime>` +
    `<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>${digestElements(hash, certificateDigest, ds)}` +
    `</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>` +
    `<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#${reference}">` +
    `<xades:MimeType>${escapeText(mimeType)}</xades:MimeType></xades:DataObjectFormat>` +
    `</xades:SignedDataObjectProperties></xades:SignedProperties>`
  );
}

/** ds:SignedInfo with the document's reference and the one of the signed properties. */
export function signedInfoElement(
  algorithm: StrongAlgorithm,
  hash: HashName,
  document: ReferenceTemplate,
  properties: { id: string; digest: string },
): string {
  const uri = document.uri === undefined ? '' : ` URI="${escapeAttribute(document.uri)}"`;
  return (
    `<ds:SignedInfo${ds}><ds:CanonicalizationMethod Algorithm="${exclusiveCanonicalization}"></ds:CanonicalizationMethod>` +
    signatureMethodElement(algorithm) +
    `<ds:Reference Id="${document.id}"${uri}>${transformsElement(document.transforms)}` +
    `${digestElements(hash, document.digest)}</ds:Reference>` +
    `<ds:Reference Type="${signedPropertiesType}" URI="#${properties.id}">` +
    `${transformsElement([exclusiveCanonicalization])}${digestElements(hash, properties.digest)}</ds:Reference>` +
    `</ds:SignedInfo>`
  );
}

export function signatureValueElement(id: string, value: string): string {
  return `<ds:SignatureValue${ds} Id="${id}">${value}</ds:SignatureValue>`;
}

/** ds:KeyInfo: the signing certificate first, then its issuers. */
export function keyInfoElement(certificates: readonly Uint8Array[]): string {
  const each = certificates.map((der) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`);
  return `<ds:KeyInfo><ds:X509Data>${each.join('')}</ds:X509Data></ds:KeyInfo>`;
}

/** What stands around the parts, and around those in QualifyingProperties. */
export function signatureFrame(id: string): { head: string; qualifying: { head: string; tail: string }; tail: string } {
  return {
    head: `<ds:Signature${ds} Id="${id}">`,
    qualifying: {
      head: `<ds:Object><xades:QualifyingProperties${xades} Target="#${id}">`,
      tail: '</xades:QualifyingProperties></ds:Object>',
    },
    tail: '</ds:Signature>',
  };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function transformsElement(algorithms: readonly string[]): string {
  if (algorithms.length === 0) return '';
  const each = algorithms.map((algorithm) => `<ds:Transform Algorithm="${algorithm}"></ds:Transform>`);
  return `<ds:Transforms>${each.join('')}</ds:Transforms>`;
}

function digestElements(hash: HashName, digest: string, declarations = ''): string {
  return (
    `<ds:DigestMethod${declarations} Algorithm="${digestMethods[hash]}"></ds:DigestMethod>` +
    `<ds:DigestValue${declarations}>${digest}</ds:DigestValue>`
  );
}

/** xsd:dateTime in whole seconds. */
function dateTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Canonical XML 1.0 2.3. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}

function escapeAttribute(value: string): string {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  return escaped.replaceAll('\t', '&#x9;').replaceAll('\n', '&#xA;').replaceAll('\r', '&#xD;');
}

// How XML Signature names algorithms (XML Signature 1.1 6, RFC 6931 2.3). Only what is named here is accepted: no SHA-1, no MD5, no
// DSA, no HMAC.
import { type Hash } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';
import { elementsOf, textOf, type XmlElement } from './xml-document.ts';

export const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#';

export const ENVELOPED_SIGNATURE = `${DSIG}enveloped-signature`;
export const BASE64 = `${DSIG}base64`;

const DIGESTS: ReadonlyMap<string, Hash> = new Map<string, Hash>([
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  [`${MORE}sha384`, 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);
const SALT_LENGTH: Readonly<Record<Hash, string>> = { sha256: '32', sha384: '48', sha512: '64' };
const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  [`${MORE}rsa-sha256`, 'RS256'],
  [`${MORE}rsa-sha384`, 'RS384'],
  [`${MORE}rsa-sha512`, 'RS512'],
  [`${MORE}ecdsa-sha256`, 'ES256'],
  [`${MORE}ecdsa-sha384`, 'ES384'],
  [`${MORE}ecdsa-sha512`, 'ES512'],
  [`${PSS}sha256-rsa-MGF1`, 'PS256'],
  [`${PSS}sha384-rsa-MGF1`, 'PS384'],
  [`${PSS}sha512-rsa-MGF1`, 'PS512'],
]);

/** @throws SignatureError ERR_ALGORITHM_UNSUPPORTED, ERR_SIGNATURE_MALFORMED */
export function hashOfMethod(element: XmlElement): Hash {
  const hash = DIGESTS.get(algorithmOf(element));
  if (hash === undefined || elementsOf(element).length > 0) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  return hash;
}

/** @throws SignatureError ERR_ALGORITHM_UNSUPPORTED, ERR_SIGNATURE_MALFORMED */
export function algorithmOfMethod(element: XmlElement): SignatureAlgorithm {
  const parameters = elementsOf(element);
  const name = algorithmOf(element);
  if (name === `${PSS}rsa-pss` && parameters[0] !== undefined && parameters.length === 1) return pssOf(parameters[0]);
  const algorithm = SIGNATURES.get(name);
  if (algorithm === undefined || parameters.length > 0) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  return algorithm;
}

export function algorithmOf(element: XmlElement): string {
  return element.attr('Algorithm')?.value ?? '';
}

/** Every parameter but the trailer must be there; the mask by the same hash, the salt as long as the hash. */
function pssOf(parameters: XmlElement): SignatureAlgorithm {
  const [digest, mask, salt, trailer, ...more] = elementsOf(parameters);
  const is = (element: XmlElement | undefined, name: string, namespace = PSS): boolean =>
    element?.name === name && element.namespaceUri === namespace;
  if (
    digest === undefined ||
    mask === undefined ||
    salt === undefined ||
    !is(parameters, 'RSAPSSParams') ||
    !is(digest, 'DigestMethod', DSIG) ||
    !is(mask, 'MaskGenerationFunction') ||
    !is(salt, 'SaltLength') ||
    (trailer !== undefined && (!is(trailer, 'TrailerField') || textOf(trailer) !== '1')) ||
    more.length > 0
  ) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  const hash = hashOfMethod(digest);
  const [maskDigest, ...others] = elementsOf(mask);
  if (
    algorithmOf(mask) !== `${PSS}MGF1` ||
    maskDigest === undefined ||
    others.length > 0 ||
    hashOfMethod(maskDigest) !== hash ||
    textOf(salt) !== SALT_LENGTH[hash]
  ) {
    throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  }
  return `PS${hash.slice(3) as '256' | '384' | '512'}`;
}

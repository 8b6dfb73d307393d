// How XML Signature names algorithms (XML Signature 1.1 6, RFC 6931 2.3), and how a SignatureMethod is written and read.
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { type HashName, hashLength, hashOf } from './algorithm.ts';
import { SignatureError } from './signature-error.ts';

/** Algorithms of containers that we make ourselves: no SHA-1. */
export type StrongAlgorithm = Exclude<SignatureAlgorithm, 'RS1'>;

export const dsigNamespace = 'http://www.w3.org/2000/09/xmldsig#';
export const moreNamespace = 'http://www.w3.org/2001/04/xmldsig-more#';
/** RSASSA-PSS and its parameters (RFC 6931 2.3.9). */
export const pssNamespace = 'http://www.w3.org/2007/05/xmldsig-more#';

export const exclusiveCanonicalization = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const envelopedSignature = `${dsigNamespace}enveloped-signature`;
export const base64Transform = `${dsigNamespace}base64`;

export const digestMethods: Readonly<Record<HashName, string>> = {
  'SHA-256': 'http://www.w3.org/2001/04/xmlenc#sha256',
  'SHA-384': `${moreNamespace}sha384`,
  'SHA-512': 'http://www.w3.org/2001/04/xmlenc#sha512',
};
export const sha1DigestMethod = `${dsigNamespace}sha1`;

/** Identifiers that say everything; RSASSA-PSS by `pssMethod` has its parameters beside it. */
export const signatureMethods: Readonly<Record<string, SignatureAlgorithm>> = {
  [`${moreNamespace}rsa-sha256`]: 'RS256',
  [`${moreNamespace}rsa-sha384`]: 'RS384',
  [`${moreNamespace}rsa-sha512`]: 'RS512',
  [`${moreNamespace}ecdsa-sha256`]: 'ES256',
  [`${moreNamespace}ecdsa-sha384`]: 'ES384',
  [`${moreNamespace}ecdsa-sha512`]: 'ES512',
  [`${pssNamespace}sha256-rsa-MGF1`]: 'PS256',
  [`${pssNamespace}sha384-rsa-MGF1`]: 'PS384',
  [`${pssNamespace}sha512-rsa-MGF1`]: 'PS512',
  [`${dsigNamespace}rsa-sha1`]: 'RS1',
};
export const pssMethod = `${pssNamespace}rsa-pss`;
export const maskGeneration = `${pssNamespace}MGF1`;

/** @throws SignatureError ERR_SIGNATURE_ALGORITHM for SHA-1 */
export function strongAlgorithm(algorithm: SignatureAlgorithm): StrongAlgorithm {
  if (algorithm === 'RS1') throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'SHA-1 in a container');
  return algorithm;
}

/** ds:SignatureMethod in canonical form, below an element that declares `ds`. */
export function signatureMethodElement(algorithm: StrongAlgorithm): string {
  if (!algorithm.startsWith('PS')) {
    const uri = Object.entries(signatureMethods).find(([, name]) => name === algorithm)?.[0] ?? '';
    return `<ds:SignatureMethod Algorithm="${uri}"></ds:SignatureMethod>`;
  }
  const hash = hashOf(algorithm);
  const digest = `<ds:DigestMethod Algorithm="${digestMethods[hash]}"></ds:DigestMethod>`;
  return (
    `<ds:SignatureMethod Algorithm="${pssMethod}"><pss:RSAPSSParams xmlns:pss="${pssNamespace}">${digest}` +
    `<pss:MaskGenerationFunction Algorithm="${maskGeneration}">${digest}</pss:MaskGenerationFunction>` +
    `<pss:SaltLength>${hashLength(hash)}</pss:SaltLength><pss:TrailerField>1</pss:TrailerField>` +
    `</pss:RSAPSSParams></ds:SignatureMethod>`
  );
}

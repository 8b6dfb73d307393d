// What levels B-T and B-LT add to a XAdES signature (ETSI EN 319 132-1 5.3 to 5.5): a time stamp over the canonical SignatureValue,
// what tells that its authority was good, then the same of the signer. All of it unsigned: each part is proof by itself.
import { createHash } from 'node:crypto';
import { type HashName, nodeHash } from './algorithm.ts';
import { added, revocationOfTimeStamp } from './long-term.ts';
import { type RevocationValues, type SignatureSurroundings } from './signer.ts';
import { base64 } from './xades-template.ts';
import { exclusiveCanonicalization } from './xml-algorithms.ts';

/** TimeStampValidationData is of a later schema than all the rest. */
const laterNamespace = 'http://uri.etsi.org/01903/v1.4.1#';

/**
 * xades:UnsignedProperties; empty text for B-B.
 * @param value the canonical ds:SignatureValue
 * @param known certificates in KeyInfo
 * @param ofSigner what `revocationOfSigner` has given
 */
export async function unsignedPropertiesElement(
  value: string,
  hash: HashName,
  known: readonly Uint8Array[],
  surroundings: SignatureSurroundings,
  ofSigner: RevocationValues | undefined,
): Promise<string> {
  if (surroundings.timeStamp === undefined) return '';
  const token = await surroundings.timeStamp(hash, createHash(nodeHash(hash)).update(value).digest());
  const ofTimeStamp = await revocationOfTimeStamp(token, surroundings);
  return (
    `<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>` +
    `<ds:CanonicalizationMethod Algorithm="${exclusiveCanonicalization}"></ds:CanonicalizationMethod>` +
    `<xades:EncapsulatedTimeStamp>${base64(token)}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>` +
    (ofSigner && ofTimeStamp ? longTermElements([...known], ofSigner, ofTimeStamp) : '') +
    `</xades:UnsignedSignatureProperties></xades:UnsignedProperties>`
  );
}

/** That of the time stamp stands right behind it (5.5.1), without what stands elsewhere in the signature. */
function longTermElements(keyInfo: Uint8Array[], ofSigner: RevocationValues, ofTimeStamp: RevocationValues): string {
  const certificates = [...keyInfo, ...ofSigner.certificates];
  const more = validationElements(added(ofTimeStamp, { ...ofSigner, certificates }));
  return (
    (more === '' ? '' : wrapped('xades141:TimeStampValidationData', more, ` xmlns:xades141="${laterNamespace}"`)) +
    validationElements(added(ofSigner, { certificates: keyInfo }))
  );
}

function validationElements({ certificates, ocsp, crls }: RevocationValues): string {
  const revocation =
    list('xades:CRLValues', 'xades:EncapsulatedCRLValue', crls) +
    list('xades:OCSPValues', 'xades:EncapsulatedOCSPValue', ocsp);
  return (
    list('xades:CertificateValues', 'xades:EncapsulatedX509Certificate', certificates) +
    (revocation === '' ? '' : wrapped('xades:RevocationValues', revocation))
  );
}

function list(name: string, entry: string, values: readonly Uint8Array[]): string {
  return values.length === 0 ? '' : wrapped(name, values.map((der) => wrapped(entry, base64(der))).join(''));
}

function wrapped(name: string, content: string, attributes = ''): string {
  return `<${name}${attributes}>${content}</${name}>`;
}

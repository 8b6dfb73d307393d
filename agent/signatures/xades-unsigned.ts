// What levels B-T and B-LT add to a XAdES signature (ETSI EN 319 132-1 5.3 and 5.4): a time stamp over the canonical SignatureValue,
// then certificates and revocation. All of it unsigned: each part is proof by itself.
import { createHash } from 'node:crypto';
import { type HashName, nodeHash, same } from './algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureSurroundings } from './signer.ts';
import { base64 } from './xades-template.ts';
import { exclusiveCanonicalization } from './xml-algorithms.ts';

type Revocation = Awaited<ReturnType<NonNullable<SignatureSurroundings['revocation']>>>;

/**
 * Fetched before the holder is asked to sign: a certificate that is revoked costs no signature.
 * @throws SignatureError ERR_SIGNATURE_TIMESTAMP when B-LT is wanted without a time stamp
 */
export async function fetchRevocation({
  timeStamp,
  revocation,
}: SignatureSurroundings): Promise<Revocation | undefined> {
  if (revocation === undefined) return undefined;
  if (timeStamp === undefined) throw new SignatureError('ERR_SIGNATURE_TIMESTAMP', 'long term without a time stamp');
  const fetched = await revocation();
  if (fetched.ocsp.length + fetched.crls.length === 0)
    throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'no word about revocation');
  return fetched;
}

/** xades:UnsignedProperties; empty text for B-B. `value`: the canonical ds:SignatureValue; `known`: certificates in KeyInfo. */
export async function unsignedPropertiesElement(
  value: string,
  hash: HashName,
  known: readonly Uint8Array[],
  { timeStamp }: SignatureSurroundings,
  revocation: Revocation | undefined,
): Promise<string> {
  if (timeStamp === undefined) return '';
  const token = await timeStamp(hash, createHash(nodeHash(hash)).update(value).digest());
  return (
    `<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>` +
    `<ds:CanonicalizationMethod Algorithm="${exclusiveCanonicalization}"></ds:CanonicalizationMethod>` +
    `<xades:EncapsulatedTimeStamp>${base64(token)}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>` +
    (revocation === undefined ? '' : longTermElements(known, revocation)) +
    `</xades:UnsignedSignatureProperties></xades:UnsignedProperties>`
  );
}

function longTermElements(known: readonly Uint8Array[], { certificates, ocsp, crls }: Revocation): string {
  const added = certificates.filter((der) => !known.some((one) => same(one, der)));
  const revocationValues =
    list('xades:CRLValues', 'xades:EncapsulatedCRLValue', crls) +
    list('xades:OCSPValues', 'xades:EncapsulatedOCSPValue', ocsp);
  return (
    list('xades:CertificateValues', 'xades:EncapsulatedX509Certificate', added) +
    `<xades:RevocationValues>${revocationValues}</xades:RevocationValues>`
  );
}

function list(name: string, entry: string, values: readonly Uint8Array[]): string {
  if (values.length === 0) return '';
  return `<${name}>${values.map((der) => `<${entry}>${base64(der)}</${entry}>`).join('')}</${name}>`;
}

// Verifies a CMS signature (CAdES baseline, ETSI EN 319 122-1), with its document inside or beside it.
import { readAs } from './der.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureReport } from './signature-report.ts';
import { judgeSigner, type SignatureTrust } from './signature-trust.ts';
import { type Evidence, ID_DATA, readSignedData } from './signed-data.ts';
import { checkSigner } from './signer-check.ts';
import { refusing } from './refusing.ts';

export interface CmsSignature {
  /** The ContentInfo, DER. */
  readonly signature: Uint8Array;
  /** The document, if the signature is detached. */
  readonly document?: Uint8Array;
}

const TIME_STAMP_TOKEN = '1.2.840.113549.1.9.16.2.14';
/** A document of 64 MiB with what stands around it. */
const MAX_LENGTH = 80 * 1024 * 1024;

/** @throws SignatureError, and nothing else */
export function verifyCms(given: CmsSignature, trust: SignatureTrust): Promise<SignatureReport> {
  return refusing(async () => {
    // Copied before it is looked at: whoever holds the given bytes may change them while revocation is asked for.
    const signature = new Uint8Array(bounded(given.signature, 'ERR_SIGNATURE_TOO_LARGE'));
    const document = given.document && new Uint8Array(bounded(given.document, 'ERR_DOCUMENT_TOO_LARGE'));
    const { content } = readAs('ERR_SIGNATURE_MALFORMED', () => readSignedData(signature));
    if (content === undefined && document === undefined) throw new SignatureError('ERR_DOCUMENT_MISSING');
    if (content !== undefined && document !== undefined) throw new SignatureError('ERR_DOCUMENT_UNEXPECTED');
    const documentBytes = content ?? document ?? new Uint8Array();
    return { format: 'cms', ...(await verifySignedData(signature, [documentBytes], trust)), documentBytes };
  });
}

/**
 * The part that PDF shares.
 * @param signature the ContentInfo, DER
 * @param pieces what it must be over
 * @param further evidence from outside of the container
 */
export async function verifySignedData(
  signature: Uint8Array,
  pieces: readonly Uint8Array[],
  trust: SignatureTrust,
  further?: Evidence,
): Promise<Omit<SignatureReport, 'format' | 'documentBytes'>> {
  const { signedData, certificate, claimedSigningTime } = readAs('ERR_SIGNATURE_MALFORMED', () => {
    const signedData = readSignedData(signature);
    // Anything but plain data would be a container within the container: signed by whom, nobody could tell.
    if (signedData.contentType !== ID_DATA) throw new SignatureError('ERR_SIGNATURE_FORMAT_UNSUPPORTED');
    return { signedData, ...checkSigner(signedData, pieces) };
  });
  const { signer, certificates, ocsp, crls } = signedData;
  const timeStamps = (signer.unsignedAttributes.get(TIME_STAMP_TOKEN) ?? []).map(({ bytes }) => bytes);
  const evidence = {
    certificates: [...certificates, ...(further?.certificates ?? [])],
    ocsp: [...ocsp, ...(further?.ocsp ?? [])],
    crls: [...crls, ...(further?.crls ?? [])],
  };
  const report = await judgeSigner({ certificate, timeStamps, stamped: [signer.signature], evidence }, trust);
  return {
    ...report,
    algorithm: signer.algorithm,
    ...(claimedSigningTime !== undefined && { claimedSigningTime: new Date(claimedSigningTime) }),
  };
}

function bounded(bytes: Uint8Array, code: 'ERR_SIGNATURE_TOO_LARGE' | 'ERR_DOCUMENT_TOO_LARGE'): Uint8Array {
  if (bytes.length > MAX_LENGTH) throw new SignatureError(code);
  return bytes;
}

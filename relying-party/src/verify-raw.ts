// Verifies a signature value with nothing around it: whoever keeps it has to keep document, certificate and algorithm beside it.
import { readCertificate } from './certificate-facts.ts';
import { refusing } from './refusing.ts';
import { verifySignature } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm, type SignatureReport, withoutLevel } from './signature-report.ts';
import { judgeSigner, type SignatureTrust } from './signature-trust.ts';

export interface RawSignature {
  /** PKCS#1 v1.5, PSS, or r || s. */
  readonly signature: Uint8Array;
  readonly document: Uint8Array;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

const ALGORITHM = /^(?:ES|PS|RS)(?:256|384|512)$/;
const MAX_DOCUMENT_LENGTH = 80 * 1024 * 1024;
const MAX_SIGNATURE_LENGTH = 1024;

/** The report has neither level nor signing time: nothing tells them. @throws SignatureError, and nothing else */
export function verifyRaw(given: RawSignature, trust: SignatureTrust): Promise<SignatureReport> {
  return refusing(async () => {
    const { algorithm } = given;
    if (given.document.length > MAX_DOCUMENT_LENGTH) throw new SignatureError('ERR_DOCUMENT_TOO_LARGE');
    if (given.signature.length > MAX_SIGNATURE_LENGTH) throw new SignatureError('ERR_SIGNATURE_TOO_LARGE');
    if (!ALGORITHM.test(algorithm)) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
    const documentBytes = new Uint8Array(given.document);
    const certificate = readCertificate(new Uint8Array(given.certificate));
    const { publicKey } = certificate;
    const signature = new Uint8Array(given.signature);
    verifySignature({ algorithm, publicKey, signed: documentBytes, signature, encoding: 'ieee-p1363' });
    const report: SignatureReport = {
      format: 'raw',
      ...(await judgeSigner({ certificate, timeStamps: [], stamped: [] }, trust)),
      algorithm,
      documentBytes,
    };
    return withoutLevel(report);
  });
}

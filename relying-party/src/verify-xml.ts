// Verifies XML signatures: XAdES baseline (ETSI EN 319 132-1) and plain XML Signature 1.1; enveloped in the document, around it, or
// beside it. Use `documentBytes` of the report, never the document that was given: what else stands in that, nobody has signed.
import { refusing } from './refusing.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureReport, withoutLevel } from './signature-report.ts';
import { judgeSigner, type SignatureTrust } from './signature-trust.ts';

export interface XmlSignatureGiven {
  /** The XML document with the signature. */
  readonly signature: Uint8Array;
  /** The document, if the signature is detached. */
  readonly document?: Uint8Array;
}

const MAX_DOCUMENT_LENGTH = 80 * 1024 * 1024;

/** @throws SignatureError, and nothing else */
export function verifyXades(given: XmlSignatureGiven, trust: SignatureTrust): Promise<SignatureReport> {
  return refusing(async () => {
    const { signature, document } = copied(given);
    const { checkXades } = await import('./xml-check.ts');
    const { certificate, algorithm, documentBytes, claimedSigningTime, timeStamps, stamped, evidence } = checkXades(
      signature,
      document,
    );
    const report = await judgeSigner({ certificate, timeStamps, stamped: [stamped], evidence }, trust);
    const time = claimedSigningTime === undefined ? {} : { claimedSigningTime: new Date(claimedSigningTime) };
    return { format: 'xades', ...report, algorithm, ...time, documentBytes };
  });
}

/** Without levels, signing time or time stamps: those are XAdES. @throws SignatureError, and nothing else */
export function verifyXmlDsig(given: XmlSignatureGiven, trust: SignatureTrust): Promise<SignatureReport> {
  return refusing(async () => {
    const { signature, document } = copied(given);
    const { checkXmlDsig } = await import('./xml-check.ts');
    const { certificate, algorithm, documentBytes } = checkXmlDsig(signature, document);
    const report = await judgeSigner({ certificate, timeStamps: [], stamped: [] }, trust);
    return withoutLevel({ format: 'xmldsig', ...report, algorithm, documentBytes });
  });
}

/** Copied before it is looked at: whoever holds the given bytes may change them while revocation is asked for. */
function copied({ signature, document }: XmlSignatureGiven): { signature: Uint8Array; document?: Uint8Array } {
  if (document !== undefined && document.length > MAX_DOCUMENT_LENGTH) {
    throw new SignatureError('ERR_DOCUMENT_TOO_LARGE');
  }
  return {
    signature: new Uint8Array(signature),
    ...(document !== undefined && { document: new Uint8Array(document) }),
  };
}

// Verifies JSON Web Signatures in compact form (RFC 7515) with a JAdES baseline header (ETSI TS 119 182-1, B-B), with the payload
// inside or detached (RFC 7797 where it is not encoded).
import { createHash } from 'node:crypto';
import { readCertificate } from './certificate-facts.ts';
import { readJwsHeader } from './jws-header.ts';
import { refusing } from './refusing.ts';
import { verifySignature } from './signature-algorithm.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm, type SignatureReport } from './signature-report.ts';
import { judgeSigner, type SignatureTrust } from './signature-trust.ts';

export interface JwsGiven {
  /** `header.payload.signature`, as text or its bytes. */
  readonly signature: string | Uint8Array;
  /** The document, if the signature is detached. */
  readonly document?: Uint8Array;
}

const MAX_LENGTH = 96 * 1024 * 1024;
const MAX_DOCUMENT_LENGTH = 80 * 1024 * 1024;
const DOT = 0x2e;
/** RFC 7518 3.4: each algorithm has its curve. */
const CURVES: Readonly<Partial<Record<SignatureAlgorithm, string>>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

/** @throws SignatureError, and nothing else */
export function verifyJws({ signature, document }: JwsGiven, trust: SignatureTrust): Promise<SignatureReport> {
  return refusing(async () => {
    if (signature.length > MAX_LENGTH) throw new SignatureError('ERR_SIGNATURE_TOO_LARGE');
    if (document !== undefined && document.length > MAX_DOCUMENT_LENGTH) {
      throw new SignatureError('ERR_DOCUMENT_TOO_LARGE');
    }
    // A copy, in either case: whoever holds the bytes may change them while revocation is asked for.
    const parts = partsOf(typeof signature === 'string' ? Buffer.from(signature, 'utf8') : Buffer.from(signature));
    const header = readJwsHeader(decode(parts.header));
    const { algorithm, isUnencoded, claimedSigningTime } = header;
    const [der] = header.certificates;
    if (der === undefined) throw new SignatureError('ERR_CERTIFICATE_MISSING');
    if (createHash('sha256').update(der).digest('base64url') !== header.certificateDigest) {
      throw new SignatureError('ERR_SIGNING_CERTIFICATE_MISMATCH');
    }
    const { payload, documentBytes } = payloadOf(parts.payload, document && Buffer.from(document), isUnencoded);
    const certificate = readCertificate(der);
    const { publicKey } = certificate;
    const curve = CURVES[algorithm];
    if (curve !== undefined && publicKey.asymmetricKeyDetails?.namedCurve !== curve) {
      throw new SignatureError('ERR_ALGORITHM_MISMATCH');
    }
    const signed = Buffer.concat([parts.header, Buffer.from([DOT]), payload]);
    verifySignature({ algorithm, publicKey, signed, signature: decode(parts.value), encoding: 'ieee-p1363' });
    const report = await judgeSigner({ certificate, timeStamps: [], stamped: [] }, trust);
    const time = claimedSigningTime === undefined ? {} : { claimedSigningTime: new Date(claimedSigningTime) };
    return { format: 'jws', ...report, algorithm, ...time, documentBytes };
  });
}

/** Two dots and no more. */
function partsOf(text: Buffer): { header: Buffer; payload: Buffer; value: Buffer } {
  const first = text.indexOf(DOT);
  const last = text.lastIndexOf(DOT);
  if (first < 0 || last === first || text.indexOf(DOT, first + 1) !== last) {
    throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  }
  return { header: text.subarray(0, first), payload: text.subarray(first + 1, last), value: text.subarray(last + 1) };
}

/** What stands in the signing input, and what it means. An empty payload is a detached one. */
function payloadOf(
  inside: Buffer,
  document: Buffer | undefined,
  isUnencoded: boolean,
): { payload: Uint8Array; documentBytes: Uint8Array } {
  if (inside.length > 0) {
    if (document !== undefined) throw new SignatureError('ERR_DOCUMENT_UNEXPECTED');
    return { payload: inside, documentBytes: isUnencoded ? new Uint8Array(inside) : decode(inside) };
  }
  if (document === undefined) throw new SignatureError('ERR_DOCUMENT_MISSING');
  const payload = isUnencoded ? document : Buffer.from(document.toString('base64url'), 'latin1');
  return { payload, documentBytes: new Uint8Array(document) };
}

/** Canonical base64url (RFC 7515 2): no padding, no stray bits. */
function decode(text: Buffer): Uint8Array {
  const bytes = Buffer.from(text.toString('latin1'), 'base64url');
  if (bytes.length === 0 || !Buffer.from(bytes.toString('base64url'), 'latin1').equals(text)) {
    throw new SignatureError('ERR_SIGNATURE_MALFORMED');
  }
  return new Uint8Array(bytes);
}

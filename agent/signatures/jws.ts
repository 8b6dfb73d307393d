// JSON Web Signatures in compact form (RFC 7515) with the header of a JAdES baseline signature (ETSI TS 119 182-1, B-B): the payload
// within, or detached and unencoded (RFC 7797). Compact form has no place for time stamps: there is no higher level.
import { createHash } from 'node:crypto';
import { SignatureError } from './signature-error.ts';
import { type SignatureSurroundings, type Signer } from './signer.ts';

export interface JwsOptions {
  detached: boolean;
  mimeType?: string;
}

/**
 * The signature, as the bytes of its ASCII text; detached: `header..signature`.
 * @throws SignatureError ERR_SIGNATURE_ALGORITHM for SHA-1; and what the signer throws
 */
export async function signJws(
  payload: Uint8Array,
  { detached, mimeType }: JwsOptions,
  signer: Signer,
  { now }: Pick<SignatureSurroundings, 'now'>,
): Promise<Uint8Array> {
  if (signer.algorithm === 'RS1') throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'SHA-1 in a container');
  const header = base64url(
    Buffer.from(
      JSON.stringify({
        alg: signer.algorithm,
        ...(mimeType !== undefined && { cty: shortened(mimeType) }),
        // Plain base64 (RFC 7515 4.1.6), unlike all else here.
        x5c: [signer.certificate, ...signer.chain].map((der) => Buffer.from(der).toString('base64')),
        'x5t#S256': createHash('sha256').update(signer.certificate).digest('base64url'),
        sigT: `${now.toISOString().slice(0, 19)}Z`,
        ...(detached && { b64: false }),
        crit: detached ? ['sigT', 'b64'] : ['sigT'],
      }),
    ),
  );
  const encoded = detached ? payload : Buffer.from(base64url(payload), 'latin1');
  const signature = await signer.sign(Buffer.concat([Buffer.from(`${header}.`), encoded]));
  const middle = detached ? Buffer.alloc(0) : encoded;
  return Buffer.concat([Buffer.from(`${header}.`), middle, Buffer.from(`.${base64url(signature)}`)]);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** RFC 7515 4.1.10: `application/` is left out where no other slash is. */
function shortened(mimeType: string): string {
  const [type, subtype] = mimeType.split('/');
  return type === 'application' && subtype !== undefined ? subtype : mimeType;
}

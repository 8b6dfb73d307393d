// The one error that this folder throws for what comes from outside: a document, an answer of an authority, a wish that
// cannot be met. `reason` is for developers and tests, and goes no further: a fixed sentence, nothing of the document is repeated in it.
import { type ErrorCode } from '../../shared/errors.ts';

export type SignatureErrorCode = Extract<ErrorCode, `ERR_DOCUMENT_${string}` | `ERR_SIGNATURE_${string}`>;

/** A document or an answer that was refused before anything was built on it. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;
  readonly reason: string;

  constructor(code: SignatureErrorCode, reason: string, options?: ErrorOptions) {
    super(`${code}: ${reason}`, options);
    this.code = code;
    this.reason = reason;
  }
}

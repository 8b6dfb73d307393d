// How a PDF is refused: damaged, or not to be signed.
import { SignatureError } from './signature-error.ts';

export function damaged(reason: string): never {
  throw new SignatureError('ERR_DOCUMENT_FORMAT', reason);
}

export function forbidden(reason: string): never {
  throw new SignatureError('ERR_DOCUMENT_REFUSED', reason);
}

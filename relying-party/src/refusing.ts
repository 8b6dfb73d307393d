// The outermost wall of every verification: whatever happens inside, the caller gets a report or a SignatureError.
import { SignatureError } from './signature-error.ts';

/** @throws SignatureError, and nothing else */
export async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof SignatureError) throw error;
    // Nothing is known to come here. Should something yet, it is a refusal like any other.
    throw new SignatureError('ERR_VERIFIER_FAILED', { cause: error });
  }
}

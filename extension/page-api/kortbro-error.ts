// The error class that pages see; used by the page script and by the ES module. No texts: the sentence comes from the
// extension. Kept free of imports so that both stay small.
import { type ErrorCode } from '../../shared/errors.ts';
import { type KortbroErrorConstructor } from './api.ts';

/** See KortbroErrorConstructor in api.ts. */
export const KortbroError: KortbroErrorConstructor = class KortbroError extends Error {
  override readonly name = 'KortbroError';
  readonly code: ErrorCode;
  // Declared only: where there is none, there is no property either.
  declare readonly triesLeft?: number;
  declare readonly incident?: string;

  constructor(
    code: ErrorCode,
    message: string = code,
    details: { triesLeft?: number; incident?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.triesLeft !== undefined) this.triesLeft = details.triesLeft;
    if (details.incident !== undefined) this.incident = details.incident;
  }
};

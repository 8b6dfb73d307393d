// What the consent window and the background say to each other, on a chrome.runtime port.
import { type ErrorCode } from '../../../shared/errors.ts';
import { type SigningConsent } from '../../../shared/signing.ts';
import { type EncodedPiece } from '../../page-api/sign-messages.ts';

export const consentPortName = 'consent';

/** Background to window. `show` comes once, first. */
export type ConsentMessage =
  | { show: SigningConsent }
  | { piece: EncodedPiece }
  /** `done` of the documents are signed; 0: the PIN is being asked for. */
  | { progress: number }
  /** It has come to nothing. */
  | { failed: { code: ErrorCode; triesLeft?: number; incident?: string } }
  /** Some, or all, documents could not be signed: their numbers and why. */
  | { partly: { document: number; code: ErrorCode; incident?: string }[] };

/** Window to background. `cancel`: after the holder has said yes. */
export type ConsentWish =
  | { verb: 'read'; document: number; offset: number }
  | { verb: 'sign'; certificate: string }
  | { verb: 'decline' }
  | { verb: 'cancel' };

/** Reads what the window says; undefined for anything else. */
export function parseConsentWish(value: unknown): ConsentWish | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { verb, document, offset, certificate } = value as Record<string, unknown>;
  const keys = Object.keys(value).sort().join();
  if (keys === 'verb' && (verb === 'decline' || verb === 'cancel')) return { verb };
  if (keys === 'certificate,verb' && verb === 'sign' && typeof certificate === 'string') return { verb, certificate };
  if (keys !== 'document,offset,verb' || verb !== 'read') return undefined;
  return Number.isSafeInteger(document) && Number.isSafeInteger(offset)
    ? { verb, document: document as number, offset: offset as number }
    : undefined;
}

// A certificate on its way from a driver to the agent, within the limits of the protocol. Pure.
import { limits } from '../../shared/limits.ts';
import { type TokenCertificate } from './token.ts';

/** CKA_ID in hex, and what else fits into the protocol's fields. */
const longestText = 200;

/** One that the card has and its driver does not show: it counts as unreadable. */
export const hiddenCertificate: TokenCertificate = { id: '', label: '', der: new Uint8Array() };

/** `id` is hex. A certificate that is too large, or whose id is, is told of without its bytes. */
export function shownCertificate(id: string, label: string, der: Uint8Array): TokenCertificate {
  if (der.length > limits.certificateSize || id.length > longestText) return hiddenCertificate;
  return { id, label: label.slice(0, longestText).toWellFormed(), der };
}

// By what a holder is known again: hashes of the token's serial number and of a certificate, never their contents.
import { createHash } from 'node:crypto';
import { type BoundToken, type TokenKey } from './bound-token.ts';
import { type HolderIdentity, type SeenToken } from './holder-presence.ts';

/** Who logs in with `key` of `token`. */
export function holderIdentity({ token, key }: { token: BoundToken; key: TokenKey }): HolderIdentity {
  return { card: seenToken(token).card, certificate: hashOf(key.certificate.der) };
}

/** Everybody who could have logged in with a token that has been read. */
export function seenToken({ description }: Pick<BoundToken, 'description'>): SeenToken {
  const { serialNumber } = description;
  const certificates = description.certificates.flatMap(({ der }) => (der.length === 0 ? [] : [hashOf(der)]));
  // A card without a serial number is known by all that is on it.
  return { card: hashOf(serialNumber === '' ? certificates.join() : serialNumber), certificates };
}

/** SHA-256, the first 32 hex digits. */
function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

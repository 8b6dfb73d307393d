// By what a holder is known again: hashes of what names the card and of its certificates, never their contents.
import { createHash } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { type BoundToken, type TokenKey } from './bound-token.ts';
import { type HolderIdentity, type SeenToken } from './holder-presence.ts';

/** Who logs in with `key` of `token`, which is one of `tokens`: those of the same card tell what else is on it. */
export function holderIdentity(
  { token, key }: { token: BoundToken; key: TokenKey },
  tokens: readonly BoundToken[],
): HolderIdentity {
  const [card = ''] = seenToken(token).names;
  const certificate = hashOf(key.certificate.der);
  const ofCard = tokens.filter(({ generation }) => generation === token.generation).map(seenToken);
  const beside = new Set(ofCard.flatMap(({ certificates }) => certificates));
  beside.delete(certificate);
  return { card, certificate, beside: [...beside].slice(0, limits.certificatesPerToken) };
}

/** Everybody who could have logged in with a token that has been read. */
export function seenToken({ description, namesItself }: Pick<BoundToken, 'description' | 'namesItself'>): SeenToken {
  const { serialNumber, identity } = description;
  const certificates = description.certificates.flatMap(({ der }) => (der.length === 0 ? [] : [hashOf(der)]));
  // Two drivers tell two serial numbers of one card. A card without one is known by its certificates alone.
  const names = [hashOf(serialNumber)];
  const isNamed = namesItself && identity !== '';
  if (isNamed) names.unshift(hashOf(`chip ${identity}`));
  return { names, isNameless: !isNamed && (namesItself || serialNumber === ''), certificates };
}

/** SHA-256, the first 32 hex digits. */
function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

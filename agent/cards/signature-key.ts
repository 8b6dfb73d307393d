// The one way to a signature over a document: the PIN is given for each, and nothing is released that the key's certificate does not
// verify. And which tokens are one card to its holder, who may have a PIN of its own for signatures.
import { type PinStatus } from '../../shared/messages.ts';
import { isDigestSignedBy } from '../tokens/digest-signature.ts';
import { type PinSignature, TokenError } from '../tokens/token.ts';
import { type BoundToken, type TokenKey } from './bound-token.ts';
import { pinAfter } from './pin-after.ts';

/** A card that has a PIN of its own for signatures is one card to its holder: that of its login keys. */
export function onePerCard(tokens: readonly BoundToken[]): BoundToken[] {
  const logins = tokens.filter(hasLoginKey);
  const cards = new Set(logins.map(({ description }) => description.serialNumber));
  return tokens.filter((token) => logins.includes(token) || !cards.has(token.description.serialNumber));
}

function hasLoginKey({ keys }: BoundToken): boolean {
  return keys.some(({ certificate }) => certificate.usage === 'authentication');
}

/**
 * Sends the PIN to the card that was bound, signs `digest` once and verifies the signature against the certificate. Keeps `token.pin`
 * as the card tells it. Nothing is sent when `signal` aborts, or the card leaves, before it is the PIN's turn. Throws TokenError as
 * TokenBackend.signWithPin does; a signature by another key: ERR_CARD_FAILED. `pin` is zeroed.
 */
export async function signWithPin(
  { token, key }: { token: BoundToken; key: TokenKey },
  wanted: Omit<PinSignature, 'certificate'>,
  pin: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    const { backend, description, gone } = token;
    const ended = AbortSignal.any([signal, gone]);
    ended.throwIfAborted();
    const { algorithm } = wanted;
    const digest = Uint8Array.from(wanted.digest);
    const order = { ...wanted, digest, certificate: key.id };
    const signature = await backend.signWithPin(description.handle, order, pin, ended);
    token.pin = { state: 'ok' };
    if (isDigestSignedBy(key.certificate.publicKey, algorithm, digest, signature)) return signature;
    throw new TokenError('ERR_CARD_FAILED', { native: 'signature does not match certificate' });
  } catch (error) {
    token.pin = statusAfter(error) ?? token.pin;
    throw error;
  } finally {
    pin.fill(0);
  }
}

function statusAfter(error: unknown): PinStatus | undefined {
  return error instanceof TokenError ? pinAfter(error) : undefined;
}

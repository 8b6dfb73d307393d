// The keys for signatures on tokens that a driver has told of.
import { type BoundToken, type TokenKey } from '../../agent/cards/bound-token.ts';

export interface SignatureKey {
  token: BoundToken;
  key: TokenKey;
}

/** In the order in which the driver tells them. */
export function signatureKeys(tokens: readonly BoundToken[]): SignatureKey[] {
  return tokens.flatMap((token) =>
    token.keys.filter(({ certificate }) => certificate.usage === 'signature').map((key) => ({ token, key })),
  );
}

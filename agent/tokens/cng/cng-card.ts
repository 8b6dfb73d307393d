// A card as CNG has shown it: its tokens, one for each PIN, each with its keys. Keys are opened for a login and kept for as long as it
// holds: the provider's handle is the login.
import { createHash, randomUUID } from 'node:crypto';
import { type Cng } from '../../native/cng.ts';
import { tokensPerCard } from '../module-host-protocol.ts';
import { shownCertificate } from '../shown-certificate.ts';
import { type CardProfile } from '../card/card-profiles.ts';
import { type TokenDescription, TokenError } from '../token.ts';
import { orTokenError } from './cng-status.ts';
import { cardIdentifier, type KeyPlace } from './key-places.ts';

/** The keys of one PIN. */
export interface CngToken {
  /** By the id of their certificates. */
  places: Map<string, KeyPlace>;
  /** Opened keys by the same id; none but between a login and its end. */
  open: Map<string, number>;
  loggedIn: boolean;
  /** The provider has said so since the card came in: nothing else may tell it. */
  blocked: boolean;
  description: TokenDescription;
}

/** A card that is bound. `identity` is what it said by APDU, `card` what its provider calls it; '' where it is not told. */
export interface CngCard {
  reader: string;
  profile: CardProfile;
  identity: string;
  card: string;
  tokens: CngToken[];
}

/** The tokens of keys that were found in a reader. @throws TokenError ERR_CARD_CHANGED when they are not all of one card */
export function tokensOf(reader: string, places: readonly KeyPlace[]): CngToken[] {
  const [first] = places;
  if (first === undefined) return [];
  if (places.some(({ card }) => card !== first.card)) throw new TokenError('ERR_CARD_CHANGED');
  const pins = [...new Set(places.map(({ pin }) => pin))].slice(0, tokensPerCard);
  return pins.map((pin) =>
    tokenOf(
      reader,
      places.filter((place) => place.pin === pin),
    ),
  );
}

function tokenOf(reader: string, places: readonly KeyPlace[]): CngToken {
  // Two keys may share a container: one for each key spec.
  const byId = new Map(places.map((place) => [idOf(place), place]));
  const [first] = places;
  const description: TokenDescription = {
    handle: randomUUID(),
    reader,
    label: '',
    serialNumber: first?.card ?? '',
    manufacturer: '',
    model: first?.provider.slice(0, 100).toWellFormed() ?? '',
    identity: '',
    protectedAuthenticationPath: places.some(({ pinPad }) => pinPad),
    pin: { state: 'unknown' },
    mechanisms: mechanismsOf(places),
    certificates: [...byId].map(([id, { certificate, container }]) => shownCertificate(id, container, certificate)),
  };
  return { places: byId, open: new Map(), loggedIn: false, blocked: false, description };
}

/** Stands for CKA_ID: a hash, because a container's name may be longer than the protocol's field. */
function idOf({ provider, container, keySpec }: KeyPlace): string {
  return createHash('sha256').update(`${provider}\0${container}\0${keySpec}`).digest('hex').slice(0, 32);
}

/** RSA-PSS is left out: a provider tells that a card cannot do it only after the PIN. */
function mechanismsOf(places: readonly KeyPlace[]): TokenDescription['mechanisms'] {
  const groups = places.map(({ group }) => group);
  return [
    ...(groups.includes('RSA') ? (['CKM_RSA_PKCS'] as const) : []),
    ...(groups.includes('ECDSA') ? (['CKM_ECDSA'] as const) : []),
  ];
}

/**
 * Opens the keys of a token anew, which asks the card for each container, and sees that they are on the card that was bound.
 * @throws TokenError ERR_CARD_CHANGED
 */
export async function openKeys(cng: Cng, card: CngCard, token: CngToken): Promise<void> {
  await closeKeys(cng, token);
  for (const [id, { provider, name, keySpec }] of token.places) {
    const key = await orTokenError(cng.openKey(provider, name, keySpec));
    token.open.set(id, key);
    if ((await cardIdentifier(cng, key, provider, card.reader)) !== card.card) throw new TokenError('ERR_CARD_CHANGED');
  }
}

/** Lets go of a token's keys, and with them of its login. */
export async function closeKeys(cng: Cng, token: CngToken): Promise<void> {
  const keys = [...token.open.values()];
  token.open.clear();
  token.loggedIn = false;
  await Promise.all(keys.map((key) => cng.closeKey(key)));
}

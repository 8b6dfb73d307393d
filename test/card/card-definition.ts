// What virtual cards are made of. A card knows nothing of any PKI: certificates are bytes that it is given, good or bad.
// Also the form in which a definition crosses to the card program (never to disk: it holds private keys).
import { createPrivateKey, type KeyObject } from 'node:crypto';

export interface CardKey {
  readonly privateKey: KeyObject;
  /** DER; stored as it is, so it may just as well be something that does not parse. */
  readonly certificate: Uint8Array;
}

/** An IDPrime 940: one PIN for all keys. */
export interface CardDefinition {
  readonly kind?: 'idprime';
  /** Any text; serial numbers are derived from it, so two cards of one stack must not share it. */
  readonly id: string;
  /** The token's label, at most 32 bytes of UTF-8. */
  readonly label: string;
  /** 6 to 8 digits. */
  readonly pin: string;
  /** 8 digits. */
  readonly puk: string;
  /** At most ten, RSA of 2048 bits (its driver in OpenSC 0.23 offers no other); none is a card without certificates. */
  readonly keys: readonly CardKey[];
  /** 0 (locked) to 3, which is the default. */
  readonly triesLeft?: number;
}

/** A PIN of a card with two, and the keys that it opens. */
export interface GuardedKeys {
  readonly pin: string;
  readonly puk: string;
  /** RSA of 2048 or 3072 bits, P-256 or P-384; at most ten with those of the other PIN. */
  readonly keys: readonly CardKey[];
  readonly triesLeft?: number;
}

/** The PKCS#15 card that OpenSC drives as a MyEID: one PIN for login, one for signatures. `id` and `label` as above. */
export interface TwoPinCardDefinition {
  readonly kind: 'myeid';
  readonly id: string;
  readonly label: string;
  readonly authentication: GuardedKeys;
  /** `alwaysAuthenticate`: the PIN is spent by one signature; default true. */
  readonly signature: GuardedKeys & { readonly alwaysAuthenticate?: boolean };
  /** DER of the certificates above, at most eight. */
  readonly issuers?: readonly Uint8Array[];
}

export type AnyCardDefinition = CardDefinition | TwoPinCardDefinition;

interface KeyMessage {
  readonly privateKey: string;
  readonly certificate: string;
}

type WithKeyMessages<T> = Omit<T, 'keys'> & { readonly keys: readonly KeyMessage[] };

/** A definition as JSON: keys as PKCS #8 PEM, certificates in base64. */
export type CardDefinitionMessage =
  | WithKeyMessages<CardDefinition>
  | (Omit<TwoPinCardDefinition, 'authentication' | 'signature' | 'issuers'> & {
      readonly authentication: WithKeyMessages<TwoPinCardDefinition['authentication']>;
      readonly signature: WithKeyMessages<TwoPinCardDefinition['signature']>;
      readonly issuers: readonly string[];
    });

/** Throws TypeError with the reason when a card cannot be made of this. No PIN stands in the reason. */
export function checkCardDefinition(card: CardDefinition): CardDefinition {
  checkNames(card.label, [card]);
  for (const { privateKey } of card.keys) {
    if (privateKey.type !== 'private' || privateKey.asymmetricKeyDetails?.modulusLength !== 2048) {
      throw new TypeError('a key of this card is a private RSA key of 2048 bits');
    }
  }
  return card;
}

/** The same for a card with two PINs. */
export function checkTwoPinCard(card: TwoPinCardDefinition): TwoPinCardDefinition {
  const { authentication, signature, issuers = [] } = card;
  checkNames(card.label, [authentication, signature]);
  if (issuers.length > 8) throw new TypeError('a card has at most eight certificates of issuers');
  for (const { privateKey } of [...authentication.keys, ...signature.keys]) {
    const { modulusLength, namedCurve } = privateKey.asymmetricKeyDetails ?? {};
    const fits =
      modulusLength === 2048 || modulusLength === 3072 || /^(?:prime256v1|secp384r1)$/.test(namedCurve ?? '');
    if (privateKey.type !== 'private' || !fits) {
      throw new TypeError('a key of this card is RSA of 2048 or 3072 bits, P-256 or P-384');
    }
  }
  return card;
}

function checkNames(label: string, guarded: readonly GuardedKeys[]): void {
  if (Buffer.byteLength(label) > 32) throw new TypeError('a label has at most 32 bytes');
  if (guarded.some(({ pin }) => !/^\d{6,8}$/.test(pin))) throw new TypeError('a PIN has 6 to 8 digits');
  if (guarded.some(({ puk }) => !/^\d{8}$/.test(puk))) throw new TypeError('a PUK has 8 digits');
  if (guarded.flatMap(({ keys }) => keys).length > 10) throw new TypeError('a card has at most ten keys');
}

/** @throws TypeError when a card cannot be made of this */
export function toMessage(card: AnyCardDefinition): CardDefinitionMessage {
  if (card.kind !== 'myeid') {
    checkCardDefinition(card);
    return { ...card, keys: card.keys.map(keyMessage) };
  }
  const { authentication, signature, issuers = [] } = checkTwoPinCard(card);
  return {
    ...card,
    authentication: { ...authentication, keys: authentication.keys.map(keyMessage) },
    signature: { ...signature, keys: signature.keys.map(keyMessage) },
    issuers: issuers.map((certificate) => Buffer.from(certificate).toString('base64')),
  };
}

export function fromMessage(message: CardDefinitionMessage): AnyCardDefinition {
  if (message.kind !== 'myeid') return { ...message, keys: message.keys.map(keyOf) };
  const { authentication, signature, issuers } = message;
  return {
    ...message,
    authentication: { ...authentication, keys: authentication.keys.map(keyOf) },
    signature: { ...signature, keys: signature.keys.map(keyOf) },
    issuers: issuers.map((certificate) => Buffer.from(certificate, 'base64')),
  };
}

function keyMessage({ privateKey, certificate }: CardKey): KeyMessage {
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: Buffer.from(certificate).toString('base64'),
  };
}

function keyOf({ privateKey, certificate }: KeyMessage): CardKey {
  return { privateKey: createPrivateKey(privateKey), certificate: Buffer.from(certificate, 'base64') };
}

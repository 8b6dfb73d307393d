// What a virtual card is made of. The card knows nothing of any PKI: certificates are bytes that it is given, good or bad.
// Also the form in which a definition crosses to the card program (never to disk: it holds a private key).
import { createPrivateKey, type KeyObject } from 'node:crypto';

export interface CardKey {
  /** RSA of 2048 bits (the IDPrime driver of OpenSC 0.23 offers no other). */
  readonly privateKey: KeyObject;
  /** DER; stored as it is, so it may just as well be something that does not parse. */
  readonly certificate: Uint8Array;
}

export interface CardDefinition {
  /** Any text; serial numbers are derived from it, so two cards of one stack must not share it. */
  readonly id: string;
  /** The token's label, at most 32 bytes of UTF-8. */
  readonly label: string;
  /** 6 to 8 digits. */
  readonly pin: string;
  /** 8 digits. */
  readonly puk: string;
  /** At most ten; none is a card without certificates. */
  readonly keys: readonly CardKey[];
  /** 0 (locked) to 3, which is the default. */
  readonly triesLeft?: number;
}

/** A definition as JSON: keys as PKCS #8 PEM, certificates in base64. */
export interface CardDefinitionMessage {
  readonly id: string;
  readonly label: string;
  readonly pin: string;
  readonly puk: string;
  readonly keys: readonly { readonly privateKey: string; readonly certificate: string }[];
  readonly triesLeft?: number;
}

/** Throws TypeError with the reason when a card cannot be made of this. No PIN stands in the reason. */
export function checkCardDefinition(card: CardDefinition): CardDefinition {
  if (!/^\d{6,8}$/.test(card.pin)) throw new TypeError('a PIN has 6 to 8 digits');
  if (!/^\d{8}$/.test(card.puk)) throw new TypeError('a PUK has 8 digits');
  if (Buffer.byteLength(card.label) > 32) throw new TypeError('a label has at most 32 bytes');
  if (card.keys.length > 10) throw new TypeError('a card has at most ten keys');
  for (const { privateKey } of card.keys) {
    if (privateKey.type !== 'private' || privateKey.asymmetricKeyDetails?.modulusLength !== 2048) {
      throw new TypeError('a key of this card is a private RSA key of 2048 bits');
    }
  }
  return card;
}

export function toMessage(card: CardDefinition): CardDefinitionMessage {
  return {
    ...checkCardDefinition(card),
    keys: card.keys.map(({ privateKey, certificate }) => ({
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificate: Buffer.from(certificate).toString('base64'),
    })),
  };
}

export function fromMessage(message: CardDefinitionMessage): CardDefinition {
  return {
    ...message,
    keys: message.keys.map(({ privateKey, certificate }) => ({
      privateKey: createPrivateKey(privateKey),
      certificate: Buffer.from(certificate, 'base64'),
    })),
  };
}

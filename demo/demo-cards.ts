// The cards of the demonstration clinic: what stands on each, and its two PINs. Keys and certificates are made at run time by
// the test PKI; whoever plays the card (the simulator, a virtual card) is handed the same definition.
import { type KeyObject } from 'node:crypto';
import { anna, bertil, cecilia, type Person } from './pki/persons.ts';
import { type PkiDirectory } from './pki/pki-directory.ts';
import { type Identity } from './pki/policies.ts';

/** Anna and Bertil carry ordinary cards, Cecilia a reserve card (assurance level 2). */
export const cardNames = ['anna', 'bertil', 'cecilia'] as const;
export type CardName = (typeof cardNames)[number];

/** Who carries a card, and what opens it. */
export interface CardHolder {
  readonly person: Person;
  /** For logging in. */
  readonly pin: string;
  /** For signatures. */
  readonly signaturePin: string;
}

/** There is no secret in the PINs: the keys behind them are made anew for each demonstration. */
export const cardHolders: Readonly<Record<CardName, CardHolder>> = {
  anna: { person: anna, pin: '123456', signaturePin: '135790' },
  bertil: { person: bertil, pin: '654321', signaturePin: '975310' },
  cecilia: { person: cecilia, pin: '112233', signaturePin: '332211' },
};

/** A key and its certificate (DER) on a card. */
export interface DemoKey {
  readonly kind: 'authentication' | 'signature';
  readonly label: string;
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

/** Everything that a card is made of. RSA-2048, as on the cards of SITHS. */
export interface DemoCard {
  readonly name: CardName;
  readonly label: string;
  readonly serialNumber: string;
  readonly pin: string;
  readonly puk: string;
  /** Of keys for signatures, on a card that has a PIN of its own for them. */
  readonly signature: { readonly pin: string; readonly puk: string };
  readonly keys: readonly DemoKey[];
}

export type DemoCards = Readonly<Record<CardName, DemoCard>>;

/** Makes the cards, or reads from the PKI's directory what it has kept of them. About a second when they are made. */
export async function issueDemoCards(pki: PkiDirectory): Promise<DemoCards> {
  const [anna, bertil, cecilia] = await Promise.all([
    issueCard(pki, 'anna', '0101010101'),
    issueCard(pki, 'bertil', '0202020202'),
    issueCard(pki, 'cecilia', '0303030303'),
  ]);
  return { anna, bertil, cecilia };
}

async function issueCard(pki: PkiDirectory, name: CardName, serialNumber: string): Promise<DemoCard> {
  const { person, pin, signaturePin } = cardHolders[name];
  const key = async (kind: DemoKey['kind'], identity: Identity, label: string): Promise<DemoKey> => {
    const { certificate, privateKey } = await pki.issued(`${name}-${kind}-${identity}`, () =>
      pki.pki.issuePerson({ person, kind, identity, key: 'rsa-2048' }),
    );
    return { kind, label, certificate, privateKey };
  };
  // As on a SITHS card: the employer's identity for login and signature, and beside it the holder's personal number.
  const personal =
    person.personalNumber === undefined
      ? []
      : [key('authentication', 'personal-number', `${person.givenName} legitimation (personnummer)`)];
  const keys = await Promise.all([
    key('authentication', 'hsa-id', `${person.givenName} legitimation`),
    ...personal,
    key('signature', 'hsa-id', `${person.givenName} underskrift`),
  ]);
  const label = `${person.givenName} ${person.surname}`;
  const signature = { pin: signaturePin, puk: '12345678' };
  return { name, label, serialNumber, pin, puk: '87654321', signature, keys };
}

// Cards for tests with the real programs: one test PKI and one set of keys a process, made when first asked for, and PINs that
// are random, so that a PIN found where it must not be is no coincidence.
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { type SimulatedCardDefinition } from '../../agent/tokens/simulator/simulated-card-file.ts';
import { anna, bertil, cecilia, type Person } from '../../demo/pki/persons.ts';
import { type KeyKind } from '../../demo/pki/keys.ts';
import { createTestPki, type Issued, type PersonRequest, type TestPki } from '../../demo/pki/pki.ts';
import { type CardDefinition, type TwoPinCardDefinition } from '../card/card-definition.ts';

const holders = { anna, bertil, cecilia } as const;
export type CardHolder = keyof typeof holders;

/** A card before somebody plays it. `pin` is 8 digits. */
export interface TestCard {
  readonly name: CardHolder;
  readonly person: Person;
  readonly pin: string;
  readonly puk: string;
  /** Authentication with the HSA-id; with the personal number, where the person has one; signature. RSA-2048. */
  readonly keys: readonly Issued[];
}

/** A PIN of a card with two, and its keys. */
export interface TestPin {
  readonly pin: string;
  readonly puk: string;
  readonly keys: readonly Issued[];
}

/** A card with a PIN for login and another for signatures. */
export interface TwoPinTestCard {
  readonly name: CardHolder;
  readonly person: Person;
  readonly authentication: TestPin;
  readonly signature: TestPin;
}

let pki: Promise<TestPki> | undefined;
const cards = new Map<CardHolder, Promise<TestCard>>();

/** The process's own PKI. */
export function testPki(): Promise<TestPki> {
  pki ??= createTestPki({ keyKind: 'ec-p256' });
  return pki;
}

/** A holder's card: the same one at every call. Half a second when it is made. */
export function testCard(name: CardHolder): Promise<TestCard> {
  const known = cards.get(name) ?? makeCard(name);
  cards.set(name, known);
  return known;
}

/** Another card of a holder's, new at every call, with keys of these kinds (default: one of RSA-2048 for each PIN). HSA-id. */
export async function twoPinCard(
  name: CardHolder,
  kinds: { readonly authentication?: readonly KeyKind[]; readonly signature?: readonly KeyKind[] } = {},
): Promise<TwoPinTestCard> {
  const person = holders[name];
  const pinOf = async (kind: 'authentication' | 'signature'): Promise<TestPin> => {
    const keys = (kinds[kind] ?? ['rsa-2048']).map((key) => issue({ person, kind, identity: 'hsa-id', key }));
    return { pin: randomPin(), puk: randomPin(), keys: await Promise.all(keys) };
  };
  const [authentication, signature] = await Promise.all([pinOf('authentication'), pinOf('signature')]);
  return { name, person, authentication, signature };
}

/** 8 random digits. */
export function randomPin(): string {
  return String(randomInt(10_000_000, 100_000_000));
}

/** The card for the simulator, which finds the first key under CKA_ID 45, the next under 46. */
export function simulatedCard(card: TestCard, changes: Partial<SimulatedCardDefinition> = {}): SimulatedCardDefinition {
  const { name, person, pin, puk, keys } = card;
  return {
    label: `${person.givenName} ${person.surname}`,
    serialNumber: `00${name}`,
    pin,
    puk,
    certificates: keys.map(({ certificate, privateKey }, index) => ({
      id: (0x45 + index).toString(16),
      label: `key ${index + 1}`,
      certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    })),
    ...changes,
  };
}

/** The same of a card with two PINs; keys for login come first. */
export function simulatedTwoPinCard(
  { name, person, authentication, signature }: TwoPinTestCard,
  changes: Partial<SimulatedCardDefinition> = {},
): SimulatedCardDefinition {
  const keys = [...authentication.keys, ...signature.keys];
  return {
    label: `${person.givenName} ${person.surname}`,
    serialNumber: `02${name}`,
    pin: authentication.pin,
    puk: authentication.puk,
    signature: { pin: signature.pin, puk: signature.puk },
    certificates: keys.map(({ certificate, privateKey }, index) => ({
      id: (0x45 + index).toString(16),
      label: `key ${index + 1}`,
      certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      ...(index < authentication.keys.length ? {} : { pin: 'signature' as const }),
    })),
    ...changes,
  };
}

/** A card with two PINs for the virtual reader, with the certificates above its own. CKA_IDs as the simulator's. */
export function virtualTwoPinCard({ person, authentication, signature }: TwoPinTestCard): TwoPinCardDefinition {
  const chains = [...authentication.keys, ...signature.keys].flatMap(({ chain }) => chain);
  const issuers = new Map(chains.map((certificate) => [Buffer.from(certificate).toString('base64'), certificate]));
  return {
    kind: 'myeid',
    id: `two PINs ${person.hsaId}`,
    label: `${person.givenName} ${person.surname}`,
    authentication,
    signature,
    issuers: [...issuers.values()],
  };
}

/** The card for the virtual reader (test/card). */
export function virtualCard({ person, pin, puk, keys }: TestCard): CardDefinition {
  return { id: person.hsaId, label: `${person.givenName} ${person.surname}`, pin, puk, keys };
}

/** Something else that the process's PKI issues. */
export async function issue(request: PersonRequest): Promise<Issued> {
  return (await testPki()).issuePerson(request);
}

async function makeCard(name: CardHolder): Promise<TestCard> {
  const person = holders[name];
  const key = (kind: 'authentication' | 'signature', identity: 'hsa-id' | 'personal-number'): Promise<Issued> =>
    issue({ person, kind, identity, key: 'rsa-2048' });
  const personal = person.personalNumber === undefined ? [] : [key('authentication', 'personal-number')];
  const keys = await Promise.all([key('authentication', 'hsa-id'), ...personal, key('signature', 'hsa-id')]);
  return { name, person, pin: randomPin(), puk: randomPin(), keys };
}

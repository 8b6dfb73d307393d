// Cards for tests with the real programs: one test PKI and one set of keys a process, made when first asked for, and PINs that
// are random, so that a PIN found where it must not be is no coincidence.
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { type SimulatedCardDefinition } from '../../agent/tokens/simulator/simulated-card-file.ts';
import { anna, bertil, cecilia, type Person } from '../../demo/pki/persons.ts';
import { createTestPki, type Issued, type PersonRequest, type TestPki } from '../../demo/pki/pki.ts';
import { type CardDefinition } from '../card/card-definition.ts';

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

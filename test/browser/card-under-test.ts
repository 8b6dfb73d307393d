// The two cards that every login test runs on, behind one face: the agent's simulator, and the virtual IDPrime 940 behind the
// real pcscd and OpenSC. Both tell what reached the chip, which is what the tests are about.
import { type CardDriver } from '../../demo/card-driver.ts';
import { type CardName, type DemoCards } from '../../demo/demo-cards.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../demo/demo-agent.ts';
import { simulatedCards } from '../../demo/simulated-card.ts';
import { SimulatorControl } from '../../agent/tokens/simulator/simulator-control.ts';
import { cardStackUnavailable, findOpenscModule, startCardStack, type CardStack } from '../card/card-stack.ts';

export const cardKinds = ['simulated card', 'virtual IDPrime 940'] as const;
export type CardKind = (typeof cardKinds)[number];

export interface CardUnderTest extends CardDriver {
  /** Another card in the reader, removal and insertion seen. */
  swap(card: CardName): Promise<void>;
  /** Another card on the same contacts: no event tells of it. */
  swapUnseen(card: CardName): Promise<void>;
  /** As if another program had spent the others. */
  setTriesLeft(card: CardName, tries: number): Promise<void>;
  pin(card: CardName): Promise<{ verified: boolean; triesLeft: number }>;
  /** PINs that have reached any chip (C_Login, VERIFY with data) since `resetCounts`. */
  pinsSent(): Promise<number>;
  /** What has gone over the contacts since `resetCounts`: APDUs; of the simulator its own calls. */
  transcript(): Promise<readonly string[]>;
  resetCounts(): Promise<void>;
  /** As `insert`; the card's next signature takes so long. */
  insertSlow(card: CardName, milliseconds: number): Promise<void>;
}

/** Why this card cannot be had here; undefined when it can. */
export function cardUnavailable(kind: CardKind): string | undefined {
  if (kind === 'simulated card') return undefined;
  return cardStackUnavailable() ?? (findOpenscModule() === undefined ? 'OpenSC is missing (opensc-pkcs11)' : undefined);
}

/** @param directory one of its own */
export async function startCard(kind: CardKind, cards: DemoCards, directory: string): Promise<CardUnderTest> {
  return kind === 'simulated card' ? simulated(cards, directory) : virtual(cards);
}

function simulated(cards: DemoCards, directory: string): CardUnderTest {
  const driver = simulatedCards(directory, cards);
  const control = new SimulatorControl(directory);
  let before: Record<string, { logins: number; signatures: number; statusReads: number }> = {};
  const since = async (what: 'logins' | 'signatures' | 'statusReads') => {
    const { cards: now } = await control.state();
    return Object.entries(now).reduce((sum, [name, card]) => {
      const earlier = before[name]?.[what] ?? 0;
      // A simulator that was killed counts from the beginning.
      return sum + card[what] - (earlier <= card[what] ? earlier : 0);
    }, 0);
  };
  return {
    ...driver,
    swap: async (card) => {
      await control.swap(card);
    },
    swapUnseen: async (card) => {
      await control.swap(card, { unseen: true });
    },
    setTriesLeft: async (card, tries) => {
      await control.setTriesLeft(card, tries);
    },
    pin: async (card) => (await control.state()).cards[card] ?? { verified: false, triesLeft: 3 },
    pinsSent: () => since('logins'),
    transcript: async () => [
      ...Array<string>(await since('statusReads')).fill('status'),
      ...Array<string>(await since('logins')).fill('login'),
      ...Array<string>(await since('signatures')).fill('signature'),
    ],
    resetCounts: async () => {
      before = (await control.state()).cards;
    },
    insertSlow: async (card, milliseconds) => {
      // The simulator reads the file when the card comes in.
      const path = join(directory, 'cards', `${card}.json`);
      const definition = await readFile(path, 'utf8');
      await writeFile(path, JSON.stringify({ ...(JSON.parse(definition) as object), signMilliseconds: milliseconds }));
      await driver.insert(card);
      await writeFile(path, definition);
    },
  };
}

async function virtual(cards: DemoCards): Promise<CardUnderTest> {
  const definitions = Object.fromEntries(
    Object.values(cards).map(({ name, label, serialNumber, pin, puk, keys }) => [
      name,
      { id: serialNumber, label, pin, puk, keys },
    ]),
  );
  const stack = await startCardStack({ cards: definitions });
  const module = findOpenscModule() ?? '';
  let triesBefore = 3;
  return {
    title: 'virtual IDPrime 940',
    source: { type: 'pkcs11', module },
    environment: stack.environment,
    controlled: true,
    hasSignaturePin: false,
    insert: (card) => stack.insert(card),
    remove: () => removeIfIn(stack),
    swap: (card) => stack.swap(card),
    swapUnseen: (card) => stack.swapUnseen(card),
    setTriesLeft: async (card, tries) => {
      await stack.setTriesLeft(card, tries);
      triesBefore = tries;
    },
    pin: (card) => stack.pinState(card),
    pinsSent: async () => pinsIn(await stack.transcript(), triesBefore),
    transcript: () => stack.transcript(),
    resetCounts: async () => {
      const inside = await stack.cardIn();
      if (inside !== undefined) triesBefore = (await stack.pinState(inside)).triesLeft;
      await stack.resetCounts();
    },
    insertSlow: async (card, milliseconds) => {
      await stack.insert(card);
      await stack.stallOn(performSecurityOperation, milliseconds);
    },
    stop: () => stack.stop(),
  };
}

/** INS of the commands by which an IDPrime signs (ISO 7816-8 11.2). */
const performSecurityOperation = 0x2a;

async function removeIfIn(stack: CardStack): Promise<void> {
  if ((await stack.cardIn()) === undefined) return;
  await stack.remove();
  // pcscd looks every 400 ms: until then nobody can know.
  await until(async () => (await stack.readerState()).empty, 2_000, 'pcscd does not see that the card is gone');
}

/**
 * VERIFY (20) with a PIN in a transcript, which holds no data. Told from VERIFY without data, a question about the tries left,
 * by what changes: a question repeats the number that is known, a wrong PIN lowers it, a right one verifies.
 */
export function pinsIn(transcript: readonly string[], triesBefore: number): number {
  let tries = triesBefore;
  let isVerified = false;
  let pins = 0;
  for (const line of transcript) {
    const answer = /^20 00 11 -> (\w+)$/.exec(line)?.[1];
    if (answer === undefined) continue;
    const now = answer === '6983' ? 0 : answer.startsWith('63C') ? Number(answer.slice(3)) : 3;
    if (answer === '9000' ? !isVerified : now < tries) pins += 1;
    isVerified = answer === '9000';
    tries = now;
  }
  return pins;
}

// The card of a removal run with all that can befall it: the agent's simulator, or the virtual IDPrime 940 behind the real
// pcscd and OpenSC. The second reader is there for what happens elsewhere.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SimulatorControl } from '../../agent/tokens/simulator/simulator-control.ts';
import { type CardDriver } from '../../demo/card-driver.ts';
import { until } from '../../demo/demo-agent.ts';
import { type CardName, type DemoCards } from '../../demo/demo-cards.ts';
import { simulatedCards } from '../../demo/simulated-card.ts';
import { virtualCard } from '../bench/virtual-card.ts';
import { cardStackUnavailable, findOpenscModule } from '../card/card-stack.ts';

export const removalCardKinds = ['simulated', 'idprime'] as const;
export type RemovalCardKind = (typeof removalCardKinds)[number];

export interface RemovalCard extends CardDriver {
  readonly kind: RemovalCardKind;
  /** Settles at once; whether there is a card or not. */
  pull(): Promise<void>;
  /** Settles when the reader is known to be empty by those who look. */
  remove(): Promise<void>;
  /** Removal that is seen, and another card. */
  swap(card: CardName): Promise<void>;
  /** Another card on the same contacts, without any event. */
  swapUnseen(card: CardName): Promise<void>;
  /** Another card within one look of the service at the reader: it may see the removal, or only a card that is there. */
  swapWithinOneLook(card: CardName): Promise<void>;
  /** As `insert`: a card whose signatures take so long, all of them (simulated) or the one after `slowNextSignature`. */
  insertSlow(card: CardName, milliseconds: number): Promise<void>;
  slowNextSignature(milliseconds: number): Promise<void>;
  insertElsewhere(card: CardName): Promise<void>;
  removeElsewhere(): Promise<void>;
  resetByOther(elsewhere?: boolean): Promise<void>;
  mute(milliseconds: number, elsewhere?: boolean): Promise<void>;
  stopService(): Promise<void>;
  startService(): Promise<void>;
  /** The next readings of the card, and what is asked of it, end in errors. */
  failAWhile(): Promise<void>;
}

/** Why this card cannot be had here; undefined when it can. */
export function removalCardUnavailable(kind: RemovalCardKind): string | undefined {
  if (kind === 'simulated') return undefined;
  return cardStackUnavailable() ?? (findOpenscModule() === undefined ? 'OpenSC is missing (opensc-pkcs11)' : undefined);
}

/** @param directory one of its own */
export async function startRemovalCard(
  kind: RemovalCardKind,
  cards: DemoCards,
  directory: string,
): Promise<RemovalCard> {
  return kind === 'simulated' ? simulated(cards, directory) : virtual(cards);
}

/** Says something to the simulator; what was cut off because its agent was killed just then is said again to the next one. */
async function settled(command: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await command();
      return;
    } catch (error) {
      // It had been heard, and was done: readers outlive their simulator.
      if (attempt > 1 && / already$/.test(String(error))) return;
      if (attempt === attempts || !/ECONNRESET|EPIPE|hung up/.test(String(error))) throw error;
      await wait(50);
    }
  }
}

const attempts = 5;

function simulated(cards: DemoCards, directory: string): RemovalCard {
  const control = new SimulatorControl(directory);
  const pull = () => settled(() => control.remove());
  return {
    ...simulatedCards(directory, cards),
    kind: 'simulated',
    pull,
    remove: pull,
    insert: (card) => settled(() => control.insert(card)),
    swap: (card) => settled(() => control.swap(card)),
    swapUnseen: (card) => settled(() => control.swap(card, { unseen: true })),
    swapWithinOneLook: (card) => settled(() => control.swap(card)),
    insertSlow: async (card, milliseconds) => {
      // The simulator reads the file when the card comes in.
      const path = join(directory, 'cards', `${card}.json`);
      const definition = await readFile(path, 'utf8');
      await writeFile(path, JSON.stringify({ ...(JSON.parse(definition) as object), signMilliseconds: milliseconds }));
      await settled(() => control.insert(card));
      await writeFile(path, definition);
    },
    slowNextSignature: () => Promise.resolve(),
    insertElsewhere: (card) => settled(() => control.insert(card, 1)),
    removeElsewhere: () => settled(() => control.remove(1)),
    resetByOther: (elsewhere = false) => settled(() => control.resetByOther(elsewhere ? 1 : 0)),
    mute: async (milliseconds, elsewhere = false) => {
      await settled(() => control.setMute(true, elsewhere ? 1 : 0));
      await wait(milliseconds);
      await settled(() => control.setMute(false, elsewhere ? 1 : 0));
    },
    stopService: () => settled(() => control.stopService()),
    startService: () => settled(() => control.startService()),
    failAWhile: async () => {
      await settled(() => control.failAt('bind', 'ERR_CARD_FAILED'));
      await settled(() => control.failAt('sign', 'ERR_CARD_FAILED'));
    },
  };
}

/** INS of the commands by which an IDPrime is read and signs (ISO 7816-4 11.2, 11.1; ISO 7816-8 11.2). */
const ins = { select: 0xa4, readBinary: 0xb0, performSecurityOperation: 0x2a };
/** "No precise diagnosis" (ISO 7816-4 5.6). */
const cardFault = 0x6f00;

async function virtual(cards: DemoCards): Promise<RemovalCard> {
  const { stack, ...driver } = await virtualCard(cards);
  const pull = async () => {
    if ((await stack.cardIn()) !== undefined) await stack.remove();
  };
  return {
    ...driver,
    kind: 'idprime',
    pull,
    remove: async () => {
      await pull();
      // pcscd looks every 400 ms: until then nobody can know.
      await until(async () => (await stack.readerState()).empty, 3_000, 'pcscd does not see that the card is gone');
    },
    swap: (card) => stack.swap(card),
    swapUnseen: (card) => stack.swapUnseen(card),
    swapWithinOneLook: (card) => stack.swapWithinOneLook(card),
    insertSlow: (card) => stack.insert(card),
    slowNextSignature: (milliseconds) => stack.stallOn(ins.performSecurityOperation, milliseconds),
    insertElsewhere: (card) => stack.insert(card, 1),
    removeElsewhere: async () => {
      await stack.remove(1);
      await until(async () => (await stack.readerState(1)).empty, 3_000, 'pcscd does not see that the card is gone');
    },
    resetByOther: (elsewhere = false) => stack.resetByOther(elsewhere ? 1 : 0),
    mute: (milliseconds, elsewhere = false) => stack.mute(milliseconds, elsewhere ? 1 : 0),
    stopService: () => stack.stopService(),
    startService: () => stack.startService(),
    failAWhile: async () => {
      for (const instruction of Object.values(ins)) await stack.failOn(instruction, cardFault);
    },
  };
}

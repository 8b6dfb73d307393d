// The cards on the bench, the two slots of the reader and the service: all that tests may do to them. Lives in the card program.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type CardControl,
  type CardOperations,
  type Counts,
  type PinName,
  type PinState,
  type ReaderState,
} from './card-control.ts';
import { CardSlot } from './card-slot.ts';
import { type IsoCard } from './iso7816.ts';
import { type PinObject } from './pin-object.ts';
import { PcscService, READERS, VPCD_PORT } from './pcsc-service.ts';

const run = promisify(execFile);

/** Bits of dwEventState; the counter of events stands in the upper half. */
const STATE = { empty: 0x10, present: 0x20, inUse: 0x100, mute: 0x200 } as const;

export class CardBench implements CardControl {
  readonly #cards: ReadonlyMap<string, IsoCard>;
  readonly #directory: string;
  readonly #service: PcscService;
  readonly #slots: readonly CardSlot[];

  constructor(cards: ReadonlyMap<string, IsoCard>, directory: string) {
    this.#cards = cards;
    this.#directory = directory;
    this.#service = new PcscService(directory);
    this.#slots = READERS.map((_, index) => new CardSlot(VPCD_PORT + index, () => this.#service.running));
  }

  async insert(name: string, slot: number): Promise<void> {
    await this.#slot(slot).insert(this.#freeCard(name));
  }

  remove(slot: number): Promise<void> {
    this.#slot(slot).remove();
    return Promise.resolve();
  }

  async swap(name: string, slot: number): Promise<void> {
    const card = this.#freeCard(name);
    this.#slot(slot).remove();
    await this.#slot(slot).insert(card);
  }

  swapUnseen(name: string, slot: number): Promise<void> {
    this.#slot(slot).exchange(this.#freeCard(name));
    return Promise.resolve();
  }

  async swapWithinOneLook(name: string, slot: number): Promise<void> {
    await this.#slot(slot).exchangeWithinOneLook(this.#freeCard(name));
  }

  async setMute(mute: boolean, slot: number): Promise<void> {
    this.#slot(slot).mute = mute;
    await this.resetByOther(slot);
  }

  async resetByOther(slot: number): Promise<void> {
    await this.#probe('reset', slot);
  }

  setDelay(msPerApdu: number, slot: number): Promise<void> {
    this.#slot(slot).delayMs = msPerApdu;
    return Promise.resolve();
  }

  stallOn(ins: number, ms: number, slot: number): Promise<void> {
    this.#slot(slot).stallOn(ins, ms);
    return Promise.resolve();
  }

  removeOn(ins: number, slot: number): Promise<void> {
    this.#slot(slot).removeOn(ins);
    return Promise.resolve();
  }

  failOn(ins: number, sw: number, slot: number): Promise<void> {
    this.#slot(slot).failOn(ins, sw);
    return Promise.resolve();
  }

  counts(slot: number): Promise<Counts> {
    return Promise.resolve(this.#slot(slot).counts());
  }

  resetCounts(slot: number): Promise<void> {
    this.#slot(slot).resetCounts();
    return Promise.resolve();
  }

  transcript(slot: number): Promise<readonly string[]> {
    return Promise.resolve(this.#slot(slot).transcript());
  }

  cardIn(slot: number): Promise<string | undefined> {
    const inside = this.#slot(slot).card;
    return Promise.resolve([...this.#cards].find(([, card]) => card === inside)?.[0]);
  }

  operations(where: string | number): Promise<CardOperations> {
    const { signatures, pins } = this.#cardAt(where).profile;
    const verifications = [...pins.values()].map((pin) => pin.verifications);
    return Promise.resolve({ signatures: [...signatures], verifications });
  }

  pinState(where: string | number, pin: PinName): Promise<PinState> {
    const { verified, triesLeft, pukTriesLeft } = this.#pin(where, pin);
    return Promise.resolve({ verified, triesLeft, pukTriesLeft });
  }

  setTriesLeft(where: string | number, tries: number, pin: PinName): Promise<void> {
    this.#pin(where, pin).setTriesLeft(tries);
    return Promise.resolve();
  }

  async readerState(slot: number): Promise<ReaderState> {
    const bits = Number.parseInt(await this.#probe('state', slot), 16);
    const has = (bit: number): boolean => (bits & bit) !== 0;
    return {
      present: has(STATE.present),
      empty: has(STATE.empty),
      mute: has(STATE.mute),
      inUse: has(STATE.inUse),
      events: (bits >>> 16) & 0xffff,
    };
  }

  async stopService(): Promise<void> {
    await this.#service.stop();
  }

  async startService(): Promise<void> {
    await this.#service.start();
    await Promise.all(this.#slots.filter(({ card }) => card !== undefined).map((slot) => slot.seen()));
  }

  async #probe(command: 'state' | 'reset', slot: number): Promise<string> {
    this.#slot(slot);
    const { stdout } = await run(join(this.#directory, 'pcsc-probe'), [command, READERS[slot] ?? '']);
    return stdout;
  }

  #slot(index: number): CardSlot {
    const slot = this.#slots[index];
    if (slot === undefined) throw new RangeError(`there is no slot ${index}`);
    return slot;
  }

  #card(name: string): IsoCard {
    const card = this.#cards.get(name);
    if (card === undefined) throw new RangeError(`there is no card "${name}"`);
    return card;
  }

  /** A card is a thing: it cannot be in two slots. */
  #freeCard(name: string): IsoCard {
    const card = this.#card(name);
    if (this.#slots.some((slot) => slot.card === card)) throw new Error(`the card "${name}" is in a slot already`);
    return card;
  }

  /** A slot means the card that is in it. */
  #cardAt(where: string | number): IsoCard {
    const card = typeof where === 'string' ? this.#card(where) : this.#slot(where).card;
    if (card === undefined) throw new Error('the slot has no card');
    return card;
  }

  #pin(where: string | number, name: PinName): PinObject {
    const pin = [...this.#cardAt(where).profile.pins.values()][name === 'authentication' ? 0 : 1];
    if (pin === undefined) throw new Error('the card has no such PIN');
    return pin;
  }
}

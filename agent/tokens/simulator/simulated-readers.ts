// Two readers and the cards in them, with PC/SC's own event states: bits, and a counter of insertions and removals in the upper
// 16 bits. Which card is in which reader stands in DIRECTORY/readers.json, so that a restarted simulator finds it still in.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ReaderPicture } from '../token.ts';
import { SimulatedCard } from './simulated-card.ts';
import { replaceFile } from './simulated-card-file.ts';

/** The readers' names, by number. */
const simulatedReaderNames = ['Simulated reader 1', 'Simulated reader 2'] as const;

/** The ATR of every simulated card: TS, T0 and the historical bytes "KORTBRO". */
const simulatedAtr = Buffer.from('3b674b4f525442524f', 'hex');

const readersFile = z.strictObject({
  connection: z.int().min(0),
  readers: z.array(z.strictObject({ card: z.string().nullable(), events: z.int().min(0) })).length(2),
});

const bits = { empty: 0x10, present: 0x20, inUse: 0x100, mute: 0x200 } as const;

/** A reader. `events` counts as dwEventState's upper half does; a swap that nobody saw leaves it as it was. */
export interface SimulatedReader {
  readonly name: string;
  card: SimulatedCard | undefined;
  events: number;
  mute: boolean;
  inUse: boolean;
}

export class SimulatedReaders {
  readonly #directory: string;
  readonly #cards = new Map<string, SimulatedCard>();
  readonly #changed: (picture: ReaderPicture) => void;
  readonly readers: readonly SimulatedReader[];
  #service: 'running' | 'stopped' = 'running';
  #connection: number;

  /** Cards whose files cannot be read are left out. `changed` hears of every change from now on. */
  constructor(directory: string, changed: (picture: ReaderPicture) => void) {
    this.#directory = directory;
    this.#changed = changed;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const kept = this.#load();
    this.#connection = kept.connection + 1;
    this.readers = simulatedReaderNames.map((name, number) => {
      const { card, events } = kept.readers[number] ?? { card: null, events: 0 };
      return { name, card: this.#readable(card), events, mute: false, inUse: false };
    });
    this.#save();
  }

  get service(): 'running' | 'stopped' {
    return this.#service;
  }

  get connection(): number {
    return this.#connection;
  }

  /** Every card that has been seen, in a reader or not. */
  get cards(): ReadonlyMap<string, SimulatedCard> {
    return this.#cards;
  }

  get picture(): ReaderPicture {
    if (this.#service === 'stopped') return { service: 'stopped', connection: this.#connection, readers: [] };
    return {
      service: 'running',
      connection: this.#connection,
      readers: this.readers.map((reader) => ({
        name: reader.name,
        eventState: (((reader.events & 0xffff) << 16) | stateBits(reader)) >>> 0,
        atr: reader.card === undefined || reader.mute ? new Uint8Array() : simulatedAtr,
      })),
    };
  }

  named(name: string): SimulatedReader | undefined {
    return this.readers.find((reader) => reader.name === name);
  }

  /** @throws Error when there is no such card, or it is in a reader already, or the reader is taken */
  insert(name: string, number: number): void {
    const reader = this.#reader(number);
    if (reader.card !== undefined) throw new Error(`${reader.name} holds a card already`);
    this.#put(reader, name);
    reader.events += 1;
    this.#tell();
  }

  remove(number: number): void {
    const reader = this.#reader(number);
    if (reader.card === undefined) return;
    reader.card.setVerified(false);
    Object.assign(reader, { card: undefined, mute: false, inUse: false, events: reader.events + 1 });
    this.#tell();
  }

  /** Removal and insertion, both seen; or a swap on the same contacts that no event tells of (`verified`: by some PIN of its own). */
  swap(name: string, number: number, how: { unseen: boolean; verified: boolean }): void {
    if (!how.unseen) this.remove(number);
    const reader = this.#reader(number);
    reader.card?.setVerified(false);
    reader.card = undefined;
    this.#put(reader, name).setVerified(how.verified);
    if (how.unseen) this.#save();
    else {
      reader.events += 1;
      this.#tell();
    }
  }

  /** A contact glitch: the card is there and does not answer. It loses its power, so nothing stays verified. */
  setMute(number: number, mute: boolean): void {
    const reader = this.#reader(number);
    reader.card?.setVerified(false);
    reader.mute = mute && reader.card !== undefined;
    this.#tell();
  }

  /** Somebody opens or closes the card: a change of state without an event. */
  setInUse(reader: SimulatedReader, inUse: boolean): void {
    if (reader.inUse === inUse) return;
    reader.inUse = inUse;
    this.#tell();
  }

  setService(service: 'running' | 'stopped'): void {
    if (service === this.#service) return;
    this.#service = service;
    for (const reader of this.readers) Object.assign(reader, { inUse: false, mute: false });
    for (const { card } of this.readers) card?.setVerified(false);
    if (service === 'running') this.#connection += 1;
    this.#tell();
  }

  /** A card by its name, in a reader or not. @throws Error when there is none */
  card(name: string): SimulatedCard {
    const known = this.#cards.get(name);
    if (known !== undefined) return known;
    const card = new SimulatedCard(this.#directory, name);
    this.#cards.set(name, card);
    return card;
  }

  /** @throws RangeError */
  cardIn(number: number): SimulatedCard | undefined {
    return this.#reader(number).card;
  }

  #put(reader: SimulatedReader, name: string): SimulatedCard {
    if (this.readers.some(({ card }) => card?.name === name)) throw new Error(`${name} is in a reader already`);
    const card = this.card(name);
    card.powerOn();
    reader.card = card;
    return card;
  }

  #reader(number: number): SimulatedReader {
    const reader = this.readers[number];
    if (reader === undefined) throw new RangeError('no such reader');
    return reader;
  }

  #tell(): void {
    this.#save();
    this.#changed(this.picture);
  }

  #path(): string {
    return join(this.#directory, 'readers.json');
  }

  #save(): void {
    const readers = this.readers.map(({ card, events }) => ({ card: card?.name ?? null, events }));
    replaceFile(this.#path(), `${JSON.stringify({ connection: this.#connection, readers })}\n`);
  }

  #load(): z.infer<typeof readersFile> {
    try {
      return readersFile.parse(JSON.parse(readFileSync(this.#path(), 'utf8')));
    } catch {
      return { connection: 0, readers: simulatedReaderNames.map(() => ({ card: null, events: 0 })) };
    }
  }

  #readable(name: string | null): SimulatedCard | undefined {
    if (name === null) return undefined;
    try {
      return this.card(name);
    } catch {
      return undefined;
    }
  }
}

function stateBits(reader: SimulatedReader): number {
  if (reader.card === undefined) return bits.empty;
  return bits.present | (reader.mute ? bits.mute : 0) | (reader.inUse ? bits.inUse : 0);
}

// One slot of the virtual reader: which card is in it, what goes over its contacts, and the accidents that tests ask for.
// It keeps the card connected to vpcd while a card is in, across restarts of the service.
import { setTimeout as wait } from 'node:timers/promises';
import { type Counts } from './card-control.ts';
import { type IsoCard } from './iso7816.ts';
import { type Contact, VpcdConnection } from './vpcd.ts';

/**
 * pcscd looks every 400 ms. A card that comes back within one look may never have been away, or may have been away without
 * an event, depending on what else is going on: so a slot stays empty for longer than that.
 */
const EMPTY_MS = 600;
const RECONNECT_MS = 20;
const SEEN_TIMEOUT_MS = 5000;
/** Between the driver's copy of the ATR and pcscd's own state lie a few instructions in another process. */
const SETTLE_MS = 10;

/** One byte more than an ATR may have (ISO 7816-3 8.2.1): the card is present but cannot be powered, which is "mute". */
const MUTE_ATR = Buffer.alloc(34, 0x3b);

type Accident =
  | { readonly kind: 'stall'; readonly ms: number }
  | { readonly kind: 'remove' }
  | { readonly kind: 'fail'; readonly sw: number };

export class CardSlot {
  delayMs = 0;
  mute = false;
  readonly #port: number;
  readonly #serviceRuns: () => boolean;
  readonly #accidents = new Map<number, Accident>();
  #card: IsoCard | undefined;
  /** One value for each time that a card was put in: what was begun for an earlier one must not touch a later one. */
  #insertion: symbol | undefined;
  #connection: VpcdConnection | undefined;
  #emptySince = -Infinity;
  #powered = false;
  #seen = deferred();
  #apdus = 0;
  #byInstruction: Record<string, number> = {};
  #transcript: string[] = [];

  constructor(port: number, serviceRuns: () => boolean) {
    this.#port = port;
    this.#serviceRuns = serviceRuns;
  }

  get card(): IsoCard | undefined {
    return this.#card;
  }

  /** Settles when pcscd has powered the card, or at once while the service is stopped. */
  async insert(card: IsoCard): Promise<void> {
    if (this.#card !== undefined) throw new Error('the slot has a card already');
    const insertion = Symbol('insertion');
    this.#card = card;
    this.#insertion = insertion;
    await wait(Math.max(0, this.#emptySince + EMPTY_MS - performance.now()));
    void this.#stayConnected(insertion);
    if (this.#serviceRuns()) await this.seen();
  }

  /** Settles when pcscd has powered the card that is in the slot. */
  async seen(): Promise<void> {
    const timeout = new AbortController();
    const late = wait(SEEN_TIMEOUT_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`pcscd did not power the card within ${SEEN_TIMEOUT_MS} ms`);
    });
    await Promise.race([this.#seen.promise, late]).finally(() => timeout.abort());
    await wait(SETTLE_MS);
  }

  /** The contacts are open at once; pcscd notices at its next look. */
  remove(): void {
    const card = this.#card;
    if (card === undefined) throw new Error('the slot has no card');
    this.#card = undefined;
    this.#insertion = undefined;
    this.#emptySince = performance.now();
    this.#connection?.close();
    this.#connection = undefined;
    this.#accidents.clear();
    this.#losePower(card);
  }

  /** Another card on the same contacts with nothing for pcscd to see: the old one has lost its power, the new one is fresh. */
  exchange(card: IsoCard): void {
    if (this.#card === undefined) throw new Error('the slot has no card');
    this.#card.powerCycle();
    this.#card = card;
    card.powerCycle();
  }

  /**
   * The old card is pulled and the new one put in before pcscd looks again. What it then sees is chance: a removal, or only
   * that a card is there.
   */
  async exchangeWithinOneLook(card: IsoCard): Promise<void> {
    this.remove();
    this.#emptySince = -Infinity;
    this.#card = card;
    this.#insertion = Symbol('insertion');
    void this.#stayConnected(this.#insertion);
    await wait(EMPTY_MS);
  }

  stallOn(ins: number, ms: number): void {
    this.#accidents.set(ins, { kind: 'stall', ms });
  }

  removeOn(ins: number): void {
    this.#accidents.set(ins, { kind: 'remove' });
  }

  failOn(ins: number, sw: number): void {
    this.#accidents.set(ins, { kind: 'fail', sw });
  }

  counts(): Counts {
    return { apdus: this.#apdus, byInstruction: { ...this.#byInstruction } };
  }

  transcript(): readonly string[] {
    return [...this.#transcript];
  }

  resetCounts(): void {
    this.#apdus = 0;
    this.#byInstruction = {};
    this.#transcript = [];
  }

  async #stayConnected(insertion: symbol): Promise<void> {
    while (this.#insertion === insertion) {
      const connection = await VpcdConnection.open(this.#port, this.#contact(insertion)).catch(() => undefined);
      if (connection === undefined) {
        await wait(RECONNECT_MS);
      } else if (this.#insertion === insertion) {
        this.#connection = connection;
        await connection.closed;
        if (this.#insertion === insertion) this.#losePower(this.#card);
      } else {
        connection.close();
      }
    }
  }

  #losePower(card: IsoCard | undefined): void {
    card?.powerCycle();
    this.#powered = false;
    this.#seen = deferred();
  }

  /** Whatever card is in when a message comes, so that an exchange is an exchange. */
  #contact(insertion: symbol): Contact {
    const powerCycle = (): void => {
      if (this.#insertion === insertion) this.#card?.powerCycle();
    };
    return {
      atr: () => {
        if (this.#powered) this.#seen.resolve();
        return this.mute || this.#card === undefined ? MUTE_ATR : this.#card.atr;
      },
      powerOn: () => {
        this.#powered = true;
        powerCycle();
      },
      powerOff: powerCycle,
      reset: powerCycle,
      transmit: (apdu) => this.#transmit(apdu, insertion),
    };
  }

  async #transmit(apdu: Buffer, insertion: symbol): Promise<Uint8Array | undefined> {
    const ins = apdu[1] ?? 0;
    this.#apdus += 1;
    this.#byInstruction[hex(ins)] = (this.#byInstruction[hex(ins)] ?? 0) + 1;
    const accident = this.#accidents.get(ins);
    this.#accidents.delete(ins);
    const ms = accident?.kind === 'stall' ? accident.ms : this.delayMs;
    if (ms > 0) await wait(ms);
    // Pulled before the chip had done its work: nothing was verified, counted or signed.
    if (accident?.kind === 'remove' && this.#insertion === insertion) this.remove();
    // Before the chip has done anything, too.
    const failure = accident?.kind === 'fail' ? Buffer.from([accident.sw >> 8, accident.sw & 0xff]) : undefined;
    const response = this.#insertion === insertion ? (failure ?? this.#card?.transmit(apdu)) : undefined;
    const words = response?.subarray(-2).toString('hex').toUpperCase() ?? 'removed';
    this.#transcript.push(`${[ins, apdu[2] ?? 0, apdu[3] ?? 0].map(hex).join(' ')} -> ${words}`);
    return response;
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}

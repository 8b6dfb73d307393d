// One PIN of a card with its PUK: what the card counts, refuses and remembers. It answers in status words and never shows the PIN.
import { SW } from './status-words.ts';

export interface PinRules {
  readonly pin: string;
  readonly puk: string;
  readonly triesLeft?: number;
  readonly maxTries?: number;
  readonly maxPukTries?: number;
  /** Digits that a PIN may have. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Bytes that a PIN takes in a command of two (CHANGE, RESET RETRY COUNTER), filled up with 00. */
  readonly storedLength?: number;
}

export class PinObject {
  readonly maxTries: number;
  readonly storedLength: number;
  readonly #puk: string;
  readonly #maxPukTries: number;
  readonly #minLength: number;
  readonly #maxLength: number;
  #pin: string;
  #triesLeft: number;
  #pukTriesLeft: number;
  #verified = false;
  #verifications = 0;

  constructor(rules: PinRules) {
    this.#pin = rules.pin;
    this.#puk = rules.puk;
    this.maxTries = rules.maxTries ?? 3;
    this.#triesLeft = rules.triesLeft ?? this.maxTries;
    this.#maxPukTries = rules.maxPukTries ?? 10;
    this.#pukTriesLeft = this.#maxPukTries;
    this.#minLength = rules.minLength ?? 6;
    this.#maxLength = rules.maxLength ?? 8;
    this.storedLength = rules.storedLength ?? 16;
  }

  get verified(): boolean {
    return this.#verified;
  }

  get triesLeft(): number {
    return this.#triesLeft;
  }

  get pukTriesLeft(): number {
    return this.#pukTriesLeft;
  }

  /** PINs that VERIFY has brought since the card was made, right and wrong. */
  get verifications(): number {
    return this.#verifications;
  }

  /** For tests that start from a card in trouble. A card with no tries left cannot stay verified. */
  setTriesLeft(tries: number): void {
    if (!Number.isInteger(tries) || tries < 0 || tries > this.maxTries) {
      throw new RangeError(`tries left is 0 to ${this.maxTries}`);
    }
    this.#triesLeft = tries;
    if (tries === 0) this.#verified = false;
  }

  /** Power-off, reset, or a command that drops the security status. */
  forget(): void {
    this.#verified = false;
  }

  /** VERIFY without data, ISO 7816-4 11.6.6: is it needed, and how many tries are left. Costs no try. */
  status(): number {
    if (this.#verified) return SW.ok;
    return this.#triesLeft === 0 ? SW.pinBlocked : SW.triesLeft(this.#triesLeft);
  }

  verify(presented: Uint8Array): number {
    this.#verifications += 1;
    const sw = this.#compare(presented);
    if (sw === SW.ok) this.#verified = true;
    return sw;
  }

  /** CHANGE REFERENCE DATA: old and new, each filled up to the stored length. A wrong old PIN costs a try. */
  change(oldAndNew: Uint8Array): number {
    if (oldAndNew.length !== 2 * this.storedLength) return SW.wrongLength;
    const sw = this.#compare(oldAndNew.subarray(0, this.storedLength));
    return sw === SW.ok ? this.#store(oldAndNew.subarray(this.storedLength)) : sw;
  }

  /** RESET RETRY COUNTER: PUK and new PIN, each filled up to the stored length. A wrong PUK costs a try of the PUK's own. */
  unblock(pukAndNew: Uint8Array): number {
    if (pukAndNew.length !== 2 * this.storedLength) return SW.wrongLength;
    if (this.#pukTriesLeft === 0) return SW.pinBlocked;
    if (digits(pukAndNew.subarray(0, this.storedLength)) !== this.#puk) {
      this.#pukTriesLeft -= 1;
      return this.#pukTriesLeft === 0 ? SW.pinBlocked : SW.triesLeft(this.#pukTriesLeft);
    }
    const sw = this.#store(pukAndNew.subarray(this.storedLength));
    if (sw !== SW.ok) return sw;
    this.#pukTriesLeft = this.#maxPukTries;
    this.#triesLeft = this.maxTries;
    this.#verified = false;
    return SW.ok;
  }

  #compare(presented: Uint8Array): number {
    if (this.#triesLeft === 0) return SW.pinBlocked;
    if (presented.length > this.storedLength) return SW.wrongLength;
    if (digits(presented) === this.#pin) {
      this.#triesLeft = this.maxTries;
      return SW.ok;
    }
    this.#verified = false;
    this.#triesLeft -= 1;
    // The last wrong try answers as a locked card does: no driver may read "63C0" as one more chance.
    return this.#triesLeft === 0 ? SW.pinBlocked : SW.triesLeft(this.#triesLeft);
  }

  #store(presented: Uint8Array): number {
    const pin = digits(presented);
    if (!/^\d+$/.test(pin) || pin.length < this.#minLength || pin.length > this.#maxLength) return SW.wrongData;
    this.#pin = pin;
    return SW.ok;
  }
}

/** Drivers fill up with 00 (IDPrime) or FF (others); what stands before the filling is the PIN. */
function digits(presented: Uint8Array): string {
  let end = presented.length;
  while (end > 0 && (presented[end - 1] === 0x00 || presented[end - 1] === 0xff)) end -= 1;
  return Buffer.from(presented.subarray(0, end)).toString('latin1');
}

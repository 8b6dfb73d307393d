// One PIN of a simulated card: what the chip counts and remembers of it.
import { type PinStatus } from '../../../shared/messages.ts';

/** What tests and the demo may know of a PIN, without asking the card. */
export interface SimulatedPinState {
  verified: boolean;
  triesLeft: number;
  /** PINs that were sent to the card since the simulator started. */
  logins: number;
  /** Signatures that were made with its keys since then. */
  signatures: number;
}

/** What the card's file says of a PIN. */
export interface SimulatedPinFile {
  pin: string;
  triesLeft: number;
}

const mostTries = 3;

export class SimulatedPin {
  readonly #triesChanged: (triesLeft: number) => void;
  readonly #state: SimulatedPinState = { verified: false, triesLeft: mostTries, logins: 0, signatures: 0 };
  #pin = '';

  /** `triesChanged` is to keep the tries left where they outlive the simulator. */
  constructor(triesChanged: (triesLeft: number) => void) {
    this.#triesChanged = triesChanged;
  }

  get state(): Readonly<SimulatedPinState> {
    return { ...this.#state };
  }

  /** A cold start: nothing is verified. */
  powerOn({ pin, triesLeft }: SimulatedPinFile): void {
    this.#pin = pin;
    this.#state.triesLeft = triesLeft;
    this.#state.verified = false;
  }

  /** The PIN reaches the chip. Answers whether it was right. */
  verify(pin: Uint8Array): boolean {
    this.#state.logins += 1;
    if (this.#state.triesLeft === 0) return false;
    const right = Buffer.from(this.#pin).equals(pin);
    this.#state.verified = right;
    this.setTriesLeft(right ? mostTries : this.#state.triesLeft - 1);
    return right;
  }

  signed(): void {
    this.#state.signatures += 1;
  }

  setVerified(verified: boolean): void {
    this.#state.verified = verified;
  }

  setTriesLeft(triesLeft: number): void {
    if (this.#state.triesLeft !== triesLeft) this.#triesChanged(triesLeft);
    this.#state.triesLeft = triesLeft;
  }

  status(tellsTries: boolean): PinStatus {
    const { triesLeft } = this.#state;
    const state = triesLeft === 0 ? 'locked' : triesLeft === 1 ? 'final' : triesLeft === 2 ? 'low' : 'ok';
    return tellsTries ? { state, triesLeft } : { state };
  }
}

// When the button for signing may be used: not before there is something to agree to, and not in the first moments after the
// window has come, or come back, under the hand: a click or a key that was meant for something else signs nothing.

/** Milliseconds. */
export const guardTime = 800;

export interface GuardSurroundings {
  now(): number;
  later(callback: () => void, milliseconds: number): void;
  /** Shows whether the button may be used. */
  show(isOpen: boolean): void;
}

export class SignGuard {
  readonly #surroundings: GuardSurroundings;
  #isReady = false;
  #since = Number.POSITIVE_INFINITY;

  constructor(surroundings: GuardSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Whether what is to be signed is on the screen and chosen. */
  set isReady(isReady: boolean) {
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    this.disturb();
  }

  /** The window has come to the front, or something has changed: the time begins anew. */
  disturb(): void {
    this.#since = this.#surroundings.now();
    this.#surroundings.show(false);
    this.#surroundings.later(() => this.#surroundings.show(this.isOpen), guardTime);
  }

  get isOpen(): boolean {
    return this.#isReady && this.#surroundings.now() - this.#since >= guardTime;
  }
}

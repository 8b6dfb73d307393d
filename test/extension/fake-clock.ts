// A clock that moves when a test says so.

export class FakeClock {
  #time = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #number = 0;

  readonly now = (): number => this.#time;

  readonly later = (callback: () => void, milliseconds: number): (() => void) => {
    const number = ++this.#number;
    this.#timers.set(number, { at: this.#time + milliseconds, callback });
    return () => this.#timers.delete(number);
  };

  /** Timers that have not fired. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers fire in order, those that they set as well. */
  advance(milliseconds: number): void {
    const end = this.#time + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#time = next[1].at;
      next[1].callback();
    }
    this.#time = end;
  }
}

// Chance that can be told again: everything that a run leaves to it follows from the seed that the run prints.

export class Random {
  #state: number;

  /** @param seed a whole number; only its lowest 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 or more, less than 1. (Marsaglia's xorshift with Weyl's sequence before it, so that small seeds differ too.) */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let word = this.#state;
    word ^= word << 13;
    word = Math.imul(word ^ (word >>> 17), 0x2545f491);
    word ^= word >>> 15;
    return (word >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(from: readonly T[]): T {
    const [chosen] = from.slice(this.between(0, from.length - 1));
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  shuffled<T>(all: readonly T[]): T[] {
    const left = [...all];
    const order: T[] = [];
    while (left.length > 0) order.push(...left.splice(this.between(0, left.length - 1), 1));
    return order;
  }

  /** `count` of these, in an order of chance: each as often as any other, as far as that goes. */
  *deal<T>(from: readonly T[], count: number): Generator<T> {
    let hand: T[] = [];
    for (let dealt = 0; dealt < count; dealt++) {
      if (hand.length === 0) hand = this.shuffled(from);
      const next = hand.pop();
      if (next !== undefined) yield next;
    }
  }
}

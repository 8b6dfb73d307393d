// Keeps the number of calls under way small, and that to one host smaller: a server that hangs holds up itself alone.

export interface SlotLimits {
  total: number;
  perHost: number;
}

interface Waiting {
  host: string;
  rank: number;
  start: () => void;
}

export class CallSlots {
  #limits: SlotLimits;
  /** By rank, then by age. */
  readonly #waiting: Waiting[] = [];
  readonly #busy = new Map<string, number>();
  #running = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `task` as soon as there is room for it. The lowest `rank` goes first, then the oldest, leaving out those whose host
   * has its share already.
   */
  async run<T>(host: string, rank: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      const before = this.#waiting.findLastIndex((other) => other.rank <= rank);
      this.#waiting.splice(before + 1, 0, { host, rank, start });
      this.#startNext();
    });
    try {
      return await task();
    } finally {
      this.#running -= 1;
      const left = this.#busyOn(host) - 1;
      if (left === 0) this.#busy.delete(host);
      else this.#busy.set(host, left);
      this.#startNext();
    }
  }

  /** Other limits from now on; what runs goes on. */
  setLimits(limits: SlotLimits): void {
    this.#limits = limits;
    this.#startNext();
  }

  #startNext(): void {
    while (this.#running < this.#limits.total) {
      const index = this.#waiting.findIndex(({ host }) => this.#busyOn(host) < this.#limits.perHost);
      const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (next === undefined) return;
      this.#running += 1;
      this.#busy.set(next.host, this.#busyOn(next.host) + 1);
      next.start();
    }
  }

  #busyOn(host: string): number {
    return this.#busy.get(host) ?? 0;
  }
}

/** The host of an address, by which its calls are counted. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

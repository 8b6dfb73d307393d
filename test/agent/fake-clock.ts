// A clock that goes only when a test says so.
import { type Clock } from '../../shared/clock.ts';

interface Timer {
  at: number;
  action: () => void;
}

export class FakeClock implements Clock {
  #time = 1_000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#time;
  }

  after(milliseconds: number, action: () => void): () => void {
    const timer = { at: this.#time + milliseconds, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have neither run nor been called off. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `milliseconds` pass; timers run in the order of their time, also those that others start. */
  advance(milliseconds: number): void {
    const end = this.#time + milliseconds;
    for (let next = this.#dueBy(end); next !== undefined; next = this.#dueBy(end)) {
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.action();
    }
    this.#time = end;
  }

  #dueBy(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets every promise that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

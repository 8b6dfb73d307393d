// Calls to sites that wait for the browser to have told the site's pages first, so that these can save with a session that
// still lives. For a moment only: a browser that says nothing holds up no call.
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

export class Farewells {
  readonly #clock: Clock;
  /** By visit. */
  readonly #waiting = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `call` once: when the visit's pages have been told, or after `limits.farewellWait`. */
  await(visit: string, call: () => void): void {
    const cancelTimer = this.#clock.after(limits.farewellWait, () => this.told(visit));
    this.#waiting.set(visit, () => {
      cancelTimer();
      this.#waiting.delete(visit);
      call();
    });
  }

  /** The pages have been told. A visit for which nothing waits is none. */
  told(visit: string): void {
    this.#waiting.get(visit)?.();
  }

  /** There is no time to wait. */
  allTold(): void {
    for (const visit of [...this.#waiting.keys()]) this.told(visit);
  }
}

// Collects what a watch delivers, so that a test can wait for the first event that fits, and look at all that came before it.

export class EventLog<Event> {
  readonly #events: Event[] = [];
  #seen = 0;
  #wake: (() => void) | undefined;

  readonly add = (event: Event): void => {
    this.#events.push(event);
    this.#wake?.();
  };

  get all(): readonly Event[] {
    return this.#events;
  }

  /** The next event that fits, after the one that the last call found. Fails after `ms` and tells the last event. */
  async next(what: string, fits: (event: Event) => boolean, ms = 8000): Promise<Event> {
    const deadline = performance.now() + ms;
    for (;;) {
      while (this.#seen < this.#events.length) {
        const event = this.#events[this.#seen++]!;
        if (fits(event)) return event;
      }
      const left = deadline - performance.now();
      if (left <= 0)
        throw new Error(`no event came in which ${what}; the last was ${JSON.stringify(this.#events.at(-1))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

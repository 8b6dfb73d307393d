// Sources of readers that have been started and have not shown a picture yet: until then nobody can say that there is no
// card. They are waited for, but not for long.
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

export class FirstLook<Source> {
  readonly #clock: Clock;
  readonly #waits = new Map<Source, { seen: Promise<void>; end: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One for each source that is waited for. None rejects. */
  get waits(): Promise<void>[] {
    return [...this.#waits.values()].map(({ seen }) => seen);
  }

  /** `source` has just been started. */
  expect(source: Source): void {
    let end: () => void = () => undefined;
    const seen = new Promise<void>((resolve) => {
      const cancel = this.#clock.after(limits.firstPictureTime, () => end());
      end = () => {
        cancel();
        this.#waits.delete(source);
        resolve();
      };
    });
    this.#waits.set(source, { seen, end });
  }

  /** `source` has shown a picture. */
  seen(source: Source): void {
    this.#waits.get(source)?.end();
  }
}

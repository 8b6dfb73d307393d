// Logins that wait until the browser has cleared what an earlier holder left at their site.
import { type Clock } from '../../shared/clock.ts';
import { KortbroError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { unlessAborted } from '../cards/abort-wait.ts';

export class ClearingWait {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Settles when `isClear` holds: at once, or after a `wake`.
   * @throws KortbroError ERR_AGENT_LOGOUT_PENDING when that takes longer than `limits.clearingWait`; the signal's reason
   */
  async until(isClear: () => boolean, signal: AbortSignal): Promise<void> {
    if (isClear()) return;
    let cleanUp: () => void = () => undefined;
    const clear = new Promise<void>((resolve, reject) => {
      const look = () => {
        if (isClear()) resolve();
      };
      const cancelTimer = this.#clock.after(limits.clearingWait, () =>
        reject(new KortbroError('ERR_AGENT_LOGOUT_PENDING')),
      );
      this.#looks.add(look);
      cleanUp = () => {
        cancelTimer();
        this.#looks.delete(look);
      };
    });
    await unlessAborted(clear, signal).finally(cleanUp);
  }

  /** Something may have been cleared. */
  wake(): void {
    for (const look of this.#looks) look();
  }
}

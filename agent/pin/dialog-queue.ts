// At most one dialog at a time, whoever asks; the others wait in a bounded queue. A site whose dialogs were cancelled
// several times in a row is muted for a while, so that nobody is worn down into typing a PIN.
import { type Clock } from '../../shared/clock.ts';
import { KortbroError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

interface Waiting {
  start: () => void;
  fail: (reason: unknown) => void;
}

export class DialogQueue {
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  readonly #cancels = new Map<string, number>();
  readonly #mutedUntil = new Map<string, number>();
  #open = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs `turn` when no other one runs; a dialog belongs inside a turn.
   * @throws KortbroError ERR_AGENT_BUSY when too many wait; the signal's reason when it aborts first.
   */
  async inTurn<T>(signal: AbortSignal, turn: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#open) await this.#wait(signal);
    this.#open = true;
    try {
      signal.throwIfAborted();
      return await turn();
    } finally {
      this.#open = false;
      this.#waiting.shift()?.start();
    }
  }

  /** @throws KortbroError ERR_POLICY_MUTED while `site` is muted. */
  checkMuted(site: string): void {
    const until = this.#mutedUntil.get(site);
    if (until === undefined) return;
    if (until > this.#clock.now()) throw new KortbroError('ERR_POLICY_MUTED');
    this.#mutedUntil.delete(site);
  }

  /** A dialog of `site` came to nothing by the holder's hand: he cancelled, said no, or left it. */
  cancelled(site: string): void {
    this.#count(site, 1);
  }

  /** `site` itself took its open dialog away. Done again and again it is as good as a flood; a closed tab is forgiven. */
  withdrawn(site: string): void {
    this.#count(site, 0.5);
  }

  /** The holder answered a dialog of `site`. */
  answered(site: string): void {
    this.#cancels.delete(site);
  }

  #count(site: string, weight: number): void {
    const count = (this.#cancels.get(site) ?? 0) + weight;
    this.#cancels.set(site, count);
    if (count < limits.cancelsBeforeMute) return;
    this.#cancels.delete(site);
    this.#mutedUntil.set(site, this.#clock.now() + limits.muteTime);
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= limits.waitingForDialog) throw new KortbroError('ERR_AGENT_BUSY');
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', abandon);
          this.#open = true;
          resolve();
        },
        fail: reject,
      };
      const abandon = () => {
        const place = this.#waiting.indexOf(waiting);
        if (place >= 0) this.#waiting.splice(place, 1);
        waiting.fail(signal.reason);
      };
      signal.addEventListener('abort', abandon, { once: true });
      this.#waiting.push(waiting);
    });
  }
}

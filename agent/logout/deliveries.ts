// Logouts that sites are owed and that are under way: each is called until its server has taken or refused it, or patience ends.
// Owns the calls, not the debt: what is owed stands in the ledger, which is told once when a call is settled.
import { setMaxListeners } from 'node:events';
import { type Clock } from '../../shared/clock.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { CallSlots, hostOf } from './call-slots.ts';
import { pauseAfter } from './retry.ts';
import { type CallOutcome, type SiteCall } from './site-call.ts';

/** Calls at a time; at the agent's end there is no later, and almost everything goes at once. */
const slots = { total: 8, perHost: 2 };
const lastSlots = { total: 64, perHost: 16 };

/** How a delivery ended. */
export type Settlement = Exclude<CallOutcome, { outcome: 'failed' }> | { outcome: 'given-up' };

export interface DeliveriesOptions {
  clock: Clock;
  /** Unix time in milliseconds: patience is counted over restarts of the agent. */
  now: () => number;
  /** Makes one call; never rejects, and ends soon after its signal. */
  call: (call: SiteCall, signal: AbortSignal) => Promise<CallOutcome>;
  /** Called once for each delivery, unless it is stopped before. */
  settled: (id: string, settlement: Settlement) => void;
}

interface Delivery {
  readonly id: string;
  readonly call: SiteCall;
  /** When the holder left, Unix time in milliseconds. */
  readonly since: number;
  failures: number;
  /** Ends the pause before the next attempt, if there is one. */
  callOff?: (() => void) | undefined;
}

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #outstanding = new Map<string, Delivery>();
  readonly #slots = new CallSlots(slots);
  readonly #end = new AbortController();
  #drained: (() => void) | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    setMaxListeners(lastSlots.total, this.#end.signal);
  }

  /**
   * Calls the site, at once and until it is settled. `since`: when the holder left, Unix time in milliseconds. What is under
   * way already is left as it is.
   */
  deliver({ id, url, token }: { id: string; url: string; token: string }, reason: LogoutReason, since: number): void {
    if (this.#end.signal.aborted || this.#outstanding.has(id)) return;
    const delivery: Delivery = { id, call: { url, body: { token, event: 'logout', reason } }, since, failures: 0 };
    this.#outstanding.set(id, delivery);
    void this.#attempt(delivery);
  }

  /**
   * For the end of the session: every pause is over, and everything is tried until nothing is outstanding or `milliseconds`
   * have passed. What is still owed then is the next agent's.
   */
  async drain(milliseconds: number): Promise<void> {
    this.#slots.setLimits(lastSlots);
    for (const delivery of this.#outstanding.values()) {
      delivery.failures = 0;
      if (delivery.callOff === undefined) continue;
      delivery.callOff();
      void this.#attempt(delivery);
    }
    if (this.#outstanding.size === 0) return;
    await new Promise<void>((resolve) => {
      const callOff = this.#options.clock.after(milliseconds, resolve);
      this.#drained = () => {
        callOff();
        resolve();
      };
    });
  }

  /** Ends every call. Nothing is settled any more. */
  stop(): void {
    this.#end.abort();
    for (const { callOff } of this.#outstanding.values()) callOff?.();
    this.#outstanding.clear();
    this.#drained?.();
  }

  async #attempt(delivery: Delivery): Promise<void> {
    delivery.callOff = undefined;
    const { signal } = this.#end;
    const attempt = async (): Promise<CallOutcome> =>
      signal.aborted ? { outcome: 'failed' } : this.#options.call(delivery.call, signal);
    // What has failed often waits for what has not been tried.
    const outcome = await this.#slots.run(hostOf(delivery.call.url), delivery.failures, attempt);
    if (!signal.aborted) this.#answered(delivery, outcome);
  }

  #answered(delivery: Delivery, outcome: CallOutcome): void {
    const { clock, now, settled } = this.#options;
    let settlement: Settlement = { outcome: 'given-up' };
    if (outcome.outcome === 'failed') {
      delivery.failures += 1;
      const pause = pauseAfter(delivery.failures, now() - delivery.since);
      if (pause !== undefined) {
        delivery.callOff = clock.after(pause, () => void this.#attempt(delivery));
        return;
      }
    } else settlement = outcome;
    this.#outstanding.delete(delivery.id);
    settled(delivery.id, settlement);
    if (this.#outstanding.size === 0) this.#drained?.();
  }
}

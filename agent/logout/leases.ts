// Presence leases: a site's session that ends by itself unless the agent says, every third of the lease, that its holder is there.
// Says nothing for a holder who is not; whether one is, its owner knows.
import { type Clock } from '../../shared/clock.ts';
import { CallSlots, hostOf } from './call-slots.ts';
import { type CallOutcome, type SiteCall } from './site-call.ts';

/** As for logouts, which have slots of their own: they never wait for a renewal. */
const slots = { total: 8, perHost: 2 };

/** Longest pause before the next turn when a renewal has failed, or its holder was not there. */
const soon = 10_000;

export interface LeasesOptions {
  clock: Clock;
  /** Makes one call; never rejects, and ends soon after its signal. */
  call: (call: SiteCall, signal: AbortSignal) => Promise<CallOutcome>;
  /** Asked right before each renewal. */
  isPresent: (id: string) => boolean;
  /** The server says that the session is over: the lease has ended, and no logout is owed for it. */
  over: (id: string) => void;
}

/** What the site has registered; `leaseSeconds`: how long its session lives without a renewal. */
export interface LeaseRegistration {
  id: string;
  url: string;
  token: string;
  leaseSeconds: number;
}

/** A lease is held from `start` to `stop`, to `over`, or to the end of all. */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, Lease>();
  readonly #slots = new CallSlots(slots);

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Renews at once, since the server counts from the login, and then every third. Replaces a lease of the same id. */
  start({ id, url, token, leaseSeconds }: LeaseRegistration): void {
    this.stop(id);
    const lease: Lease = {
      call: { url, body: { token, event: 'renew', seconds: leaseSeconds } },
      third: (leaseSeconds * 1000) / 3,
      end: new AbortController(),
      callOff: () => undefined,
    };
    this.#held.set(id, lease);
    void this.#turn(id, lease);
  }

  /** Ends a lease, also a renewal that is under way; an unknown id is none. */
  stop(id: string): void {
    const lease = this.#held.get(id);
    if (lease === undefined) return;
    this.#held.delete(id);
    lease.callOff();
    lease.end.abort();
  }

  stopAll(): void {
    for (const id of this.#held.keys()) this.stop(id);
  }

  /** A timer that comes late, after the system's sleep, is a turn like any other: it renews at once. */
  async #turn(id: string, lease: Lease): Promise<void> {
    const { clock, call, isPresent, over } = this.#options;
    const { signal } = lease.end;
    let begun = clock.now();
    const outcome = await this.#slots.run(hostOf(lease.call.url), 0, async () => {
      begun = clock.now();
      // A holder may leave while his renewal waits its turn.
      return signal.aborted || !isPresent(id) ? undefined : call(lease.call, signal);
    });
    if (signal.aborted) return;
    if (outcome?.outcome === 'over') {
      this.stop(id);
      over(id);
      return;
    }
    const renewed = outcome?.outcome === 'done';
    // The server counts from when the call reached it, which was not before it was begun.
    const pause = renewed ? begun + lease.third - clock.now() : Math.min(lease.third, soon);
    lease.callOff = clock.after(Math.max(0, pause), () => void this.#turn(id, lease));
  }
}

interface Lease {
  readonly call: SiteCall;
  /** Milliseconds. */
  readonly third: number;
  readonly end: AbortController;
  /** Calls off the next turn. */
  callOff: () => void;
}

// The owner of every logout in this browser profile: takes the agent's lists, keeps the guard, carries out what is owed,
// several sites at once and one after the other at one site, and says so. What has begun is finished without the agent.
import { type ClientMessage } from '../../../shared/messages.ts';
import { carryOut, type LogoutEffects } from './carry-out.ts';
import { isDenied, type Guard } from './deny-rules.ts';
import { afterLogout, afterVisits, guardedOrigins, type Logout, type Memory, type VisitsMessage } from './memory.ts';

/** What it needs of the browser and of the rest of the extension. */
export interface LogoutSurroundings {
  /** Resolves when kept. */
  save(memory: Memory): Promise<void>;
  rules: {
    allowed(guarded: Iterable<string>): Set<string>;
    apply(guard: Guard): Promise<void>;
    applyToDisk(guard: Guard): Promise<void>;
  };
  /** To the agent, if it is there. */
  send(message: ClientMessage): void;
  farewell(logout: Logout): Promise<void>;
  fetch(url: string): Promise<void>;
  clear(origin: string): Promise<void>;
  discardTabs(origin: string): Promise<void>;
  navigateTabs(logout: Logout): Promise<void>;
  closeTabs(logout: Logout): Promise<void>;
  /** Loads tabs anew that could not be loaded while the origin was blocked. */
  reloadBlocked(origin: string): Promise<void>;
  later(callback: () => void, milliseconds: number): () => void;
  /** What is owed, or where nobody may go, has changed. */
  changed(): void;
}

/** Before a logout that failed is tried again, in milliseconds. */
export const retryPause = 2_000;

/** What the pages of this and of other browsers get to hear before anything is cleared, in milliseconds. */
export const hearingTime = 100;

export class Logouts {
  readonly #surroundings: LogoutSurroundings;
  #memory: Memory;
  /** The agent's last list in the life of this worker. */
  #list: VisitsMessage | undefined;
  /** By visit: from the order until it is carried out. */
  readonly #underWay = new Map<string, Logout>();
  /** By origin: the end of what is to be done there. */
  readonly #queues = new Map<string, Promise<void>>();
  /** Guarded origins whose pages have their last word, for which they may need their site. */
  readonly #farewells = new Set<string>();
  /** Pages that are hearing their last word now. */
  readonly #hearing = new Set<Promise<unknown>>();
  readonly #clearing = new Set<string>();
  /** By visit: the origin of the address that is being fetched. */
  readonly #calling = new Map<string, string>();
  #allowed: Set<string>;
  #denied: Set<string>;
  #settled: Promise<void>;

  /** `memory`: what was kept by the worker, or the browser, before. */
  constructor(memory: Memory, surroundings: LogoutSurroundings) {
    this.#memory = memory;
    this.#surroundings = surroundings;
    const guarded = guardedOrigins(memory);
    this.#allowed = surroundings.rules.allowed(guarded);
    this.#denied = new Set([...guarded].filter((origin) => !this.#allowed.has(origin)));
    this.#settled = surroundings.rules.applyToDisk(this.#guard());
    this.#settled.catch(() => undefined); // tried again with the agent's list
  }

  /** The agent's whole list: once after each hello, and at each change. */
  receive(list: VisitsMessage): void {
    const { memory, logouts, acknowledge } = afterVisits(this.#memory, list);
    const fresh = logouts.filter(({ visit }) => !this.#underWay.has(visit));
    this.#memory = memory;
    this.#list = list;
    for (const logout of fresh) {
      this.#underWay.set(logout.visit, logout);
      if (logout.actions.includes('event') && this.#allowed.has(logout.origin)) this.#farewells.add(logout.origin);
    }
    this.#settled = this.#settle().finally(() => {
      for (const visit of acknowledge) this.#acknowledge(visit);
      this.#surroundings.changed();
    });
    // A logout goes on without its guard; who hands out a login asks for the outcome (`inPlace`).
    this.#settled.catch(() => undefined);
    // Pages are told at once; only the clearing waits for what is being put in place.
    for (const logout of fresh) this.#enqueue(logout);
    this.#surroundings.changed();
  }

  /** Resolves when a login at `origin` may be handed out: its visit is guarded, and nothing is being cleared there. @throws when it could not be guarded */
  async inPlace(origin: string): Promise<void> {
    await this.#settled;
    await this.#queues.get(origin);
  }

  /** The origins at which somebody is still being logged out. */
  get owedOrigins(): string[] {
    const owed = [...(this.#list?.owed ?? []), ...this.#underWay.values()];
    return [...new Set(owed.map(({ origin }) => origin))].sort();
  }

  /** How an origin stands: `isDenied`: its requests are blocked; `isOwed`: somebody is, or may be, still logged in. */
  standing(origin: string): { isDenied: boolean; isOwed: boolean } {
    return {
      // As it is in force, not only as it is to be: who goes there too early meets the block.
      isDenied: this.#denied.has(origin) || isDenied(this.#guard(), origin),
      isOwed: this.#list === undefined || this.owedOrigins.includes(origin),
    };
  }

  #guard(): Guard {
    const guarded = guardedOrigins(this.#memory);
    const owed = new Set(this.owedOrigins);
    const allowed = [...guarded].filter((origin) => this.#farewells.has(origin) || !owed.has(origin));
    return {
      guarded,
      allowed: this.#list === undefined ? this.#allowed : new Set(allowed),
      clearing: this.#clearing,
      calling: new Set(this.#calling.values()),
    };
  }

  async #settle(): Promise<void> {
    const outcomes = await Promise.allSettled([this.#surroundings.save(this.#memory), this.#apply()]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Puts the rules in force; tabs that met a block which is no more are loaded anew. */
  async #apply(): Promise<void> {
    const guard = this.#guard();
    this.#allowed = new Set(guard.allowed);
    await this.#surroundings.rules.apply(guard);
    const busy = new Set([...this.#underWay.values()].map(({ origin }) => origin));
    const lifted = [...this.#denied].filter((origin) => !isDenied(guard, origin) && !busy.has(origin));
    for (const origin of [...guard.guarded, ...guard.clearing]) {
      if (isDenied(guard, origin)) this.#denied.add(origin);
    }
    for (const origin of lifted) this.#denied.delete(origin);
    for (const origin of lifted) void this.#surroundings.reloadBlocked(origin);
  }

  #enqueue(logout: Logout): void {
    const { origin } = logout;
    const end = (this.#queues.get(origin) ?? Promise.resolve()).then(() => this.#run(logout));
    this.#queues.set(origin, end);
    void end.then(() => {
      if (this.#queues.get(origin) === end) this.#queues.delete(origin);
    });
  }

  async #run(logout: Logout): Promise<void> {
    while (!(await this.#isCarriedOut(logout))) {
      await this.#pause(retryPause);
    }
    this.#memory = afterLogout(this.#memory, logout);
    // Kept before it is said: the agent lets the next holder log in, whom a repeated order must not log out.
    await this.#surroundings.save(this.#memory).catch(() => undefined);
    this.#underWay.delete(logout.visit);
    if (!logout.isLost) this.#send(logout, 'done');
    await this.#apply().catch(() => undefined);
    this.#surroundings.changed();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#surroundings.later(resolve, milliseconds));
  }

  async #isCarriedOut(logout: Logout): Promise<boolean> {
    try {
      await carryOut(logout, this.#effects);
      return true;
    } catch {
      return false;
    }
  }

  readonly #effects: LogoutEffects = {
    farewell: async (logout) => {
      const heard = this.#surroundings.farewell(logout);
      const everywhere = Promise.allSettled([heard, this.#pause(hearingTime)]);
      this.#hearing.add(everywhere);
      void everywhere.then(() => this.#hearing.delete(everywhere));
      await heard;
    },
    told: async (logout) => {
      if (this.#farewells.delete(logout.origin)) await this.#apply().catch(() => undefined);
      this.#send(logout, 'told');
    },
    call: async ({ visit }, url) => {
      this.#calling.set(visit, new URL(url).origin);
      await this.#apply().catch(() => undefined);
      await this.#surroundings.fetch(url).catch(() => undefined);
      this.#calling.delete(visit);
      await this.#apply().catch(() => undefined);
    },
    clear: async ({ origin, actions }) => {
      // Clearing keeps the machine busy: first every site's pages hear, which takes half a second at most.
      await Promise.allSettled([this.#settled, ...this.#hearing]);
      this.#clearing.add(origin);
      await this.#apply().catch(() => undefined);
      // A document that lives on writes anew what has been cleared.
      const isLeft = actions.includes('navigate') || actions.includes('close');
      if (isLeft) await this.#surroundings.discardTabs(origin);
      await this.#surroundings.clear(origin);
      this.#clearing.delete(origin);
      await this.#apply().catch(() => undefined);
    },
    navigate: (logout) => this.#surroundings.navigateTabs(logout),
    close: (logout) => this.#surroundings.closeTabs(logout),
  };

  #acknowledge(visit: string): void {
    this.#surroundings.send({ type: 'logout', visit, step: 'told' });
    this.#surroundings.send({ type: 'logout', visit, step: 'done' });
  }

  #send({ visit, isLost }: Logout, step: 'told' | 'done'): void {
    if (!isLost) this.#surroundings.send({ type: 'logout', visit, step });
  }
}

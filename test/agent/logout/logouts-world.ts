// The owner of the visits with everything around it played by the test, and browsers as the extension is: they remember what
// they were told, carry out orders when the test says so, and notice when the agent has lost one.
import assert from 'node:assert/strict';
import { type AuditEvent } from '../../../agent/audit/audit-event.ts';
import { type HolderIdentity, type Presence } from '../../../agent/cards/holder-presence.ts';
import { Logouts } from '../../../agent/logout/logouts.ts';
import { type VisitsMessage } from '../../../agent/logout/orders.ts';
import { visitsFile, type Visit } from '../../../agent/logout/visit.ts';
import { afterLogout, afterVisits, emptyMemory, type Logout } from '../../../extension/background/logout/memory.ts';
import { parseAgentMessage, type LogoutRegistration } from '../../../shared/messages.ts';
import { policySchema } from '../../../shared/policy.ts';
import { FakeClock } from '../fake-clock.ts';
import { anna } from '../cards/presence-world.ts';

export const journal = 'https://journal.example.se';
export const prescriptions = 'https://recept.example.se';
const spot = { reader: 'A', generation: '1/A/1' };
export const present: Presence = { state: 'present', spot };
export const pulled: Presence = { state: 'gone', why: 'removed', spot };
export const superseded: Presence = { state: 'gone', why: 'superseded', spot };
export const doubtful = (why: 'reader' | 'service' | 'session' | 'mute' | 'unidentified', since: number): Presence => ({
  state: 'doubtful',
  why,
  since,
  begun: { [why]: since },
  spot,
});

/** A registration whose token names it. */
export const registration = (name: string, changes: Partial<LogoutRegistration> = {}): LogoutRegistration => ({
  url: `${journal}/logout`,
  token: name.padEnd(22, '.'),
  ...changes,
});

/** A browser profile. */
export class Browser {
  isConnected = true;
  memory = emptyMemory;
  readonly messages: VisitsMessage[] = [];
  /** Orders that were not carried out yet, and every one that came, in short. */
  readonly due: Logout[] = [];
  readonly orders: string[] = [];

  receive(message: VisitsMessage): void {
    parseAgentMessage(message);
    this.messages.push(message);
    const { memory, logouts } = afterVisits(this.memory, message);
    this.memory = memory;
    for (const logout of logouts) {
      if (this.due.some(({ visit }) => visit === logout.visit)) continue;
      this.due.push(logout);
      this.orders.push(`${logout.isLost ? 'lost ' : ''}${logout.origin} ${logout.reason} ${logout.actions.join()}`);
    }
  }

  get last(): VisitsMessage {
    const last = this.messages.at(-1);
    assert.ok(last, 'the browser was told nothing');
    return last;
  }
}

export class LogoutsWorld {
  readonly clock = new FakeClock();
  /** Unix time when the clock of the test stood at 0. */
  epoch = Date.parse('2026-03-02T12:00:00Z');
  policy = policySchema.parse({});
  readonly presences = new Map<string, Presence>();
  readonly browsers = new Map<string, Browser>();
  /** What is on disk, and whether there is room. */
  disk = '';
  saves = 0;
  isFull = false;
  /** In order: `deliver <token> <reason>`, `lease <token>`, `unlease <token>`, `lock`. */
  readonly deeds: string[] = [];
  readonly log: AuditEvent[] = [];
  readonly #names = new Map<string, string>();
  /** Timers of the agent that runs: they die with it. */
  #timers = new Set<() => void>();
  logouts = this.#agent([]);

  setPolicy(policy: Record<string, unknown>): void {
    this.policy = policySchema.parse(policy);
  }

  browser(profile: string): Browser {
    const known = this.browsers.get(profile) ?? new Browser();
    this.browsers.set(profile, known);
    return known;
  }

  /** A login at a site, in a browser that is connected. */
  enter(
    holder: HolderIdentity = anna,
    { profile = 'p', origin = journal, registration: registered }: Partial<Parameters<Logouts['enter']>[0]> = {},
  ): void {
    if (profile !== '') this.browser(profile);
    if (!this.presences.has(holder.card)) this.presences.set(holder.card, present);
    this.logouts.enter({
      holder,
      reader: 'A',
      profile,
      origin,
      ...(registered === undefined ? {} : { registration: registered }),
    });
  }

  /** Somebody's presence is another now. */
  becomes(holder: HolderIdentity, presence: Presence): void {
    this.presences.set(holder.card, presence);
    this.logouts.review();
  }

  /** The browser carries out what it owes, as far as `step`, and says so. */
  carryOut(profile = 'p', step: 'told' | 'done' = 'done'): void {
    const browser = this.browser(profile);
    for (const logout of step === 'done' ? browser.due.splice(0) : browser.due) {
      if (step === 'done') browser.memory = afterLogout(browser.memory, logout);
      if (logout.isLost) continue;
      this.logouts.step(profile, logout.visit, 'told');
      if (step === 'done') this.logouts.step(profile, logout.visit, 'done');
    }
    this.clock.advance(0);
  }

  /** The site has answered the call for this token. */
  answer(token: string, outcome: Parameters<Logouts['called']>[1] = 'done'): void {
    for (const [id, name] of this.#names) if (name === token) this.logouts.called(id, outcome);
    this.clock.advance(0);
  }

  /** The agent is killed and another started. Holders are known as before; browsers say hello. */
  restart(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = new Set();
    this.logouts = this.#agent(this.onDisk);
    this.logouts.resume();
    for (const [profile, browser] of this.browsers) browser.receive(this.logouts.message(profile));
  }

  get onDisk(): Visit[] {
    return this.disk === '' ? [] : visitsFile.parse(JSON.parse(this.disk)).visits;
  }

  /** The deeds that begin with `word`, without it. */
  done(word: string): string[] {
    return this.deeds.filter((deed) => deed.startsWith(`${word} `)).map((deed) => deed.slice(word.length + 1));
  }

  #name({ id, token }: { id: string; token: string }): string {
    this.#names.set(id, token.replaceAll('.', ''));
    return token.replaceAll('.', '');
  }

  #agent(found: readonly Visit[]): Logouts {
    return new Logouts({
      clock: {
        now: () => this.clock.now(),
        after: (milliseconds, action) => {
          const cancel = this.clock.after(milliseconds, action);
          this.#timers.add(cancel);
          return cancel;
        },
      },
      now: () => this.epoch + this.clock.now(),
      policy: () => this.policy,
      presence: ({ card }) => this.presences.get(card),
      store: {
        found,
        save: (visits) => {
          this.saves++;
          if (this.isFull) return false;
          this.disk = JSON.stringify({ version: 1, visits });
          return true;
        },
      },
      browsers: {
        isConnected: (profile) => this.browsers.get(profile)?.isConnected ?? false,
        send: (profile, message) => {
          const browser = this.browsers.get(profile);
          assert.ok(browser, `nobody is called ${profile}`);
          if (browser.isConnected) browser.receive(message);
        },
      },
      calls: { deliver: (call, reason) => this.deeds.push(`deliver ${this.#name(call)} ${reason}`) },
      leases: {
        start: (lease) => this.deeds.push(`lease ${this.#name(lease)} ${lease.leaseSeconds}`),
        stop: (id) => {
          if (this.#names.has(id)) this.deeds.push(`unlease ${this.#names.get(id) ?? ''}`);
        },
      },
      lockWorkstation: () => this.deeds.push('lock'),
      audit: (event) => this.log.push(event),
    });
  }
}

// The owner of the visits: who is logged in where, and what is owed to the sites when a holder has left. Gives each browser
// profile its orders, sees to the agent's own calls, keeps everything on disk, and forgets a visit when nothing is left to do.
import { randomUUID } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { type LogoutRegistration } from '../../shared/messages.ts';
import { type HolderIdentity } from '../cards/holder-presence.ts';
import { ClearingWait } from './clearing-wait.ts';
import { dueVisits, nextMoment, type Moment } from './due.ts';
import { Farewells } from './farewells.ts';
import { type Entry, type LogoutSurroundings } from './logout-surroundings.ts';
import { guardLeft, visitsMessage, type VisitsMessage } from './orders.ts';
import { logoutPlan } from './plan.ts';
import { surplusOwed } from './surplus.ts';
import { isOwed, isSettled, outstanding, type OwedVisit, type Registration, type Visit } from './visit.ts';

export class Logouts {
  readonly #around: LogoutSurroundings;
  readonly #farewells: Farewells;
  readonly #clearing: ClearingWait;
  #visits: Visit[];
  #cancelTimer: () => void = () => undefined;
  /** Profiles of which something has changed that is not written down and told yet. */
  readonly #untold = new Set<string>();

  constructor(around: LogoutSurroundings) {
    this.#around = around;
    this.#farewells = new Farewells(around.clock);
    this.#clearing = new ClearingWait(around.clock);
    const oldest = around.now() - limits.owedTime;
    this.#visits = around.store.found.filter(
      (visit) => !isOwed(visit) || (!isSettled(visit) && visit.owed.at > oldest),
    );
  }

  /** The visits that were open when the agent before this one ended: whose holders are to be looked for. */
  get open(): readonly Visit[] {
    return this.#visits.filter((visit) => !isOwed(visit));
  }

  /** Takes up what was left by the agent before this one. Call once, when the holders are known. */
  resume(): void {
    for (const visit of this.#visits.filter(isOwed)) {
      for (const registration of outstanding(visit)) this.#call(registration, visit.owed);
    }
    this.renewLeases();
    this.#endSurplus();
    this.review();
  }

  /** A login token is about to be given out: from now on its holder's leaving is followed by a logout. */
  enter({ holder, reader, profile, origin, registration }: Entry): void {
    const guarded = registration?.guard ?? logoutPlan(this.#around.policy(), origin).guarded;
    const known = this.open.find((visit) => visit.profile === profile && visit.origin === origin);
    const at = this.#around.now();
    const visit = known ?? { id: randomUUID(), holder, reader, profile, origin, guarded, registrations: [], at };
    this.#visits = [...this.#visits.filter((other) => other !== visit), visit];
    if (!isSame(visit.holder, holder)) {
      // Pages and cookies are now those of who logs in: the browser's visit is his, and only the agent's calls are owed.
      this.#part(visit, visit.registrations, 'another-holder');
      Object.assign(visit, { holder, reader, registrations: [], at });
    }
    visit.guarded ||= guarded;
    if (registration !== undefined) this.#register(visit, registration);
    this.#endSurplus();
    this.#changed(profile);
    // Whoever left while the login was made is logged out at once.
    this.review();
  }

  /** Something that decides over visits may have changed: a holder's presence, policy, or time has passed. */
  review(): void {
    const due = dueVisits(this.#visits, this.#moment());
    for (const { visit, reason } of due) this.#end(visit, reason);
    this.#changed(...due.map(({ visit }) => visit.profile));
    if (due.some(({ locks }) => locks)) this.#around.lockWorkstation();
  }

  /** Everything that a browser profile has to know. */
  message(profile: string): VisitsMessage {
    return visitsMessage(this.#visits, profile, this.#around.policy(), this.#around.now());
  }

  /** A browser says how far it is. Only the visit's own profile can. */
  step(profile: string, id: string, step: 'told' | 'done'): void {
    const visit = this.#visits.find((candidate) => candidate.id === id);
    if (visit?.profile !== profile || !isOwed(visit)) return;
    this.#farewells.told(id);
    if (step === 'told' || visit.owed.cleared) return;
    visit.owed.cleared = true;
    if (!this.#isKept(visit)) this.#around.audit({ event: 'logout-cleared', origin: visit.origin });
    this.#clearing.wake();
    this.#changedSoon(profile);
  }

  /** The agent's call for a registration has come to its end. */
  called(id: string, outcome: 'done' | 'refused' | 'given-up' | 'over'): void {
    const visit = this.#visits.find(({ registrations }) => registrations.some((entry) => entry.id === id));
    const registration = visit?.registrations.find((entry) => entry.id === id);
    if (visit === undefined || registration === undefined || registration.called) return;
    registration.called = true;
    if (outcome !== 'over') this.#around.audit({ event: 'logout-called', origin: visit.origin, outcome });
    this.#changedSoon(visit.profile);
  }

  /** Renews every lease now, where its holder is there. */
  renewLeases(): void {
    for (const visit of this.open) for (const registration of outstanding(visit)) this.#lease(registration);
  }

  /** Whether the holder behind a registration is logged in still and there: a presence lease may be renewed. */
  mayRenew(id: string): boolean {
    const visit = this.open.find(({ registrations }) => registrations.some((entry) => entry.id === id));
    const presence = visit === undefined ? undefined : this.#around.presence(visit.holder);
    if (presence?.state === 'doubtful') return presence.why === 'mute' || presence.why === 'unidentified';
    return presence?.state === 'present';
  }

  /**
   * Settles when the browser has nothing of an earlier holder of this site any more.
   * @throws KortbroError ERR_AGENT_LOGOUT_PENDING when that takes too long; the signal's reason
   */
  cleared(profile: string, origin: string, signal: AbortSignal): Promise<void> {
    const isInTheWay = (visit: Visit) =>
      isOwed(visit) && !visit.owed.cleared && visit.profile === profile && visit.origin === origin;
    return this.#clearing.until(() => !this.#visits.some(isInTheWay), signal);
  }

  /** The agent ends: no call waits for a browser any more. */
  hurry(): void {
    this.#farewells.allTold();
  }

  #register(visit: Visit, { url, token, leaseSeconds }: LogoutRegistration): void {
    visit.registrations = outstanding(visit);
    if (visit.registrations.some((known) => known.url === url && known.token === token)) return;
    const registration: Registration = { id: randomUUID(), url, token, called: false };
    if (leaseSeconds !== undefined) registration.leaseSeconds = leaseSeconds;
    const surplus = Math.max(visit.registrations.length + 1 - limits.registrationsPerVisit, 0);
    if (surplus > 0) this.#part(visit, visit.registrations.slice(0, surplus), 'unknown');
    visit.registrations = [...visit.registrations.slice(surplus), registration];
    this.#lease(registration);
  }

  /**
   * Some of a visit's sessions end while the browser's visit goes on: they become one of their own, of which the browser hears
   * nothing. (It takes a visit that it was told of, and that is gone from the list, for one to clear.)
   */
  #part(visit: Visit, registrations: Registration[], reason: LogoutReason): void {
    const parted = { ...visit, id: randomUUID(), profile: '', registrations };
    this.#visits.push(parted);
    this.#end(parted, reason);
  }

  /** More than the agent remembers: the oldest open visits end; of owed ones, the oldest where most are owed are forgotten. */
  #endSurplus(): void {
    for (const visit of this.open.slice(0, Math.max(this.open.length - limits.visits, 0))) {
      this.#end(visit, 'unknown');
      this.#untold.add(visit.profile);
    }
    for (const visit of surplusOwed(this.#visits)) {
      for (const { id } of outstanding(visit)) this.called(id, 'given-up');
      visit.owed.cleared = true;
      this.#untold.add(visit.profile);
    }
  }

  /** The holder of `visit` is logged out; at a site that policy keeps, the visit is only forgotten. */
  #end(visit: Visit, reason: LogoutReason): void {
    const { origin, profile } = visit;
    const { browsers, policy, audit, leases } = this.#around;
    const { keep, actions } = logoutPlan(policy(), origin);
    const owed = { reason, at: this.#around.now(), cleared: profile === '' };
    visit.owed = owed;
    for (const { id } of visit.registrations) leases.stop(id);
    if (keep || !actions.includes('call')) for (const registration of visit.registrations) registration.called = true;
    if (keep) return;
    audit({ event: 'logout-due', origin, reason });
    const calls = outstanding(visit);
    if (calls.length === 0) return;
    const call = () => {
      for (const registration of calls) this.#call(registration, owed);
    };
    const eventFirst = actions.includes('event') && actions.indexOf('event') < actions.indexOf('call');
    if (owed.cleared || !eventFirst || !browsers.isConnected(profile)) call();
    else this.#farewells.await(visit.id, call);
  }

  #isKept({ origin }: Visit): boolean {
    return logoutPlan(this.#around.policy(), origin).keep;
  }

  #call(registration: Registration, { reason, at }: OwedVisit['owed']): void {
    this.#around.calls.deliver(registration, reason, at);
  }

  #lease(registration: Registration): void {
    const { leaseSeconds } = registration;
    if (leaseSeconds !== undefined) this.#around.leases.start({ ...registration, leaseSeconds });
  }

  /** Writes down, tells the browsers of these profiles and of those that are to be told soon, wakes who waits. */
  #changed(...profiles: string[]): void {
    const concerned = new Set([...this.#untold, ...profiles]);
    this.#untold.clear();
    if (concerned.size > 0) {
      this.#visits = this.#visits.filter((visit) => !isSettled(visit));
      this.#around.store.save(this.#visits);
      for (const profile of concerned) this.#tell(profile);
      this.#clearing.wake();
    }
    this.#schedule();
  }

  /** The same, a moment later: a browser says many steps at once, and many calls end together. */
  #changedSoon(profile: string): void {
    this.#untold.add(profile);
    this.#schedule();
  }

  #tell(profile: string): void {
    if (profile !== '') this.#around.browsers.send(profile, this.message(profile));
  }

  /** Wakes when something is to be told, and when time alone decides something. */
  #schedule(): void {
    this.#cancelTimer();
    const moment = this.#moment();
    const wait = this.#untold.size > 0 ? 0 : nextMoment(this.#visits, moment);
    if (wait === undefined) return;
    const guarded = this.#visits.filter((visit) => guardLeft(visit, moment.now) > 0);
    this.#cancelTimer = this.#around.clock.after(Math.max(wait, 0), () => {
      for (const { profile } of guarded) this.#untold.add(profile);
      this.review();
    });
  }

  #moment(): Moment {
    const { clock, now, policy, presence } = this.#around;
    return { policy: policy(), presence, clockNow: clock.now(), now: now() };
  }
}

function isSame(a: HolderIdentity, b: HolderIdentity): boolean {
  return a.card === b.card && a.certificate === b.certificate;
}

// Which visits end now, and when to look again. Pure.
import { type LogoutReason } from '../../shared/logout.ts';
import { type Policy } from '../../shared/policy.ts';
import { type HolderIdentity, type Presence } from '../cards/holder-presence.ts';
import { guardLeft } from './orders.ts';
import { logoutPlan, verdict } from './plan.ts';
import { isOwed, type Visit } from './visit.ts';

/** A moment: what is known of the holders, and the time by both clocks, in milliseconds. */
export interface Moment {
  policy: Policy;
  presence: (holder: HolderIdentity) => Presence | undefined;
  /** The clock that never goes back: doubts count by it. */
  clockNow: number;
  /** Unix time: what outlives the agent counts by it. */
  now: number;
}

/** A visit whose holder is to be logged out. */
export interface DueVisit {
  visit: Visit;
  reason: LogoutReason;
  /** Policy wants the workstation locked; not one that somebody else is using already. */
  locks: boolean;
}

/** The open visits that end now. */
export function dueVisits(visits: readonly Visit[], { policy, presence, clockNow }: Moment): DueVisit[] {
  return visits.flatMap((visit): DueVisit[] => {
    if (isOwed(visit)) return [];
    const plan = logoutPlan(policy, visit.origin);
    const sentence = verdict(presence(visit.holder), plan, clockNow);
    if (sentence.ends !== 'now') return [];
    const { reason } = sentence;
    return [{ visit, reason, locks: !plan.keep && plan.actions.includes('lock') && reason !== 'another-holder' }];
  });
}

/** Milliseconds until time alone decides something: a grace ends, or a guard is let go. Undefined: never, as things are. */
export function nextMoment(visits: readonly Visit[], { policy, presence, clockNow, now }: Moment): number | undefined {
  const waits = visits.flatMap((visit) => {
    const guard = guardLeft(visit, now);
    if (guard > 0) return [guard];
    if (isOwed(visit)) return [];
    const sentence = verdict(presence(visit.holder), logoutPlan(policy, visit.origin), clockNow);
    return sentence.ends === 'later' ? [sentence.at - clockNow] : [];
  });
  return waits.length === 0 ? undefined : Math.min(...waits);
}

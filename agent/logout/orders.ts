// What a browser profile is told of its visits: the whole state, every time. Pure.
import { limits } from '../../shared/limits.ts';
import { type AgentMessage } from '../../shared/messages.ts';
import { type Policy } from '../../shared/policy.ts';
import { logoutPlan } from './plan.ts';
import { isOwed, outstanding, type OwedVisit, type Visit } from './visit.ts';

export type VisitsMessage = Extract<AgentMessage, { type: 'visits' }>;

/** The message for `profile`. `now`: Unix time in milliseconds. What the browser has to do comes first. */
export function visitsMessage(visits: readonly Visit[], profile: string, policy: Policy, now: number): VisitsMessage {
  const own = visits.filter((visit) => visit.profile === profile);
  const owed = own.filter(isOwed);
  const listed = [...owed.filter((visit) => !visit.owed.cleared), ...owed.filter((visit) => guardLeft(visit, now) > 0)];
  return {
    type: 'visits',
    open: own.filter((visit) => !isOwed(visit)).map(({ id, origin, guarded }) => ({ id, origin, guarded })),
    owed: listed.slice(0, limits.visits).map((visit) => order(visit, policy)),
    guarded: policy.sites.filter(({ origin }) => logoutPlan(policy, origin).guarded).map(({ origin }) => origin),
  };
}

/**
 * Milliseconds for which a visit that the browser has cleared is listed still: the guard over a site stays until its server has
 * been told, or has not been to be reached for long enough. 0 for every other visit, for one that no browser has, and when the
 * computer's clock was set back.
 */
export function guardLeft(visit: Visit, now: number): number {
  if (visit.profile === '' || !isOwed(visit) || !visit.owed.cleared || outstanding(visit).length === 0) return 0;
  const left = visit.owed.at + limits.guardPatience - now;
  return left <= limits.guardPatience ? Math.max(left, 0) : 0;
}

/** At a site that is kept, nothing is done: the browser is to forget the visit, and says so. */
function order(visit: OwedVisit, policy: Policy): VisitsMessage['owed'][number] {
  const { id, origin, guarded, owed } = visit;
  const { reason, cleared } = owed;
  const { keep, actions, url, page } = logoutPlan(policy, origin);
  if (keep) return { id, origin, guarded, reason, cleared, actions: [] };
  return {
    id,
    origin,
    guarded,
    reason,
    cleared,
    actions: [...actions],
    ...(url === undefined ? {} : { url }),
    ...(page === undefined ? {} : { page }),
  };
}

// Which owed visits are forgotten when there are too many to remember: those of browser profiles that were deleted, of servers
// that cannot be reached, of a page that logs in without end. Pure.
import { limits } from '../../shared/limits.ts';
import { isOwed, type OwedVisit, type Visit } from './visit.ts';

/** What passes `limits.visits`, always the oldest at the origin that owes the most: one site pushes out no other's. */
export function surplusOwed(visits: readonly Visit[]): OwedVisit[] {
  const owed = visits.filter(isOwed);
  if (owed.length <= limits.visits) return [];
  const byOrigin = new Map<string, OwedVisit[]>();
  for (const visit of owed) {
    const others = byOrigin.get(visit.origin);
    if (others === undefined) byOrigin.set(visit.origin, [visit]);
    else others.push(visit);
  }
  const surplus: OwedVisit[] = [];
  while (owed.length - surplus.length > limits.visits) {
    const most = [...byOrigin.values()].reduce((a, b) => (b.length > a.length ? b : a));
    surplus.push(...most.splice(0, 1));
  }
  return surplus;
}

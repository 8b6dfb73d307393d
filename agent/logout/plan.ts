// What policy wants done at a site when its visitor's card leaves, and when. Pure: a table of tests holds every case.
import { type LogoutAction, type LogoutReason } from '../../shared/logout.ts';
import { type Policy } from '../../shared/policy.ts';
import { isAbsence, type Presence } from '../cards/holder-presence.ts';

/** The settings of one site. */
export interface LogoutPlan {
  /** Nobody is logged out there. */
  keep: boolean;
  actions: readonly LogoutAction[];
  url?: string;
  page?: string;
  guarded: boolean;
  /** Milliseconds; absent: never. */
  grace: { reader?: number; service?: number; session?: number };
}

/** A site's own settings, else those for every site; a grace of its own replaces all three. */
export function logoutPlan({ logout, sites }: Policy, origin: string): LogoutPlan {
  const own = sites.find((site) => site.origin === origin)?.logout;
  const { readerSeconds, serviceSeconds, sessionSeconds } = own?.grace ?? logout.grace;
  return {
    keep: own?.keep ?? false,
    actions: own?.actions ?? logout.actions,
    ...(own?.url === undefined ? {} : { url: own.url }),
    ...(own?.page === undefined ? {} : { page: own.page }),
    guarded: own?.guard ?? logout.guard,
    grace: {
      ...(readerSeconds === undefined ? {} : { reader: readerSeconds * 1000 }),
      ...(serviceSeconds === undefined ? {} : { service: serviceSeconds * 1000 }),
      ...(sessionSeconds === undefined ? {} : { session: sessionSeconds * 1000 }),
    },
  };
}

/** What is to become of a visit: it stays, it ends now, or it ends at `at` (the clock's milliseconds) unless something changes. */
export type Verdict = { ends: 'never' } | { ends: 'now'; reason: LogoutReason } | { ends: 'later'; at: number };

/** Decides from the presence of the visit's holder; one of whom nothing is known any more was another's predecessor. */
export function verdict(presence: Presence | undefined, { grace }: LogoutPlan, now: number): Verdict {
  if (presence === undefined) return { ends: 'now', reason: 'another-holder' };
  if (presence.state === 'gone') return { ends: 'now', reason: reasonOf[presence.why] };
  if (presence.state === 'present' || !isAbsence(presence.why)) return { ends: 'never' };
  const patience = grace[presence.why];
  if (patience === undefined) return { ends: 'never' };
  // A reader that is back in time is not judged before its card could be read.
  const at = Math.max(presence.since + patience, presence.readBy ?? 0);
  return at <= now ? { ends: 'now', reason: `${presence.why}-gone` } : { ends: 'later', at };
}

const reasonOf = { removed: 'card-removed', exchanged: 'card-exchanged', superseded: 'another-holder' } as const;

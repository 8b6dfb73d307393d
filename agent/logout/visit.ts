// One login of one holder at one origin in one browser profile, and what is still owed for it. Values only; what is kept on
// disk is exactly this.
import { z } from 'zod';
import { limits } from '../../shared/limits.ts';
import { logoutReasons } from '../../shared/logout.ts';

const time = z.number().min(0);

/** What the site has registered for one of its sessions. */
const registration = z.strictObject({
  /** Names it to the parts that call the site. */
  id: z.string().max(100),
  url: z.string().max(limits.logoutUrlLength),
  token: z.string().max(512),
  leaseSeconds: z.int().min(limits.leaseMinimum).max(limits.leaseMaximum).exactOptional(),
  /** The call has been made, or given up, or the site has said that the session is over. */
  called: z.boolean(),
});

const hash = z.string().max(64);

const visit = z.strictObject({
  id: z.string().max(limits.idLength),
  holder: z.strictObject({
    card: hash,
    certificate: hash,
    beside: z.array(hash).max(limits.certificatesPerToken).readonly(),
  }),
  /** Where the card was at login. */
  reader: z.string().max(300),
  /** Of the browser; '' where no browser owes anything: only the agent's own calls may be outstanding. */
  profile: z.string().max(limits.idLength),
  origin: z.string().max(limits.originLength),
  guarded: z.boolean(),
  registrations: z.array(registration).max(limits.registrationsPerVisit),
  /** Unix time in milliseconds. */
  at: time,
  /** Since when and why the holder is logged out. `cleared`: the browser has done its part. */
  owed: z.strictObject({ reason: z.enum(logoutReasons), at: time, cleared: z.boolean() }).exactOptional(),
});

/** Visits that one agent keeps: the open ones, and as many that are owed. */
export const visitsKept = 2 * limits.visits;

/** Agents of one user that can run at a time; one of them may find what all the others left. */
export const agentsOfUser = 16;

/** The file of an agent. */
export const visitsFile = z.strictObject({
  version: z.literal(1),
  visits: z.array(visit).max(agentsOfUser * visitsKept),
});

export type Visit = z.infer<typeof visit>;
export type Registration = z.infer<typeof registration>;

/** A visit whose holder is logged out. */
export type OwedVisit = Visit & { owed: NonNullable<Visit['owed']> };

/** Whether the holder of this visit is logged out, or is to be. */
export function isOwed(visit: Visit): visit is OwedVisit {
  return visit.owed !== undefined;
}

/** The calls that the agent still has to make when the visit's holder is logged out. */
export function outstanding({ registrations }: Visit): Registration[] {
  return registrations.filter(({ called }) => !called);
}

/** Whether nothing is left to do. */
export function isSettled(visit: Visit): boolean {
  return isOwed(visit) && visit.owed.cleared && outstanding(visit).length === 0;
}

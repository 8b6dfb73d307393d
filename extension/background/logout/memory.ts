// What the extension itself remembers of logins and logouts, over the browser's end: so that it can tell a repeated order
// from a new one, and notices when the agent has lost its record. Pure.
import * as z from 'zod';
import { limits } from '../../../shared/limits.ts';
import { type LogoutAction, type LogoutReason } from '../../../shared/logout.ts';
import { type AgentMessage, type OpenVisit, type OwedVisit } from '../../../shared/messages.ts';

export type VisitsMessage = Extract<AgentMessage, { type: 'visits' }>;

/** Ids of visits that are logged out: more than the agent can still ask about. */
const rememberedDone = 2 * limits.visits;
/** The agent's open and owed ones, and as many that it has lost. */
const rememberedVisits = 4 * limits.visits;

const id = z.string().min(1).max(limits.idLength);
const origin = z.string().min(1).max(limits.originLength);

/** `visits`: those that the agent has listed and that are not logged out. `guarded`: the sites that policy guards. */
export const memorySchema = z.strictObject({
  visits: z.array(z.strictObject({ id, origin, guarded: z.boolean() })).max(rememberedVisits),
  done: z.array(id).max(rememberedDone),
  guarded: z.array(origin).max(500),
});
export type Memory = z.infer<typeof memorySchema>;

export const emptyMemory: Memory = { visits: [], done: [], guarded: [] };

/** One logout to carry out. `isLost`: the agent knows nothing of it, and is told nothing. */
export interface Logout {
  visit: string;
  origin: string;
  reason: LogoutReason;
  actions: readonly LogoutAction[];
  url?: string;
  page?: string;
  isLost: boolean;
}

/** What a `visits` message asks for: logouts, and acknowledgements that the agent has not got. */
export interface Orders {
  memory: Memory;
  logouts: Logout[];
  acknowledge: string[];
}

/** What is done where the agent has lost its record, and with it what policy said. */
const actionsWhenLost: readonly LogoutAction[] = ['event', 'clear', 'navigate'];

/**
 * Works in the agent's whole list. A visit that it does not list, and that is not logged out, it has lost. `cleared` is our
 * own word, from the agent's memory.
 */
export function afterVisits(memory: Memory, { open, owed, guarded }: VisitsMessage): Orders {
  const listed = new Set([...open, ...owed].map((visit) => visit.id));
  const done = new Set([...memory.done, ...owed.filter(({ cleared }) => cleared).map((visit) => visit.id)]);
  const lost = memory.visits.filter((visit) => !listed.has(visit.id) && !done.has(visit.id));
  const due = owed.filter(({ cleared }) => !cleared);
  return {
    memory: {
      visits: [...[...open, ...owed].map(plain), ...lost].slice(-rememberedVisits),
      done: [...done].slice(-rememberedDone),
      guarded,
    },
    logouts: [...due.filter((visit) => !done.has(visit.id)).map(ordered), ...lost.map(lostLogout)],
    acknowledge: due.filter((visit) => done.has(visit.id)).map((visit) => visit.id),
  };
}

/** A logout is carried out: it will not be again, whatever the agent says. */
export function afterLogout(memory: Memory, { visit, isLost }: Logout): Memory {
  if (isLost) return { ...memory, visits: memory.visits.filter((one) => one.id !== visit) };
  return { ...memory, done: [...memory.done.filter((one) => one !== visit), visit].slice(-rememberedDone) };
}

/** The origins that are guarded: by policy, or for a visit that is not settled. */
export function guardedOrigins({ guarded, visits }: Memory): Set<string> {
  return new Set([...guarded, ...visits.filter((visit) => visit.guarded).map((visit) => visit.origin)]);
}

function plain({ id, origin, guarded }: OpenVisit): OpenVisit {
  return { id, origin, guarded };
}

function ordered({ id, origin, reason, actions, url, page }: OwedVisit): Logout {
  const logout: Logout = { visit: id, origin, reason, actions, isLost: false };
  if (url !== undefined) logout.url = url;
  if (page !== undefined) logout.page = page;
  return logout;
}

function lostLogout({ id, origin }: OpenVisit): Logout {
  return { visit: id, origin, reason: 'unknown', actions: actionsWhenLost, isLost: true };
}

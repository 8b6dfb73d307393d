// The life of a logout token, as pure steps: it waits for its login, is bound to one session, and ends that once.
// Every step takes an entry and gives the one that takes its place; who writes it down is another file's matter.

/** Why the holder left, in the words of the call (the agent's list). */
export const LOGOUT_REASONS = [
  'card-removed',
  'card-exchanged',
  'reader-gone',
  'service-gone',
  'session-gone',
  'another-holder',
  'unknown',
] as const;
export type LogoutReason = (typeof LOGOUT_REASONS)[number];

/** Why a session ended: the agent's call; a lease that was not renewed in time; its longest life; the site's own logout. */
export type EndReason = LogoutReason | 'lease-expired' | 'session-expired' | 'closed';

interface Entry {
  /** Lower-case hexadecimal SHA-256 of the token: the token itself is never kept. */
  readonly token: string;
  /** Lower-case hexadecimal SHA-256 of the login's nonce. */
  readonly attempt: string;
  /** 1, and one more with each change: by it a store tells an entry that somebody else has changed meanwhile. */
  readonly version: number;
  /**
   * Milliseconds since 1970. Waiting: the login comes too late from then on; open: the session is over unless the lease is
   * renewed before; ended: the entry is forgotten.
   */
  readonly endsAt: number;
}

/** The nonce is out, nobody is logged in yet. */
export interface WaitingLogout extends Entry {
  readonly state: 'waiting';
}

/** The token ends `session`. */
export interface OpenLogout extends Entry {
  readonly state: 'open';
  readonly session: string;
  /** No renewal lets the session live longer. Milliseconds since 1970. */
  readonly lastsUntil: number;
}

/** Over. With `session`, the site has still to be told to end it. */
export interface EndedLogout extends Entry {
  readonly state: 'ended';
  readonly reason: EndReason;
  readonly session?: string;
}

export type StoredLogout = WaitingLogout | OpenLogout | EndedLogout;

/** How long things last. Milliseconds. */
export interface LogoutTerms {
  /** From the nonce to the finished login. */
  readonly attemptMs: number;
  /** A session without a renewal, tolerance included; undefined: no lease is asked for. */
  readonly leaseMs: number | undefined;
  readonly sessionMs: number;
  /** How long the token of an ended session is known. */
  readonly rememberMs: number;
}

export function waiting(token: string, attempt: string, now: number, { attemptMs }: LogoutTerms): WaitingLogout {
  return { state: 'waiting', token, attempt, version: 1, endsAt: now + attemptMs };
}

/** The login is done: from here on the token ends `session`. */
export function opened(entry: WaitingLogout, session: string, now: number, terms: LogoutTerms): OpenLogout {
  const { token, attempt, version } = entry;
  const lastsUntil = now + terms.sessionMs;
  const endsAt = leaseEnd(lastsUntil, now, terms);
  return { state: 'open', token, attempt, version: version + 1, session, lastsUntil, endsAt };
}

/** The holder is still there. A lease that has run out cannot be renewed: somebody may have been told of the session's end. */
export function renewed(entry: StoredLogout, now: number, terms: LogoutTerms): StoredLogout {
  const current = lapsed(entry, now, terms);
  if (current.state !== 'open' || terms.leaseMs === undefined) return current;
  return { ...current, version: current.version + 1, endsAt: leaseEnd(current.lastsUntil, now, terms) };
}

/** Ends a session whose time is over; any other entry stays as it is. */
export function lapsed(entry: StoredLogout, now: number, terms: LogoutTerms): StoredLogout {
  if (entry.state !== 'open' || now < entry.endsAt) return entry;
  return ended(entry, now < entry.lastsUntil ? 'lease-expired' : 'session-expired', now, terms);
}

/** Over, for this reason. What has ended before stays as it is. A login that waits will find that it may not be finished. */
export function ended(entry: StoredLogout, reason: EndReason, now: number, terms: LogoutTerms): EndedLogout {
  if (entry.state === 'ended') return entry;
  const { token, attempt, version } = entry;
  const endsAt = now + Math.max(terms.rememberMs, terms.attemptMs);
  const session = entry.state === 'open' ? { session: entry.session } : {};
  return { state: 'ended', token, attempt, version: version + 1, reason, endsAt, ...session };
}

/** The site has ended the session, or has done so by itself. */
export function settled(entry: StoredLogout, now: number, terms: LogoutTerms): EndedLogout {
  const { session, ...rest } = ended(entry, 'closed', now, terms);
  return session === undefined ? rest : { ...rest, version: rest.version + 1 };
}

/** An attempt that came to nothing, or an end that is long past: to be treated as if it were not there. */
export function isForgotten(entry: StoredLogout, now: number): boolean {
  return entry.state !== 'open' && now >= entry.endsAt && !(entry.state === 'ended' && entry.session !== undefined);
}

function leaseEnd(lastsUntil: number, now: number, { leaseMs }: LogoutTerms): number {
  return leaseMs === undefined ? lastsUntil : Math.min(now + leaseMs, lastsUntil);
}

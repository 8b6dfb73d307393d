// Reads and changes entries of a logout store. A store is somebody else's code: what it says is parsed, whatever it throws
// becomes one code, and a change that somebody else was faster with is thought through again.
import { type Clock } from './clock.ts';
import { isForgotten, LOGOUT_REASONS, type EndReason, type StoredLogout } from './logout-state.ts';
import { type LogoutStore } from './logout-store.ts';
import { isSession } from './session-name.ts';
import { TokenError } from './token-error.ts';

export interface LogoutEntries {
  /** As the store's, but for entries that are to be forgotten. @throws TokenError ERR_LOGOUT_STORE_UNAVAILABLE */
  find(...where: Parameters<LogoutStore['find']>): Promise<StoredLogout | undefined>;
  /** @returns false when token or attempt is there already. @throws TokenError ERR_LOGOUT_STORE_UNAVAILABLE */
  create(entry: StoredLogout): Promise<boolean>;
  /**
   * Takes one step, which is pure: it may be taken several times. An entry that comes back as it was is not written.
   * @returns the entry as it stands then; undefined when there is none
   * @throws TokenError ERR_LOGOUT_STORE_UNAVAILABLE, and what the step throws
   */
  change(
    where: Parameters<LogoutStore['find']>,
    step: (entry: StoredLogout, now: number) => StoredLogout,
  ): Promise<StoredLogout | undefined>;
}

/** Of so many servers at the same entry, each loses at most once to each other; one that never wins has a broken store. */
const MAX_ATTEMPTS = 20;
const HASH_FORM = /^[0-9a-f]{64}$/;
const END_REASONS: readonly unknown[] = [...LOGOUT_REASONS, 'lease-expired', 'session-expired', 'closed'];

export function logoutEntries(store: LogoutStore, clock: Clock): LogoutEntries {
  const find: LogoutEntries['find'] = async (by, value) => {
    const stored: unknown = await reached(() => store.find(by, value));
    if (stored === undefined || stored === null) return undefined;
    const entry = parseStoredLogout(stored);
    if ((entry as { [key in typeof by]?: string })[by] !== value) throw new TokenError('ERR_LOGOUT_STORE_UNAVAILABLE');
    return isForgotten(entry, clock()) ? undefined : entry;
  };
  return {
    find,
    create: (entry) => reached(() => store.replace(undefined, entry)),
    change: async (where, step) => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const from = await find(...where);
        if (from === undefined) return undefined;
        const to = step(from, clock());
        if (to === from || (await reached(() => store.replace(from, to)))) return to;
      }
      throw new TokenError('ERR_LOGOUT_STORE_UNAVAILABLE');
    },
  };
}

async function reached<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new TokenError('ERR_LOGOUT_STORE_UNAVAILABLE', { cause });
  }
}

/** @throws TokenError ERR_LOGOUT_STORE_UNAVAILABLE */
function parseStoredLogout(value: unknown): StoredLogout {
  const nonsense = new TokenError('ERR_LOGOUT_STORE_UNAVAILABLE');
  if (typeof value !== 'object' || value === null) throw nonsense;
  const field = (name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
  const [token, attempt, version, endsAt, session] = ['token', 'attempt', 'version', 'endsAt', 'session'].map(field);
  if (!isHash(token) || !isHash(attempt) || !isCount(version) || !isTime(endsAt)) throw nonsense;
  const entry = { token, attempt, version, endsAt };
  switch (field('state')) {
    case 'waiting':
      return { state: 'waiting', ...entry };
    case 'open': {
      const lastsUntil = field('lastsUntil');
      if (!isSession(session) || !isTime(lastsUntil)) throw nonsense;
      return { state: 'open', ...entry, session, lastsUntil };
    }
    case 'ended': {
      const reason = field('reason');
      // A table's empty column comes as null.
      const isSettled = session === undefined || session === null;
      if (!isEndReason(reason) || !(isSettled || isSession(session))) throw nonsense;
      return { state: 'ended', ...entry, reason, ...(isSettled ? {} : { session }) };
    }
    default:
      throw nonsense;
  }
}

const isHash = (value: unknown): value is string => typeof value === 'string' && HASH_FORM.test(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const isTime = (value: unknown): value is number => Number.isFinite(value);
const isEndReason = (value: unknown): value is EndReason => END_REASONS.includes(value);

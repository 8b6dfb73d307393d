// Where logout tokens are kept: as SHA-256, with what has become of them. A store needs two operations, of which one is a
// compare-and-set; every decision is made outside of it. The one here lives in memory.
import { type Clock, systemClock } from './clock.ts';
import { isForgotten, type StoredLogout } from './logout-state.ts';

/** Several servers behind one name need a shared one. An entry may be dropped after its `endsAt`, an open one never before. */
export interface LogoutStore {
  /** The entry with this token, attempt or (open, or ended and with a session) session. */
  find(by: 'token' | 'attempt' | 'session', value: string): Promise<StoredLogout | undefined>;
  /**
   * Writes `to` in the place of `from`, as one step (SQL: UPDATE ... WHERE token = ? AND version = ?), and answers true.
   * Writes nothing and answers false when the entry has another version than `from` or is gone; without `from`, when its
   * token or attempt is there already; and always when another entry has its session.
   */
  replace(from: StoredLogout | undefined, to: StoredLogout): Promise<boolean>;
}

export interface MemoryLogoutStoreOptions {
  /** Logins that wait, and ended sessions that are remembered: so many of each, then the oldest is forgotten. Default 10 000. */
  readonly limit?: number;
  /** Sessions that are open at the same time; beyond, further logins fail. Default 100 000. */
  readonly sessions?: number;
  readonly clock?: Clock;
}

const MAX_FORGETTABLE = 10_000;
const MAX_SESSIONS = 100_000;

/**
 * A store for one process. A flood of attempts costs others a second try, and a flood of ended sessions the memory of older
 * ones; neither ever pushes out a session that is open, nor one that the site has still to end.
 */
export function createMemoryLogoutStore(options: MemoryLogoutStoreOptions = {}): LogoutStore {
  const { limit = MAX_FORGETTABLE, sessions = MAX_SESSIONS, clock = systemClock } = options;
  for (const bound of [limit, sessions]) {
    if (!Number.isSafeInteger(bound) || bound < 1) throw new TypeError('limits must be positive whole numbers.');
  }
  /** By token, each in the order of writing, which is that of `endsAt` in the first and the last. */
  const pools = {
    waiting: new Map<string, StoredLogout>(),
    kept: new Map<string, StoredLogout>(),
    past: new Map<string, StoredLogout>(),
  };
  const tokenOf = { attempt: new Map<string, string>(), session: new Map<string, string>() };

  const poolOf = (entry: StoredLogout) => {
    if (entry.state === 'waiting') return pools.waiting;
    return 'session' in entry ? pools.kept : pools.past;
  };
  const findToken = (token: string) => pools.waiting.get(token) ?? pools.kept.get(token) ?? pools.past.get(token);

  function remove(entry: StoredLogout): void {
    poolOf(entry).delete(entry.token);
    tokenOf.attempt.delete(entry.attempt);
    if ('session' in entry) tokenOf.session.delete(entry.session);
  }

  function add(entry: StoredLogout): void {
    const pool = poolOf(entry);
    pool.set(entry.token, entry);
    tokenOf.attempt.set(entry.attempt, entry.token);
    if ('session' in entry) tokenOf.session.set(entry.session, entry.token);
  }

  function makeRoom(pool: Map<string, StoredLogout>): void {
    if (pool === pools.kept) {
      if (pool.size >= sessions) throw new Error('too many sessions are open');
      return;
    }
    for (const oldest of pool.values()) {
      if (pool.size < limit && !isForgotten(oldest, clock())) break;
      remove(oldest);
    }
  }

  function write(from: StoredLogout | undefined, to: StoredLogout): boolean {
    const stored = findToken(to.token);
    if (stored?.version !== from?.version) return false;
    const isTaken = (token: string | undefined) => token !== undefined && token !== to.token;
    if (isTaken(tokenOf.attempt.get(to.attempt))) return false;
    if ('session' in to && isTaken(tokenOf.session.get(to.session))) return false;
    const pool = poolOf(to);
    if (stored === undefined || poolOf(stored) !== pool) makeRoom(pool);
    if (stored !== undefined) remove(stored);
    add(to);
    return true;
  }

  return {
    find: (by, value) => {
      const token = by === 'token' ? value : tokenOf[by].get(value);
      return Promise.resolve(token === undefined ? undefined : findToken(token));
    },
    replace: (from, to) =>
      new Promise((resolve) => {
        resolve(write(from, to));
      }),
  };
}

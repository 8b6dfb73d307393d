// Login nonces: 256 random bits, bound to the caller's session, used once, short-lived. One per session: a newer nonce
// replaces the older. The store can be anything that takes and removes in one step; the one here lives in memory.
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';
import { assertSession } from './session-name.ts';
import { TokenError } from './token-error.ts';

export interface StoredNonce {
  /** 44 characters of base64. */
  readonly nonce: string;
  /** Milliseconds since 1970; from this moment on the nonce is refused. */
  readonly expiresAt: number;
}

/** Where nonces wait for their token. Several servers behind one name need a shared one. */
export interface NonceStore {
  /** Keeps the nonce under the session, in the place of one that is there. */
  put(session: string, nonce: StoredNonce): Promise<void>;
  /**
   * Removes and returns the session's nonce, as one step (Redis: GETDEL; SQL: DELETE ... RETURNING).
   * Of two calls at the same time only one may get it: that is what makes a nonce single-use.
   */
  take(session: string): Promise<StoredNonce | undefined>;
}

export interface NonceOptions {
  /** Default: a store in this process's memory. */
  readonly store?: NonceStore;
  /** Default 5 minutes; at most an hour. */
  readonly lifetimeMs?: number;
  readonly clock?: Clock;
}

export interface Nonces {
  /**
   * A new nonce for the session.
   * @throws TokenError ERR_SESSION_INVALID, ERR_NONCE_STORE_UNAVAILABLE
   */
  issue(session: string): Promise<string>;
  /**
   * Uses up the session's nonce.
   * @throws TokenError ERR_SESSION_INVALID, ERR_NONCE_UNKNOWN, ERR_NONCE_EXPIRED, ERR_NONCE_STORE_UNAVAILABLE
   */
  consume(session: string): Promise<string>;
}

const NONCE_BYTES = 32;
/** What `issue` gives out: 32 bytes in base64. */
export const NONCE_FORM = /^[A-Za-z0-9+/]{43}=$/;
export const FIVE_MINUTES_MS = 300_000;
export const HOUR_MS = 3_600_000;
const MAX_STORED = 10_000;

/** @throws TypeError if the lifetime is not between a second and an hour. */
export function createNonces(options: NonceOptions = {}): Nonces {
  const { clock = systemClock, lifetimeMs = FIVE_MINUTES_MS } = options;
  const store = options.store ?? createMemoryNonceStore({ clock });
  if (!(lifetimeMs >= 1000 && lifetimeMs <= HOUR_MS)) {
    throw new TypeError('lifetimeMs must be between 1000 (a second) and 3600000 (an hour).');
  }
  return {
    async issue(session) {
      assertSession(session);
      const nonce = randomBytes(NONCE_BYTES).toString('base64');
      await reached(() => store.put(session, { nonce, expiresAt: clock() + lifetimeMs }));
      return nonce;
    },
    async consume(session) {
      assertSession(session);
      const stored: unknown = await reached(() => store.take(session));
      if (stored === undefined || stored === null) throw new TokenError('ERR_NONCE_UNKNOWN');
      const { nonce, expiresAt } = parseStoredNonce(stored);
      if (!(clock() < expiresAt)) throw new TokenError('ERR_NONCE_EXPIRED');
      return nonce;
    },
  };
}

/** A store for one process. Full (default 10 000 sessions), it forgets the oldest: a flood costs others a second try. */
export function createMemoryNonceStore(options: { readonly limit?: number; readonly clock?: Clock } = {}): NonceStore {
  const { limit = MAX_STORED, clock = systemClock } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError('limit must be a positive whole number.');
  /** In the order of issue, since put() always appends. */
  const kept = new Map<string, StoredNonce>();
  return {
    put(session, nonce) {
      kept.delete(session);
      for (const [oldest, { expiresAt }] of kept) {
        if (kept.size < limit && expiresAt > clock()) break;
        kept.delete(oldest);
      }
      kept.set(session, nonce);
      return Promise.resolve();
    },
    take(session) {
      const nonce = kept.get(session);
      kept.delete(session);
      return Promise.resolve(nonce);
    },
  };
}

/** A store is somebody else's code: whatever it throws becomes one code, with the cause attached. */
async function reached<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new TokenError('ERR_NONCE_STORE_UNAVAILABLE', { cause });
  }
}

function parseStoredNonce(value: unknown): StoredNonce {
  if (typeof value === 'object' && value !== null && 'nonce' in value && 'expiresAt' in value) {
    const { nonce, expiresAt } = value;
    if (
      typeof nonce === 'string' &&
      NONCE_FORM.test(nonce) &&
      typeof expiresAt === 'number' &&
      Number.isFinite(expiresAt)
    ) {
      return { nonce, expiresAt };
    }
  }
  throw new TokenError('ERR_NONCE_STORE_UNAVAILABLE');
}

// Keeps OCSP responses and CRLs as they came. Whoever takes one out verifies it anew, so a cache that is shared or
// disturbed can make an answer older, within the maximum age, but never another one.
import { type Clock, systemClock } from './clock.ts';

export interface RevocationCache {
  get(key: string): Promise<Uint8Array | undefined>;
  /** @param expiresAt milliseconds since 1970; from then on `get` need not have it. */
  put(key: string, bytes: Uint8Array, expiresAt: number): Promise<void>;
}

const MAX_ENTRIES = 10_000;
const MAX_OCTETS = 128 * 1024 * 1024;

/** A cache for one process: 10 000 entries and 128 MB; full, it forgets the oldest. */
export function createMemoryRevocationCache(options: { readonly clock?: Clock } = {}): RevocationCache {
  const { clock = systemClock } = options;
  const kept = new Map<string, { bytes: Uint8Array; expiresAt: number }>();
  let octets = 0;
  const forget = (key: string): void => {
    octets -= kept.get(key)?.bytes.length ?? 0;
    kept.delete(key);
  };
  return {
    get(key) {
      const entry = kept.get(key);
      if (entry !== undefined && entry.expiresAt <= clock()) forget(key);
      return Promise.resolve(kept.get(key)?.bytes);
    },
    put(key, bytes, expiresAt) {
      forget(key);
      for (const oldest of kept.keys()) {
        if (kept.size < MAX_ENTRIES && octets + bytes.length <= MAX_OCTETS) break;
        forget(oldest);
      }
      kept.set(key, { bytes, expiresAt });
      octets += bytes.length;
      return Promise.resolve();
    },
  };
}

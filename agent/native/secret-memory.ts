// The memory of one Buffer that holds a secret: kept out of swap as far as the system lets us, and overwritten for certain.
// Copies that were made elsewhere are not reached.
import { addon } from './addon.ts';

/** Overwrites the bytes with zeros in a way that no optimiser removes. Other views of the same memory see it too. */
export function zero(bytes: Uint8Array): void {
  addon().zero(bytes);
}

/**
 * Keeps the pages of the bytes out of swap and out of core dumps (mlock, MADV_DONTDUMP; VirtualLock and out of crash reports). Best
 * effort: false where a limit does not allow it. Locks whole pages and does not nest: lock long-lived buffers, from Buffer.alloc.
 */
export function lockMemory(bytes: Uint8Array): boolean {
  return addon().lockMemory(bytes);
}

/** Undoes lockMemory; zero the bytes first. */
export function unlockMemory(bytes: Uint8Array): void {
  addon().unlockMemory(bytes);
}

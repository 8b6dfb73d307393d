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

/**
 * Memory of its own outside V8's heap. Not Buffer.from, which would use the pool that other Buffers share; not Buffer.alloc, which
 * keeps up to 64 bytes within the heap: there the collector leaves copies, and so does native code that is handed such a Buffer.
 */
export function secretBuffer(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

/** A copy in memory of its own. */
export function secretCopy(secret: Uint8Array): Buffer {
  const copy = secretBuffer(secret.length);
  copy.set(secret);
  return copy;
}

// One process at a time: a lock on a file, freed by the kernel when the process dies, however it dies.
import { toNamespacedPath } from 'node:path';
import { addon } from './addon.ts';

/** A held lock. Dropping the object does not free it; `release` or the end of the process does. */
export interface FileLock {
  readonly path: string;
  /** Frees the lock and leaves the file (removing it would let two holders lock two files of one name). */
  release: () => void;
}

/**
 * Takes the lock without waiting: creates the file (0600, no symbolic link followed, not inherited) where needed and calls
 * flock(LOCK_EX | LOCK_NB); on Windows it is held open without sharing. Undefined when another process, or this one, holds it.
 * Throws an Error with `code`: ELOOP for a symbolic link, EPERM for a file that another user owns (Linux), EINVAL for what is no
 * regular file, EISDIR for a directory, ENOENT for a missing one.
 */
export function lockFile(path: string): FileLock | undefined {
  let lock = addon().lockFile(toNamespacedPath(path));
  if (lock === undefined) return undefined;
  return {
    path,
    release: () => {
      if (lock !== undefined) addon().closeFile(lock);
      lock = undefined;
    },
  };
}

// One process at a time: an advisory lock on a file, freed by the kernel when the process dies, however it dies.
import { addon } from './addon.ts';

/** A held lock. Dropping the object does not free it; `release` or the end of the process does. */
export interface FileLock {
  readonly path: string;
  /** Frees the lock and leaves the file (removing it would let two holders lock two files of one name). */
  release: () => void;
}

/**
 * Takes the lock without waiting: creates the file (0600, no symbolic link followed, close-on-exec) where needed and calls
 * flock(LOCK_EX | LOCK_NB). Undefined when another process, or this one, holds it. Throws an Error with `code`: ELOOP for a
 * symbolic link, EPERM for a file that another user owns, EINVAL for what is no regular file, ENOENT for a missing directory.
 */
export function lockFile(path: string): FileLock | undefined {
  let fd = addon().lockFile(path);
  if (fd === undefined) return undefined;
  return {
    path,
    release: () => {
      if (fd !== undefined) addon().closeFile(fd);
      fd = undefined;
    },
  };
}

// Who owns a file or folder and who may change it: what stands in its access list, not what it comes to for one user. Windows.
import { toNamespacedPath } from 'node:path';
import { addon } from './addon.ts';

/** SIDs. */
export interface FileAccess {
  readonly owner: string;
  /**
   * Who is allowed to write, delete, or change owner or list. Of a folder: to add files, delete what is in it, or the like; not
   * to make folders, which everybody may in a disk's root. "S-1-1-0" (everyone) when there is no list.
   */
  readonly writers: readonly string[];
}

/**
 * Looks at the path itself. What is denied to somebody is not taken into account, nor what the folders above allow.
 * Throws an Error with `code` ENOENT, EACCES, or ELOOP for a symbolic link or junction.
 */
export function fileAccess(path: string): FileAccess {
  return addon().fileAccess(toNamespacedPath(path));
}

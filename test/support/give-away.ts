// Files for another user of the machine, made by root.
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Hands a directory and everything in it to another user; links are left alone. */
export function giveAway(directory: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(directory, uid, gid);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) giveAway(path, { uid, gid });
    else if (!entry.isSymbolicLink()) chownSync(path, uid, gid);
  }
}

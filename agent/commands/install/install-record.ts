// Remembers which directories `install --user` had to make, so that `uninstall --user` can take them away again and no others.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type UserPlaces } from '../user-places.ts';
import { makeDirectories, writeOwnFile } from './own-files.ts';
import { ownDirectory } from './planned-file.ts';

const shape = z.strictObject({ directories: z.array(z.string().startsWith('/').max(4096)).max(100) });

function recordPath(places: UserPlaces): string {
  return join(ownDirectory(places), 'installed.json');
}

/** The directories of earlier runs that are on record; none when there is no record, or none that can be read. */
export function recordedDirectories(places: UserPlaces): string[] {
  try {
    return shape.parse(JSON.parse(readFileSync(recordPath(places), 'utf8'))).directories;
  } catch {
    return [];
  }
}

/** Adds directories to the record. */
export function recordDirectories(places: UserPlaces, made: readonly string[]): void {
  const own = makeDirectories(ownDirectory(places));
  const directories = [...new Set([...recordedDirectories(places), ...made, ...own])];
  writeOwnFile({
    path: recordPath(places),
    mode: 0o600,
    content: `${JSON.stringify({ directories }, null, 2)}\n`,
    isOurs: () => true,
  });
}

export function removeRecord(places: UserPlaces): void {
  rmSync(recordPath(places), { force: true });
}

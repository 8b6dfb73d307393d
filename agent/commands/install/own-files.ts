// Writing and removing single files without ever touching what somebody else has put there. Links are never followed.
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type PlannedFile } from './planned-file.ts';

/** What stands at a planned file's path. `same`: exactly what is planned; `ours`: an older one of ours. */
export type Standing = 'absent' | 'same' | 'ours' | 'foreign';

/** Nothing of ours comes near this. */
const largestFile = 65_536;

export function standingOf(file: PlannedFile): Standing {
  const status = lstatSync(file.path, { throwIfNoEntry: false });
  if (status === undefined) return 'absent';
  if (!status.isFile() || status.size > largestFile) return 'foreign';
  const text = readFileSync(file.path, 'utf8');
  if (text === file.content && (status.mode & 0o777) === file.mode) return 'same';
  return file.isOurs(text) || text === file.content ? 'ours' : 'foreign';
}

/** Writes in one step, replacing what stands there. @returns the directories that had to be made, outermost first */
export function writeOwnFile({ path, mode, content }: PlannedFile): string[] {
  const made = makeDirectories(dirname(path));
  const unfinished = `${path}.${process.pid}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, content, { mode, flag: 'wx' });
  chmodSync(unfinished, mode);
  renameSync(unfinished, path);
  return made;
}

export function removeOwnFile({ path }: PlannedFile): void {
  rmSync(path);
}

/** Removes these directories as far as they are empty, innermost first. @returns those that are gone */
export function removeEmptyDirectories(directories: readonly string[]): string[] {
  const deepestFirst = [...new Set(directories)].sort((a, b) => b.length - a.length);
  return deepestFirst.filter((directory) => {
    try {
      rmdirSync(directory);
      return true;
    } catch {
      return false;
    }
  });
}

/** Makes `directory` and what is missing above it, 0700. @returns those that were missing, outermost first */
export function makeDirectories(directory: string): string[] {
  const missing: string[] = [];
  for (let place = directory; lstatSync(place, { throwIfNoEntry: false }) === undefined; place = dirname(place)) {
    missing.unshift(place);
  }
  for (const place of missing) mkdirSync(place, { mode: 0o700 });
  return missing;
}

// The same question on Windows (trusted-file.ts), by owners and access lists: only the system and its administrators may be able to
// change the file, or to put another in its place. Links are refused, whoever made them: Windows' own folders have none.
import { administrators } from '../../shared/windows-administrators.ts';
import { type FileProblem } from './file-problem.ts';

/** Owner and those who may change something, as security identifiers. */
export interface FileAccess {
  readonly owner: string;
  readonly writers: readonly string[];
}

/** Looks at one file or folder. @throws with `code` ENOENT, ELOOP for a link, ... */
export type LookAtFile = (path: string) => FileAccess;

/** Answers what is wrong with the file at `path`; undefined when it may be used. `trusted`: who may own and change it. */
export function windowsFileProblem(
  path: string,
  look: LookAtFile,
  trusted: readonly string[] = administrators,
): FileProblem | undefined {
  if (!/^[A-Za-z]:\\[^/:*?"<>|]+$/.test(path)) return { reason: 'not-absolute', at: path };
  for (const place of placesOnTheWayTo(path)) {
    const access = lookAt(place, look);
    if ('reason' in access) return access;
    if (!trusted.includes(access.owner)) return { reason: 'not-owned-by-root', at: place };
    if (access.writers.some((writer) => !trusted.includes(writer))) return { reason: 'writable-by-others', at: place };
  }
  return undefined;
}

/** The drive's root, every folder, the file. */
function placesOnTheWayTo(path: string): string[] {
  const [drive = '', ...names] = path.split('\\').filter((name) => name !== '');
  return names.reduce<string[]>((places, name) => [...places, join(places.at(-1) ?? '', name)], [`${drive}\\`]);
}

function join(folder: string, name: string): string {
  return folder.endsWith('\\') ? `${folder}${name}` : `${folder}\\${name}`;
}

function lookAt(place: string, look: LookAtFile): FileAccess | FileProblem {
  try {
    return look(place);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { reason: code === 'ELOOP' ? 'too-many-links' : 'missing', at: place };
  }
}

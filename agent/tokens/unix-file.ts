// Whether a file is what its owners put there: nobody else can write to it, or put another one in its place. Modes and owners are
// looked at, access control lists are not. Linux.
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FileProblem } from './file-problem.ts';

/** Who may own the file and everything that leads to it. */
export interface UnixTrust {
  /** User ids. */
  owners: readonly number[];
  /** Whether the way may lead through a directory such as /tmp: everybody makes files there, and touches his own only (sticky). */
  sharedDirectories: boolean;
}

export const rootAlone: UnixTrust = { owners: [0], sharedDirectories: false };

const longestChain = 16;

/**
 * Follows `path` link by link as the loader will, and answers what is wrong with it: every directory and link on the way and the
 * file itself must be a trusted owner's and writable by nobody else. Undefined when the file may be used.
 */
export function unixFileProblem(path: string, { owners, sharedDirectories }: UnixTrust): FileProblem | undefined {
  if (!path.startsWith('/')) return { reason: 'not-absolute', at: path };
  let ahead = path.split('/').filter((name) => name !== '');
  let links = 0;
  let place = '/';
  for (;;) {
    const status = statusOf(place);
    if (status === undefined) return { reason: 'missing', at: place };
    if (!owners.includes(status.uid)) return { reason: 'not-owned-by-root', at: place };
    if (status.isSymbolicLink()) {
      links += 1;
      if (links > longestChain) return { reason: 'too-many-links', at: place };
      const target = readlinkSync(place);
      ahead = [...target.split('/').filter((name) => name !== ''), ...ahead];
      place = target.startsWith('/') ? '/' : dirname(place);
      continue;
    }
    const shared = sharedDirectories && status.isDirectory() && (status.mode & 0o1000) !== 0;
    if ((status.mode & 0o022) !== 0 && !shared) return { reason: 'writable-by-others', at: place };
    const [next, ...rest] = ahead;
    if (next === undefined) return status.isFile() ? undefined : { reason: 'not-a-file', at: place };
    if (!status.isDirectory()) return { reason: 'missing', at: join(place, next) };
    place = join(place, next);
    ahead = rest;
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

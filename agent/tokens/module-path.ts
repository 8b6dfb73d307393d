// Which PKCS#11 modules may be loaded: absolute paths at which nobody but root can put anything. A module sees the PIN, so a path
// that a user can write to would hand it out. Modes and owners are looked at, access control lists are not. Linux.
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

/** Where vendors and distributions put their modules, in order of preference: SafeNet Authentication Client, then OpenSC. */
export const knownModules: readonly string[] = [
  ...folders.slice(2).flatMap((folder) => [`${folder}/libeToken.so`, `${folder}/libeToken.so.10`]),
  ...folders.flatMap((folder) => [`${folder}/opensc-pkcs11.so`, `${folder}/pkcs11/opensc-pkcs11.so`]),
];

/** Why a module is not loaded; `at` is the file or directory that is to blame. */
export interface ModuleProblem {
  reason: 'not-absolute' | 'missing' | 'not-a-file' | 'not-owned-by-root' | 'writable-by-others' | 'too-many-links';
  at: string;
}

const longestChain = 16;

/**
 * Follows `path` link by link as the loader will, and answers what is wrong with it: every directory on the way and the file itself
 * must be root's and writable by nobody else. Undefined when the module may be loaded.
 */
export function moduleProblem(path: string): ModuleProblem | undefined {
  if (!path.startsWith('/')) return { reason: 'not-absolute', at: path };
  let ahead = path.split('/').filter((name) => name !== '');
  let links = 0;
  let place = '/';
  for (;;) {
    const status = statusOf(place);
    if (status === undefined) return { reason: 'missing', at: place };
    if (status.isSymbolicLink()) {
      links += 1;
      if (links > longestChain) return { reason: 'too-many-links', at: place };
      const target = readlinkSync(place);
      ahead = [...target.split('/').filter((name) => name !== ''), ...ahead];
      place = target.startsWith('/') ? '/' : dirname(place);
      continue;
    }
    if (status.uid !== 0) return { reason: 'not-owned-by-root', at: place };
    if ((status.mode & 0o022) !== 0) return { reason: 'writable-by-others', at: place };
    const [next, ...rest] = ahead;
    if (next === undefined) return status.isFile() ? undefined : { reason: 'not-a-file', at: place };
    if (!status.isDirectory()) return { reason: 'missing', at: join(place, next) };
    place = join(place, next);
    ahead = rest;
  }
}

/** The modules of the built-in list that are installed and may be loaded: at most one of each file, in order of preference. */
export function findModules(candidates: readonly string[] = knownModules): string[] {
  const seen = new Set<string>();
  return candidates.filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.so\b.*$/, '');
    if (seen.has(name) || moduleProblem(path) !== undefined) return false;
    seen.add(name);
    return true;
  });
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

// Which PKCS#11 modules may be loaded: absolute paths at which nobody but root can put anything. A module sees the PIN, so a path
// that a user can write to would hand it out.
import { fileProblem, type FileProblem } from './trusted-file.ts';

const linuxFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

const linuxModules: readonly string[] = [
  ...linuxFolders.slice(2).flatMap((folder) => [`${folder}/libeToken.so`, `${folder}/libeToken.so.10`]),
  ...linuxFolders.flatMap((folder) => [`${folder}/opensc-pkcs11.so`, `${folder}/pkcs11/opensc-pkcs11.so`]),
];

const windowsModules: readonly string[] = [
  'C:\\Windows\\System32\\eTPKCS11.dll',
  'C:\\Program Files\\OpenSC Project\\OpenSC\\pkcs11\\opensc-pkcs11.dll',
];

/** Where vendors and distributions put their modules, in order of preference: SafeNet Authentication Client, then OpenSC. */
export const knownModules = process.platform === 'win32' ? windowsModules : linuxModules;

/** Why a module is not loaded. */
export type ModuleProblem = FileProblem;

/** What is wrong with the module at `path`; undefined when it may be loaded. */
export function moduleProblem(path: string): ModuleProblem | undefined {
  return fileProblem(path, 'administrators');
}

/** The modules of the built-in list that are installed and may be loaded: at most one of each file, in order of preference. */
export function findModules(candidates: readonly string[] = knownModules): string[] {
  const seen = new Set<string>();
  return candidates.filter((path) => {
    const name = path
      .slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
      .replace(/\.(?:so|dll)\b.*$/, '');
    if (seen.has(name) || moduleProblem(path) !== undefined) return false;
    seen.add(name);
    return true;
  });
}

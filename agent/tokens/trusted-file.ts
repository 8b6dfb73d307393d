// Whether a file may be used that sees the PIN (a card driver, the PIN dialog) or decides whom the agent believes: nobody but those
// who are trusted can have put it there, or could put another one in its place.
import { administrators } from '../../shared/windows-administrators.ts';
import { fileAccess } from '../native/file-access.ts';
import { ownIdentity } from '../native/own-identity.ts';
import { readRegistry } from '../native/registry.ts';
import { type FileProblem } from './file-problem.ts';
import { rootAlone, unixFileProblem } from './unix-file.ts';
import { windowsFileProblem } from './windows-file.ts';

export { type FileProblem } from './file-problem.ts';

/** Whose file it may be: the machine's administrators', or, in development, this user's as well. */
export type Trust = 'administrators' | 'administrators-and-user';

/** A development build takes its policy from its user (policy-place.ts), and so it takes his programs too. */
export function trustOfThisBuild(): Trust {
  const development = typeof __DEVELOPMENT__ === 'undefined' || __DEVELOPMENT__;
  return development ? 'administrators-and-user' : 'administrators';
}

/** What is wrong with the file at `path`; undefined when it may be used. */
export function fileProblem(path: string, trust: Trust): FileProblem | undefined {
  if (process.platform === 'win32') return windowsFileProblem(path, fileAccess, trustedOnWindows(trust));
  if (trust === 'administrators') return unixFileProblem(path, rootAlone);
  return unixFileProblem(path, { owners: [0, process.getuid?.() ?? 0], sharedDirectories: true });
}

/** Wine makes owners and access lists up from Unix modes: whatever its user may not write to, looks like his own. */
function trustedOnWindows(trust: Trust): readonly string[] {
  const isWine = readRegistry('HKLM', 'SOFTWARE\\Wine') !== undefined;
  return trust === 'administrators' && !isWine ? administrators : [...administrators, ownIdentity().user];
}

// Which pinentry program is run: the one that policy names, else the first of a built-in list. The PIN is typed into it, so that
// it is held to what a card driver is held to: nobody but root can have put it there.
import { dirname, join } from 'node:path';
import { KortbroError } from '../../shared/errors.ts';
import { fileProblem, trustOfThisBuild, type Trust } from '../tokens/trusted-file.ts';

/** Where Debian and its kin put them; graphical ones first. A terminal program could not show itself to a browser's user. */
export const knownPrograms = [
  '/usr/bin/pinentry-gnome3',
  '/usr/bin/pinentry-gtk-2',
  '/usr/bin/pinentry-qt',
  '/usr/bin/pinentry-qt5',
  '/usr/bin/pinentry-fltk',
] as const;

/** Windows has none of its own: ours stands beside this program. */
function candidatesHere(): readonly string[] {
  return process.platform === 'win32' ? [join(dirname(process.execPath), 'kortbro-pin.exe')] : knownPrograms;
}

/** @throws KortbroError ERR_PIN_PROMPT when there is none, or others could change it */
export function findPinentry(configured: string | undefined, trust: Trust = trustOfThisBuild()): string {
  const candidates = configured === undefined ? candidatesHere() : [configured];
  const found = candidates.find((path) => fileProblem(path, trust) === undefined);
  if (found === undefined) throw new KortbroError('ERR_PIN_PROMPT');
  return found;
}

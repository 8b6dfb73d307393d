// Which pinentry program is run: the one that policy names, else the first of a built-in list whose directories only the
// machine's administrator can write to.
import { statSync } from 'node:fs';
import { KortbroError } from '../../shared/errors.ts';

/** Where Debian and its kin put them; graphical ones first. A terminal program could not show itself to a browser's user. */
export const knownPrograms = [
  '/usr/bin/pinentry-gnome3',
  '/usr/bin/pinentry-gtk-2',
  '/usr/bin/pinentry-qt',
  '/usr/bin/pinentry-qt5',
  '/usr/bin/pinentry-fltk',
] as const;

/** @throws KortbroError ERR_PIN_PROMPT when there is none */
export function findPinentry(configured: string | undefined): string {
  const candidates = configured === undefined ? knownPrograms : [configured];
  const found = candidates.find(isFile);
  if (found === undefined) throw new KortbroError('ERR_PIN_PROMPT');
  return found;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// Whether this machine can have the desk of this folder.
import { spawnSync } from 'node:child_process';
import { cardStackUnavailable } from '../../card/card-stack.ts';
import { wineUnavailable } from '../lane/wine.ts';
import { packagesMissing } from '../packages.ts';

/** Why there can be no desk here; undefined when there can. */
export function deskUnavailable(): string | undefined {
  if (spawnSync('x86_64-w64-mingw32-gcc-posix', ['--version']).status !== 0) return 'no cross compiler for Windows';
  return wineUnavailable() ?? cardStackUnavailable() ?? packagesMissing();
}

/** A `describe` for what needs the desk; says why it is not run where there is none. */
export function describeAtDesk(title: string, body: (this: Mocha.Suite) => void): void {
  const reason = deskUnavailable();
  if (reason === undefined) describe(title, body);
  else describe.skip(`${title} (not run: ${reason})`, body);
}

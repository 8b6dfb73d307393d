// How long a module host that ended stays down: the first restart is at once, later ones wait longer and longer, so that a
// driver that crashes at its start costs next to nothing. Pure.

const firstPause = 250;
const longestPause = 30_000;

/** Milliseconds that a child must have lived for its end to count as the first failure again. */
export const steadyAfter = 60_000;

/** Milliseconds before the next start; `failures` counts the ends since the last one that lived long, this one included. */
export function restartPause(failures: number): number {
  if (failures <= 1) return 0;
  return Math.min(firstPause * 2 ** (failures - 2), longestPause);
}

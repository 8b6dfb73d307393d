// Can the machine's policy be read? Without a file the defaults hold; with a broken one every request is refused.
import { ok, problem, type Finding } from '../finding.ts';
import { type Picture } from '../picture.ts';

export function checkPolicy({ policy: { path, outcome } }: Picture): Finding[] {
  if (outcome.ok) {
    return outcome.source !== 'defaults'
      ? [ok('policy', `${path} gäller.`, `${path} is in force.`)]
      : [ok('policy', `${path} finns inte; standardvärdena gäller.`, `There is no ${path}; the defaults hold.`)];
  }
  const { line, reason } = outcome;
  return [
    problem(
      'policy',
      {
        sv: `${path} rad ${line}: ${reason}. Alla förfrågningar nekas.`,
        en: `${path} line ${line}: ${reason}. Every request is refused.`,
      },
      {
        sv: `Rätta raden, eller ta bort filen så att standardvärdena gäller.`,
        en: `Mend the line, or remove the file for the defaults.`,
      },
    ),
  ];
}

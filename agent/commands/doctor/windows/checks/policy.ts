// Can the machine's policy be read? Group policy goes before the file, setting by setting; with a broken one every request is refused.
import { policyKey } from '../../../../policy/windows-policy.ts';
import { type Text } from '../../../text.ts';
import { ok, problem, type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';

const groupPolicy = `HKLM\\${policyKey}`;

export function checkPolicy({ policy: { outcome, file } }: WindowsPicture): Finding[] {
  if (!outcome.ok) return [refused(outcome)];
  switch (outcome.source) {
    case 'registry': {
      const [sv, en] = file === undefined ? ['', ''] : [`, före ${file}`, `, before ${file}`];
      return [ok('policy', `${groupPolicy} gäller${sv}.`, `${groupPolicy} is in force${en}.`)];
    }
    case 'file':
      return [ok('policy', `${file ?? ''} gäller.`, `${file ?? ''} is in force.`)];
    case 'defaults':
      return [
        ok(
          'policy',
          `Varken ${groupPolicy} eller någon fil anger något; standardvärdena gäller.`,
          `Neither ${groupPolicy} nor a file sets anything; the defaults hold.`,
        ),
      ];
  }
}

function refused({ path, line, reason }: { path: string; line: number; reason: string }): Finding {
  const inRegistry = path.startsWith('HKEY_');
  const where = inRegistry ? { sv: path, en: path } : { sv: `${path} rad ${line}`, en: `${path} line ${line}` };
  const whatToDo: Text = inRegistry
    ? {
        sv: 'Rätta eller ta bort värdet i grupprincipen, sedan: gpupdate /force',
        en: 'Mend or remove the value in group policy, then: gpupdate /force',
      }
    : {
        sv: 'Rätta filen, och se till att bara administratörer kan ändra den (icacls). Ska den inte användas: installera om med POLICYFILE=none',
        en: 'Mend the file, and see to it that only administrators can change it (icacls). If it is not to be used, install again with POLICYFILE=none',
      };
  return problem(
    'policy',
    {
      sv: `${where.sv}: ${reason}. Alla förfrågningar nekas.`,
      en: `${where.en}: ${reason}. Every request is refused.`,
    },
    whatToDo,
  );
}

// Is there a PKCS#11 module that may be loaded, and why may another one not?
import { type ModuleProblem } from '../../../tokens/module-path.ts';
import { type Text } from '../../text.ts';
import { type DriverStops } from '../driver-stops.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type Picture } from '../picture.ts';

const install: Text = {
  sv: 'Installera kortets drivrutin: OpenSC (apt install opensc) eller SafeNet Authentication Client.',
  en: 'Install the card driver: OpenSC (apt install opensc) or SafeNet Authentication Client.',
};

export function checkDrivers({ drivers: { fromPolicy, modules, simulators, stops } }: Picture): Finding[] {
  const usable = modules.filter((module) => module.problem === undefined);
  const findings: Finding[] = usable.map(({ path }) => ok('drivers', path, path));
  for (const path of simulators)
    findings.push(ok('drivers', `Simulerade kort i ${path}`, `Simulated cards in ${path}`));
  for (const module of modules) {
    if (module.problem === undefined) continue;
    const detail = reasonOf(module.path, module.problem);
    const whatToDo = mend(module.path, module.problem, fromPolicy);
    // One of several that is refused costs nothing but the cards that only it knows.
    findings.push(findings.length > 0 ? warning('drivers', detail, whatToDo) : problem('drivers', detail, whatToDo));
  }
  findings.push(...stopFindings(stops));
  if (findings.length > 0) return findings;
  return [problem('drivers', { sv: 'Ingen drivrutin för kort hittades.', en: 'No card driver was found.' }, install)];
}

/** Drivers that have ended by themselves. */
export function stopFindings(stops: readonly DriverStops[]): Finding[] {
  return stops.map(({ module, code, times }) =>
    warning(
      'drivers',
      {
        sv: `${module} har stannat av sig själv sedan Kortbro startade (${times} gånger, ${code}).`,
        en: `${module} has stopped by itself since Kortbro started (${times} times, ${code}).`,
      },
      {
        sv: 'Uppdatera drivrutinen. Stannar den varje gång: prova en annan, eller ange en i policyfilen ("tokens").',
        en: 'Update the driver. If it stops every time, try another, or name one in the policy file ("tokens").',
      },
    ),
  );
}

function reasonOf(path: string, { reason, at }: ModuleProblem): Text {
  const because: Text = {
    'not-absolute': { sv: 'sökvägen är inte fullständig', en: 'the path is not absolute' },
    missing: { sv: `${at} finns inte`, en: `${at} does not exist` },
    'not-a-file': { sv: `${at} är ingen fil`, en: `${at} is no file` },
    'not-owned-by-root': { sv: `${at} ägs inte av root`, en: `${at} does not belong to root` },
    'writable-by-others': { sv: `fler än root kan skriva i ${at}`, en: `others than root can write to ${at}` },
    'too-many-links': { sv: `för många länkar vid ${at}`, en: `too many links at ${at}` },
  }[reason];
  return { sv: `${path} används inte: ${because.sv}.`, en: `${path} is not used: ${because.en}.` };
}

function mend(path: string, { reason, at }: ModuleProblem, fromPolicy: boolean): Text {
  switch (reason) {
    case 'not-owned-by-root':
    case 'writable-by-others':
      return {
        sv: `Drivrutinen får se PIN-koden, så ingen annan än root får kunna ändra den: chown root ${at}; chmod go-w ${at}`,
        en: `The driver sees the PIN, so nobody but root may be able to change it: chown root ${at}; chmod go-w ${at}`,
      };
    case 'missing':
      return fromPolicy
        ? {
            sv: `Installera drivrutinen, eller rätta "tokens" i policyfilen.`,
            en: `Install the driver, or mend "tokens" in the policy file.`,
          }
        : install;
    default:
      return { sv: `Rätta sökvägen ${path} i policyfilen.`, en: `Mend the path ${path} in the policy file.` };
  }
}

// What drives the cards on Windows: PKCS#11 modules, and CNG with the minidrivers that are registered.
import { type Text } from '../../../text.ts';
import { stopFindings } from '../../checks/drivers.ts';
import { ok, problem, warning, type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';
import { closeToOthers, reasonOf } from './file-problem.ts';

const install: Text = {
  sv: 'Installera kortets drivrutin: SafeNet Authentication Client (eller dess minidrivrutin), eller OpenSC.',
  en: 'Install the card driver: SafeNet Authentication Client (or its minidriver), or OpenSC.',
};

export function checkDrivers({ drivers, cng }: WindowsPicture): Finding[] {
  const { fromPolicy, modules, simulators, stops } = drivers;
  const findings: Finding[] = [
    ...modules.flatMap(({ path, problem: refused }) => (refused === undefined ? [ok('drivers', path, path)] : [])),
    ...simulators.map((path) => ok('drivers', `Simulerade kort i ${path}`, `Simulated cards in ${path}`)),
  ];
  const complain = (detail: Text, whatToDo: Text) => {
    // One of several that is refused costs nothing but the cards that only it knows.
    findings.push(findings.length > 0 ? warning('drivers', detail, whatToDo) : problem('drivers', detail, whatToDo));
  };
  if (cng.used && cng.provider === 'there') findings.push(cngFinding(cng.minidrivers, findings.length > 0));
  for (const { path, problem: refused } of modules) {
    if (refused === undefined) continue;
    const correct: Text = {
      sv: `Installera drivrutinen, eller rätta ${path} i policyn ("tokens").`,
      en: `Install the driver, or mend ${path} in the policy ("tokens").`,
    };
    complain(reasonOf(path, refused), closeToOthers(refused) ?? (fromPolicy ? correct : install));
  }
  if (cng.used && cng.provider === 'missing') {
    complain(
      {
        sv: 'CNG används inte: Windows leverantör för smartkort går inte att öppna.',
        en: "CNG is not used: Windows' smart-card provider cannot be opened.",
      },
      {
        sv: 'Kontrollera att Microsoft Smart Card Key Storage Provider finns i listan: certutil -csplist',
        en: 'Check that Microsoft Smart Card Key Storage Provider is on the list: certutil -csplist',
      },
    );
  }
  findings.push(...stopFindings(stops));
  if (findings.length > 0) return findings;
  return [problem('drivers', { sv: 'Ingen drivrutin för kort hittades.', en: 'No card driver was found.' }, install)];
}

/** Windows drives some cards by itself; a SITHS card needs its vendor's minidriver, or a PKCS#11 module. */
function cngFinding(minidrivers: readonly string[], hasOthers: boolean): Finding {
  const names = minidrivers.join(', ');
  if (names !== '') return ok('drivers', `CNG, minidrivrutiner: ${names}`, `CNG, minidrivers: ${names}`);
  const detail = {
    sv: 'CNG, bara med Windows egna minidrivrutiner',
    en: "CNG, with Windows' own minidrivers only",
  };
  return hasOthers ? ok('drivers', detail.sv, detail.en) : warning('drivers', detail, install);
}

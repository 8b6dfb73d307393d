// Is everything there that the programs need, and is doctor looking at the right user?
import { type Picture } from '../picture.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';

/** The oldest Node that Kortbro runs on; package.json says the same. */
const oldestNode = [20, 19] as const;

export function checkInstallation({ missingParts }: Picture): Finding[] {
  if (missingParts.length === 0) return [ok('installation', 'Alla delar finns.', 'Every part is there.')];
  const names = missingParts.join(', ');
  return [
    problem(
      'installation',
      { sv: `Delar saknas: ${names}`, en: `Parts are missing: ${names}` },
      {
        sv: 'Installera om Kortbro (från källkod: npm run build).',
        en: 'Install Kortbro again (from source: npm run build).',
      },
    ),
  ];
}

export function checkNode({ nodeVersion }: Picture): Finding[] {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]))
    return [ok('node', nodeVersion, nodeVersion)];
  const wanted = oldestNode.join('.');
  return [
    problem(
      'node',
      { sv: `${nodeVersion} är för gammal.`, en: `${nodeVersion} is too old.` },
      { sv: `Installera Node.js ${wanted} eller nyare.`, en: `Install Node.js ${wanted} or newer.` },
    ),
  ];
}

/** sudo looks into root's session and root's home, where nothing of the user's is. */
export function checkUser({ environment }: Picture): Finding[] {
  const user = environment['SUDO_USER'];
  if (user === undefined) return [];
  return [
    warning(
      'user',
      {
        sv: `Körs med sudo av ${user}: fel användare undersöks.`,
        en: `Run with sudo by ${user}: the wrong user is examined.`,
      },
      { sv: 'Kör kortbro doctor utan sudo.', en: 'Run kortbro doctor without sudo.' },
    ),
  ];
}

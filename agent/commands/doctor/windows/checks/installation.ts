// Is the installation whole and of one version, and is doctor looking at the right user?
import { productVersion } from '../../../../../shared/names.ts';
import { type Text } from '../../../text.ts';
import { ok, problem, warning, type Finding } from '../../finding.ts';
import { type WindowsPicture } from '../picture.ts';

/** The MSI of this version, run over itself. */
const mend = `msiexec /fomus kortbro-${productVersion}.msi /qn`;

export const installAgain: Text = {
  sv: `Installera om Kortbro som administratör: ${mend}`,
  en: `Install Kortbro again as administrator: ${mend}`,
};

export function checkInstallation({ installation, identity }: WindowsPicture): Finding[] {
  const { folder, missing, version } = installation;
  if (missing.length > 0) {
    const names = missing.join(', ');
    return [
      problem(
        'installation',
        { sv: `Delar saknas i ${folder}: ${names}`, en: `Parts are missing in ${folder}: ${names}` },
        installAgain,
      ),
    ];
  }
  if (identity === undefined) {
    return [
      problem(
        'installation',
        { sv: `kortbro.node i ${folder} kan inte laddas.`, en: `kortbro.node in ${folder} cannot be loaded.` },
        {
          sv: `Kontrollera att programkontrollen släpper fram den (AppLocker, WDAC). Annars: ${mend}`,
          en: `Check that application control lets it through (AppLocker, WDAC). Otherwise: ${mend}`,
        },
      ),
    ];
  }
  if (version === undefined) {
    return [
      warning(
        'installation',
        {
          sv: 'HKLM\\SOFTWARE\\Kortbro har ingen version: programmen är inte installerade med MSI-paketet.',
          en: 'HKLM\\SOFTWARE\\Kortbro has no version: the programs were not installed by the MSI.',
        },
        installAgain,
      ),
    ];
  }
  if (version !== productVersion) {
    return [
      warning(
        'installation',
        {
          sv: `Version ${version} är installerad, men programmen i ${folder} är ${productVersion}.`,
          en: `Version ${version} is installed, but the programs in ${folder} are ${productVersion}.`,
        },
        {
          sv: `Starta om datorn, om installationen slutade med 3010. Annars: installera om version ${version}.`,
          en: `Restart the computer if the installation ended with 3010. Otherwise install version ${version} again.`,
        },
      ),
    ];
  }
  return [ok('installation', `Alla delar finns, version ${version}.`, `Every part is there, version ${version}.`)];
}

/** Management systems run programs as SYSTEM in session 0, where nothing of a user's is: no reader, no browser, no agent. */
export function checkUser({ identity }: WindowsPicture): Finding[] {
  if (identity === undefined || (identity.session !== 0 && identity.user !== 'S-1-5-18')) return [];
  return [
    warning(
      'user',
      {
        sv: 'Körs som en tjänst (session 0): fel användare och fel session undersöks.',
        en: 'Run as a service (session 0): the wrong user and the wrong session are examined.',
      },
      {
        sv: 'Kör kortbro doctor som den användare som har problemet, i hans session.',
        en: 'Run kortbro doctor as the user who has the problem, in his session.',
      },
    ),
  ];
}

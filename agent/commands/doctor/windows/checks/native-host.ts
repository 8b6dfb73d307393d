// Which program does each browser start for Kortbro? The first entry in its own order holds, even one that leads nowhere: an entry that
// an earlier installation has left in the user's part of the registry shadows the machine's.
import { nativeHostName } from '../../../../../shared/names.ts';
import { type RegistryPlace } from '../../../windows-browsers.ts';
import { type Text } from '../../../text.ts';
import { extensionFinding, policyFindings } from '../../checks/browser-policy.ts';
import { browsersFinding, manifestDefect } from '../../checks/native-host.ts';
import { ok, problem, warning, type Finding } from '../../finding.ts';
import { type HostSight, type WindowsBrowserSight, type WindowsPicture } from '../picture.ts';
import { installAgain } from './installation.ts';

/** Browsers that are installed, or have been used by this user. */
function servedBrowsers({ browsers }: WindowsPicture): WindowsBrowserSight[] {
  return browsers.filter(({ installed, used }) => installed || used);
}

export function checkBrowsers(picture: WindowsPicture): Finding[] {
  return [browsersFinding(servedBrowsers(picture).map(({ browser }) => browser.name))];
}

export function checkBrowserPolicies(picture: WindowsPicture): Finding[] {
  return servedBrowsers(picture).flatMap(({ browser: { name, policyKey }, policies: { policy, unreadable } }) => [
    ...unreadable.map((key) =>
      warning(
        'browser-policy',
        { sv: `${name}: ${key} kan inte läsas.`, en: `${name}: ${key} cannot be read.` },
        {
          sv: 'Kontrollera behörigheterna på nyckeln; chrome://policy visar vad webbläsaren läser.',
          en: 'Check the permissions of the key; chrome://policy shows what the browser reads.',
        },
      ),
    ),
    ...policyFindings(name, `HKLM\\${policyKey}`, { policy, unreadable: [] }),
  ]);
}

export function checkExtensions(picture: WindowsPicture): Finding[] {
  return servedBrowsers(picture).map(({ browser: { name }, extension }) => extensionFinding(name, extension));
}

export function checkNativeHosts(picture: WindowsPicture): Finding[] {
  return servedBrowsers(picture).flatMap((sight) => hostFindings(sight, picture.installation.folder));
}

function hostFindings({ browser: { name }, hosts, policies }: WindowsBrowserSight, folder: string): Finding[] {
  const readsUser = policies.policy.NativeMessagingUserLevelHosts;
  const seen = hosts.filter(({ place }) => readsUser || place.root !== 'HKCU');
  const first = seen.findIndex(({ ours }) => ours);
  const shadowing = seen.slice(0, Math.max(first, 0)).map((host) => shadowFinding(name, host));
  const own = seen[first];
  if (own !== undefined) {
    const defect = defectOf(own);
    const place = placeName(own.place);
    if (defect === undefined) {
      return shadowing.length > 0 ? shadowing : [ok('native-host', `${name}: ${place}`, `${name}: ${place}`)];
    }
    return [...shadowing, problem('native-host', about(name, own, defect), installAgain)];
  }
  const [other] = seen;
  const onlyUsers = !readsUser && hosts.some(({ ours }) => ours);
  const detail: Text = onlyUsers
    ? {
        sv: `${name}: policyn NativeMessagingUserLevelHosts är 0, så användarens post används inte.`,
        en: `${name}: the policy NativeMessagingUserLevelHosts is 0, so the user's entry is not used.`,
      }
    : {
        sv: `${name}: ingen post leder till ${folder}${other === undefined ? '' : `, men ${placeName(other.place)} till ${other.manifest.path}`}.`,
        en: `${name}: no entry leads to ${folder}${other === undefined ? '' : `, but ${placeName(other.place)} to ${other.manifest.path}`}.`,
      };
  return [problem('native-host', detail, installAgain)];
}

/** An entry that is looked at before ours and is not ours. */
function shadowFinding(name: string, host: HostSight): Finding {
  const defect = defectOf(host) ?? {
    sv: 'hör till en annan installation.',
    en: 'belongs to another installation.',
  };
  const { sv, en } = about(name, host, defect);
  const detail = { sv: `${sv} Posten döljer den här installationens.`, en: `${en} It hides this installation's own.` };
  const { root, view, key } = host.place;
  const line = `reg delete "${root}\\${key}" /f /reg:${view}`;
  if (root === 'HKLM') {
    return problem('native-host', detail, {
      sv: `Starta om webbläsaren efteråt. Som administratör: ${line}`,
      en: `Restart the browser afterwards. As administrator: ${line}`,
    });
  }
  const whatToDo = {
    sv: `Starta om webbläsaren efteråt. kortbro doctor --repair tar bort posten, eller: ${line}`,
    en: `Restart the browser afterwards. kortbro doctor --repair removes the entry, or: ${line}`,
  };
  return { check: 'native-host', state: 'problem', detail, whatToDo, repair: { view, key } };
}

function about(name: string, { place, manifest }: HostSight, { sv, en }: Text): Text {
  const where = `${name}: ${placeName(place)}`;
  return { sv: `${where}: ${manifest.path} ${sv}`, en: `${where}: ${manifest.path} ${en}` };
}

function defectOf({ exists, manifest }: HostSight): Text | undefined {
  return exists ? manifestDefect(manifest, true) : { sv: 'finns inte.', en: 'does not exist.' };
}

/** The host's name is the same everywhere, and stands in every line that is to be copied. */
function placeName({ root, key, view }: RegistryPlace): string {
  return `${root}\\${key.slice(0, -nativeHostName.length - 1)}${view === 32 ? ' (32 bit)' : ''}`;
}

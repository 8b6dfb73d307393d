// Does each browser find the program that speaks for Kortbro, and will it let our extension start it?
import { extensionId, nativeHostName } from '../../../../shared/names.ts';
import { extensionOrigin, parseHostManifest } from '../../install/host-manifest.ts';
import { type Text } from '../../text.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { managedPolicy } from '../managed-policy.ts';
import { type BrowserSight, type ManifestSight, type Picture } from '../picture.ts';

const connect: Text = {
  sv: 'Kör kortbro install --user, eller installera paketet, och starta om webbläsaren.',
  en: 'Run kortbro install --user, or install the package, and restart the browser.',
};
const reinstall: Text = { sv: 'Installera om paketet.', en: 'Install the package again.' };

/** Browsers that are installed, or have been used by this user. */
export function servedBrowsers({ browsers }: Picture): BrowserSight[] {
  return browsers.filter(({ installed, used }) => installed || used);
}

export function checkBrowsers(picture: Picture): Finding[] {
  const served = servedBrowsers(picture);
  const findings: Finding[] = picture.browsers
    .filter(({ sandboxed }) => sandboxed)
    .map(({ browser: { name } }) =>
      warning(
        'browsers',
        {
          sv: `${name} finns som snap eller flatpak, som inte kan starta Kortbro.`,
          en: `${name} is there as a snap or flatpak, which cannot start Kortbro.`,
        },
        { sv: `Använd ${name} som vanligt paket (deb, rpm).`, en: `Use ${name} as an ordinary package (deb, rpm).` },
      ),
    );
  return [browsersFinding(served.map(({ browser }) => browser.name)), ...findings];
}

/** @param served the names of the browsers that are there */
export function browsersFinding(served: readonly string[]): Finding {
  const names = served.join(', ');
  if (served.length > 0) return ok('browsers', names, names);
  return problem(
    'browsers',
    { sv: 'Varken Chromium, Chrome eller Edge hittades.', en: 'Neither Chromium, Chrome nor Edge was found.' },
    { sv: 'Installera en av dem.', en: 'Install one of them.' },
  );
}

export function checkNativeHosts(picture: Picture): Finding[] {
  return servedBrowsers(picture).map((sight) => {
    const { name } = sight.browser;
    const about = ({ sv, en }: Text): Text => ({ sv: `${name}: ${sv}`, en: `${name}: ${en}` });
    const { userManifest: user, systemManifest: system } = sight;
    const readsUser = managedPolicy(sight.policies).policy.NativeMessagingUserLevelHosts;
    const effective = readsUser ? (user ?? system) : system;
    if (effective === undefined) {
      if (user === undefined)
        return problem(
          'native-host',
          about({ sv: 'inte ansluten till Kortbro.', en: 'not connected to Kortbro.' }),
          connect,
        );
      return problem(
        'native-host',
        about({
          sv: `policyn NativeMessagingUserLevelHosts är false, så ${user.path} används inte.`,
          en: `the policy NativeMessagingUserLevelHosts is false, so ${user.path} is not used.`,
        }),
        {
          sv: 'Installera paketet, som ansluter hela datorn.',
          en: 'Install the package, which connects the whole computer.',
        },
      );
    }
    const isUsers = effective === user;
    const defect = manifestDefect(effective);
    if (defect !== undefined) {
      const detail = { sv: `${effective.path}: ${defect.sv}`, en: `${effective.path}: ${defect.en}` };
      return problem(
        'native-host',
        about(isUsers && system !== undefined ? hidden(detail) : detail),
        isUsers ? mendUsers(system) : reinstall,
      );
    }
    const manifest = parseHostManifest(effective.text ?? '');
    if (isUsers && system !== undefined && parseHostManifest(system.text ?? '')?.path !== manifest?.path) {
      return warning(
        'native-host',
        about({
          sv: `${effective.path} döljer datorns ${system.path}.`,
          en: `${effective.path} hides the machine's ${system.path}.`,
        }),
        {
          sv: 'Efter en uppgradering av paketet kan det vara en gammal version: kortbro uninstall --user tar bort användarens.',
          en: "After an upgrade of the package it may be an old version: kortbro uninstall --user removes the user's.",
        },
      );
    }
    return ok('native-host', `${name}: ${effective.path}`, `${name}: ${effective.path}`);
  });
}

function hidden({ sv, en }: Text): Text {
  return { sv: `${sv} Den döljer datorns egen.`, en: `${en} It hides the machine's own.` };
}

function mendUsers(system: ManifestSight | undefined): Text {
  if (system === undefined) {
    return {
      sv: 'Kör kortbro install --user --force och starta om webbläsaren.',
      en: 'Run kortbro install --user --force and restart the browser.',
    };
  }
  return {
    sv: 'Ta bort filen, så att datorns egen gäller, och starta om webbläsaren.',
    en: "Remove the file, so that the machine's own holds, and restart the browser.",
  };
}

/** Why a browser would not start Kortbro by this manifest; undefined when it would. On Windows a path may be relative. */
export function manifestDefect(
  { text, program, missingTargets }: ManifestSight,
  mayBeRelative = false,
): Text | undefined {
  if (text === undefined) return { sv: 'kan inte läsas.', en: 'cannot be read.' };
  const manifest = parseHostManifest(text);
  if (manifest === undefined) return { sv: 'är inget giltigt manifest.', en: 'is no valid manifest.' };
  const { name, path, type, allowed_origins: origins } = manifest;
  if (name !== nativeHostName)
    return { sv: `heter ${name} och inte ${nativeHostName}.`, en: `is named ${name} and not ${nativeHostName}.` };
  if (type !== 'stdio') return { sv: `har typen ${type} och inte stdio.`, en: `has the type ${type} and not stdio.` };
  if (!origins.includes(extensionOrigin)) {
    return { sv: `släpper inte in tillägget ${extensionId}.`, en: `does not let the extension ${extensionId} in.` };
  }
  if (!mayBeRelative && !path.startsWith('/'))
    return { sv: `sökvägen ${path} är inte fullständig.`, en: `the path ${path} is not absolute.` };
  if (program === 'missing') return { sv: `${path} finns inte.`, en: `${path} does not exist.` };
  if (program === 'not-executable') return { sv: `${path} kan inte köras.`, en: `${path} cannot be executed.` };
  const [missing] = missingTargets;
  if (missing !== undefined)
    return {
      sv: `${path} startar ${missing}, som inte finns.`,
      en: `${path} starts ${missing}, which does not exist.`,
    };
  return undefined;
}

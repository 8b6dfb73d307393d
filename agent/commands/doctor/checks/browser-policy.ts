// Does the browser's own policy stand in the way, and is the extension there?
import { extensionId, nativeHostName } from '../../../../shared/names.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { extensionObstacle, isHostBlocked, managedPolicy, type ManagedPolicy } from '../managed-policy.ts';
import { type BrowserSight, type Picture } from '../picture.ts';
import { servedBrowsers } from './native-host.ts';

export function checkBrowserPolicies(picture: Picture): Finding[] {
  return servedBrowsers(picture).flatMap(({ browser: { name, managedPolicies }, policies }) =>
    policyFindings(name, managedPolicies, managedPolicy(policies)),
  );
}

/** @param managedPolicies where this browser's policies stand */
export function policyFindings(
  name: string,
  managedPolicies: string,
  { policy, unreadable }: { policy: ManagedPolicy; unreadable: readonly string[] },
): Finding[] {
  const findings: Finding[] = unreadable.map((path) =>
    warning(
      'browser-policy',
      {
        sv: `${name}: ${path} kan inte läsas, så webbläsaren går förbi den.`,
        en: `${name}: ${path} cannot be read, so the browser passes over it.`,
      },
      {
        sv: 'Rätta filen: den ska vara ett JSON-objekt som alla kan läsa.',
        en: 'Mend the file: it must be a JSON object that everybody can read.',
      },
    ),
  );
  if (isHostBlocked(policy)) {
    findings.push(
      problem(
        'browser-policy',
        {
          sv: `${name}: NativeMessagingBlocklist stoppar ${nativeHostName}.`,
          en: `${name}: NativeMessagingBlocklist stops ${nativeHostName}.`,
        },
        {
          sv: `Lägg till ${nativeHostName} i NativeMessagingAllowlist (${managedPolicies}).`,
          en: `Add ${nativeHostName} to NativeMessagingAllowlist (${managedPolicies}).`,
        },
      ),
    );
  }
  const obstacle = extensionObstacle(policy);
  if (obstacle !== undefined) {
    findings.push(
      problem(
        'browser-policy',
        { sv: `${name}: ${obstacle} stoppar tillägget.`, en: `${name}: ${obstacle} stops the extension.` },
        {
          sv: `Tillåt tillägget ${extensionId} och behörigheten nativeMessaging (${managedPolicies}).`,
          en: `Allow the extension ${extensionId} and the permission nativeMessaging (${managedPolicies}).`,
        },
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('browser-policy', `${name}: inget hinder.`, `${name}: nothing in the way.`)];
}

export function checkExtensions(picture: Picture): Finding[] {
  return servedBrowsers(picture).map(({ browser: { name }, extension }) => extensionFinding(name, extension));
}

export function extensionFinding(name: string, extension: BrowserSight['extension']): Finding {
  switch (extension) {
    case 'installed':
      return ok('extension', `${name}: ${extensionId} är installerat.`, `${name}: ${extensionId} is installed.`);
    case 'disabled':
      return problem(
        'extension',
        { sv: `${name}: ${extensionId} är avstängt.`, en: `${name}: ${extensionId} is switched off.` },
        { sv: 'Slå på Kortbro bland webbläsarens tillägg.', en: "Switch Kortbro on among the browser's extensions." },
      );
    case 'unknown':
      return ok('extension', `${name}: ingen profil ännu.`, `${name}: no profile yet.`);
    case 'absent':
      return warning(
        'extension',
        {
          sv: `${name}: ${extensionId} syns inte i någon profil.`,
          en: `${name}: ${extensionId} is not seen in any profile.`,
        },
        {
          sv: 'Installera tillägget Kortbro i webbläsaren, eller lägg det i ExtensionInstallForcelist.',
          en: 'Install the extension Kortbro in the browser, or put it on ExtensionInstallForcelist.',
        },
      );
  }
}

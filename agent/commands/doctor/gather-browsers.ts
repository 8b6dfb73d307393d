// Looks at browsers: manifests, managed policies, profiles; and at the autostart entries. Reads only, and bounded.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extensionId } from '../../../shared/names.ts';
import { browsers, systemManifestPath, userManifestPath } from '../browsers.ts';
import { autostartFileName, readAutostartEntry } from '../install/autostart-entry.ts';
import { parseHostManifest } from '../install/host-manifest.ts';
import { launcherTargets } from '../install/launcher.ts';
import { type UserPlaces } from '../user-places.ts';
import { namesIn, readText } from './files.ts';
import { type AutostartSight, type BrowserSight, type ManifestSight } from './picture.ts';
import { extensionInPreferences } from './profile-extension.ts';

/** A profile's preferences are up to some megabytes. */
const largestPreferences = 30_000_000;
const mostProfiles = 20;

export function gatherBrowsers(places: UserPlaces, root: string): BrowserSight[] {
  return browsers.map((browser) => {
    const profiles = join(places.configHome, browser.configDirectory);
    return {
      browser,
      installed: browser.programs.some((program) => existsSync(root + program)),
      used: existsSync(profiles),
      sandboxed: browser.sandboxed.some((path) => existsSync(root + path)),
      userManifest: manifestSight(userManifestPath(browser, places.configHome)),
      systemManifest: manifestSight(root + systemManifestPath(browser)),
      policies: policies(root + browser.managedPolicies),
      extension: extensionOf(profiles),
    };
  });
}

/** Desktop Application Autostart Specification 0.5: $XDG_CONFIG_HOME first, then each of $XDG_CONFIG_DIRS. */
export function gatherAutostart(
  places: UserPlaces,
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): AutostartSight[] {
  const machine = (environment['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':').filter((path) => path.startsWith('/'));
  const directories = [places.configHome, ...machine.map((directory) => root + directory)];
  return directories.flatMap((directory) => {
    const path = join(directory, 'autostart', autostartFileName);
    const text = readText(path);
    if (text === undefined) return [];
    const { enabled, targets } = readAutostartEntry(text);
    return [{ path, enabled, missingTargets: targets.filter((target) => !existsSync(target)) }];
  });
}

function manifestSight(path: string): ManifestSight | undefined {
  if (!existsSync(path)) return undefined;
  const text = readText(path);
  const program = text === undefined ? undefined : parseHostManifest(text)?.path;
  if (program === undefined || !program.startsWith('/')) return { path, text, program: undefined, missingTargets: [] };
  return {
    path,
    text,
    program: programSight(program),
    missingTargets: launcherTargets(readText(program) ?? '').filter((target) => !existsSync(target)),
  };
}

function programSight(path: string): ManifestSight['program'] {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 'missing';
  try {
    accessSync(path, constants.X_OK);
    return 'executable';
  } catch {
    return 'not-executable';
  }
}

function policies(directory: string): BrowserSight['policies'] {
  return namesIn(directory)
    .filter((name) => !name.startsWith('.'))
    .map((name) => ({ path: join(directory, name), text: readText(join(directory, name)) }));
}

/** What there is of the extension in the profiles below a directory. */
export function extensionOf(profiles: string): BrowserSight['extension'] {
  const directories = namesIn(profiles)
    .map((name) => join(profiles, name))
    .filter((directory) => existsSync(join(directory, 'Preferences')))
    .slice(0, mostProfiles);
  if (directories.length === 0) return 'unknown';
  const sights = directories.map((directory) => extensionInProfile(directory));
  return sights.find((sight) => sight === 'installed') ?? sights.find((sight) => sight !== undefined) ?? 'absent';
}

function extensionInProfile(directory: string): 'installed' | 'disabled' | undefined {
  for (const name of ['Secure Preferences', 'Preferences']) {
    const found = extensionInPreferences(readText(join(directory, name), largestPreferences) ?? '');
    if (found !== undefined) return found;
  }
  return existsSync(join(directory, 'Extensions', extensionId)) ? 'installed' : undefined;
}

// The files that make Kortbro known to a user's browsers and desktop: what each holds, and how one of ours is told from a foreign one.
// Pure. Machine-wide packages write the same manifest at other places.
import { join } from 'node:path';
import { nativeHostName } from '../../../shared/names.ts';
import { userManifestPath, type Browser } from '../browsers.ts';
import { type Programs } from '../programs.ts';
import { type UserPlaces } from '../user-places.ts';
import { autostartEntry, autostartFileName, isOurAutostartEntry } from './autostart-entry.ts';
import { hostManifest, parseHostManifest } from './host-manifest.ts';
import { isOurLauncher, launcher } from './launcher.ts';

/** One file. */
export interface PlannedFile {
  path: string;
  mode: number;
  content: string;
  /** Whether what stands there was put there by `install --user`. */
  isOurs: (text: string) => boolean;
}

/** Kortbro's own directory of this user. */
export function ownDirectory(places: UserPlaces): string {
  return join(places.dataHome, 'kortbro');
}

/** The launcher that the manifests of this user name. */
function launcherPath(places: UserPlaces): string {
  return join(ownDirectory(places), 'kortbro-native-host');
}

/** Every file for these browsers. The launcher comes first: a manifest must never name a program that is not there. */
export function plannedFiles(places: UserPlaces, programs: Programs, browsers: readonly Browser[]): PlannedFile[] {
  const host = launcherPath(places);
  const isOurManifest = (text: string) => {
    const manifest = parseHostManifest(text);
    return manifest?.name === nativeHostName && manifest.path === host;
  };
  return [
    { path: host, mode: 0o700, content: launcher(programs.node, programs.nativeHost), isOurs: isOurLauncher },
    ...browsers.map((browser) => ({
      path: userManifestPath(browser, places.configHome),
      mode: 0o600,
      content: hostManifest(host),
      isOurs: isOurManifest,
    })),
    {
      path: join(places.configHome, 'autostart', autostartFileName),
      mode: 0o600,
      content: autostartEntry(programs.node, programs.agent),
      isOurs: isOurAutostartEntry,
    },
  ];
}

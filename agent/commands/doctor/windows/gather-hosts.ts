// Kortbro's native-messaging entries in the registry, and what each leads to. Reads only.
import { win32 } from 'node:path';
import { parseHostManifest } from '../../install/host-manifest.ts';
import { hostPlaces, type RegistryPlace, type WindowsBrowser } from '../../windows-browsers.ts';
import { type ManifestSight } from '../picture.ts';
import { type HostSight } from './picture.ts';
import { textOf, type ReadKey } from './registry-values.ts';

/** The disk, as far as a manifest leads; tests play it. */
export interface Disk {
  /** The text of a file; undefined when it cannot be read. */
  text: (path: string) => string | undefined;
  isFile: (path: string) => boolean;
}

/** @param ownManifest the path of the manifest of this installation */
export function gatherHosts(browser: WindowsBrowser, ownManifest: string, readKey: ReadKey, disk: Disk): HostSight[] {
  const found = hostPlaces(browser).flatMap((place) => {
    const path = valueAt(place, readKey);
    return path === undefined ? [] : [hostSight(place, path, ownManifest, disk)];
  });
  return found.filter((sight, index) => !found.slice(0, index).some((earlier) => isSameKey(earlier, sight)));
}

/** A user's part of the registry has one view only in most places, which is then seen twice. */
function isSameKey(one: HostSight, other: HostSight): boolean {
  const isOneKey = one.place.root === 'HKCU' && other.place.root === 'HKCU' && one.place.key === other.place.key;
  return isOneKey && one.manifest.path === other.manifest.path;
}

/** The default value; a key without one is passed over, as browsers do. */
function valueAt({ root, key, view }: RegistryPlace, readKey: ReadKey): string | undefined {
  try {
    return textOf(readKey(root, key, view)?.values['']);
  } catch {
    return undefined;
  }
}

function hostSight(place: RegistryPlace, path: string, ownManifest: string, disk: Disk): HostSight {
  const ours = win32.normalize(path).toLowerCase() === win32.normalize(ownManifest).toLowerCase();
  return { place, ours, exists: disk.isFile(path), manifest: manifestSight(path, disk) };
}

/** A program's path may be relative to the manifest. */
function manifestSight(path: string, disk: Disk): ManifestSight {
  const text = disk.text(path);
  const named = text === undefined ? undefined : parseHostManifest(text)?.path;
  if (named === undefined) return { path, text, program: undefined, missingTargets: [] };
  const program = disk.isFile(win32.resolve(win32.dirname(path), named)) ? 'executable' : 'missing';
  return { path, text, program, missingTargets: [] };
}

// Looks at the browsers of this user on Windows: whether they are there, Kortbro's entries, policies, the extension. Reads only.
import { existsSync, statSync } from 'node:fs';
import { win32 } from 'node:path';
import { keyTree } from '../../../policy/windows-places.ts';
import { windowsBrowsers, type WindowsBrowser } from '../../windows-browsers.ts';
import { readText } from '../files.ts';
import { extensionOf } from '../gather-browsers.ts';
import { policyOf } from '../managed-policy.ts';
import { gatherHosts, type Disk } from './gather-hosts.ts';
import { type WindowsBrowserSight } from './picture.ts';
import { policyValues, type ReadKey } from './registry-values.ts';

/** Levels of keys below a browser's policies: dictionaries of dictionaries. */
const deepestPolicy = 8;

const disk: Disk = {
  text: readText,
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
};

/** @param programs the folder of this installation */
export function gatherWindowsBrowsers(
  environment: Readonly<Record<string, string | undefined>>,
  programs: string,
  readKey: ReadKey,
): WindowsBrowserSight[] {
  const profile = environment['LOCALAPPDATA'];
  const places = [profile, environment['ProgramFiles'], environment['ProgramFiles(x86)']];
  return windowsBrowsers.map((browser) => {
    const profiles = profile === undefined ? '' : win32.join(profile, browser.folder, 'User Data');
    return {
      browser,
      installed: places.some((place) => existsSync(win32.join(place ?? '', browser.folder, browser.program))),
      used: profiles !== '' && existsSync(profiles),
      hosts: gatherHosts(browser, win32.join(programs, 'native-host.json'), readKey, disk),
      policies: gatherPolicies(browser, readKey),
      extension: extensionOf(profiles),
    };
  });
}

/** The user's policies with the machine's laid over them, one by one: the browser's own order. */
export function gatherPolicies({ policyKey }: WindowsBrowser, readKey: ReadKey): WindowsBrowserSight['policies'] {
  const unreadable: string[] = [];
  const values = (['HKCU', 'HKLM'] as const).map((root) => {
    try {
      const tree = keyTree((key) => readKey(root, key, 64), policyKey, deepestPolicy);
      return tree === undefined ? {} : policyValues(tree);
    } catch {
      unreadable.push(`${root}\\${policyKey}`);
      return {};
    }
  });
  return { policy: policyOf(Object.assign({}, ...values) as Record<string, unknown>), unreadable };
}

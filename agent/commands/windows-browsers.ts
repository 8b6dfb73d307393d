// The browsers that Kortbro serves on Windows, and where in the registry each looks for native-messaging hosts and for policies, in its
// own order: Chromium's native_process_launcher_win.cc; for Edge "Native messaging" in Microsoft's extension documentation.
import { nativeHostName } from '../../shared/names.ts';
import { type RegistryRoot, type RegistryView } from '../native/registry.ts';

export interface WindowsBrowser {
  name: string;
  /** Keys with native-messaging hosts, the browser's own first; each is looked into before the next view and the next root. */
  hostKeys: readonly string[];
  policyKey: string;
  /** Its folder below %LOCALAPPDATA%, with the user's profiles in `User Data`; its program has the same path below Program Files. */
  folder: string;
  program: string;
}

const [edge, chromium, chrome] = ['Microsoft\\Edge', 'Chromium', 'Google\\Chrome'];
const hosts = (folder: string) => `SOFTWARE\\${folder}\\NativeMessagingHosts`;

export const windowsBrowsers: readonly WindowsBrowser[] = [
  {
    name: 'Edge',
    hostKeys: [edge, chromium, chrome].map(hosts),
    policyKey: `SOFTWARE\\Policies\\${edge}`,
    folder: edge,
    program: 'Application\\msedge.exe',
  },
  {
    name: 'Chrome',
    hostKeys: [hosts(chrome)],
    policyKey: `SOFTWARE\\Policies\\${chrome}`,
    folder: chrome,
    program: 'Application\\chrome.exe',
  },
  {
    name: 'Chromium',
    hostKeys: [chromium, chrome].map(hosts),
    policyKey: `SOFTWARE\\Policies\\${chromium}`,
    folder: chromium,
    program: 'Application\\chrome.exe',
  },
];

/** One place in the registry. */
export interface RegistryPlace {
  root: RegistryRoot;
  view: RegistryView;
  key: string;
}

/** Where `browser` looks for Kortbro's host, in its order: the first that is there is the one that holds. */
export function hostPlaces({ hostKeys }: WindowsBrowser): RegistryPlace[] {
  const roots: readonly RegistryRoot[] = ['HKCU', 'HKLM'];
  const views: readonly RegistryView[] = [32, 64];
  return roots.flatMap((root) =>
    views.flatMap((view) => hostKeys.map((key) => ({ root, view, key: `${key}\\${nativeHostName}` }))),
  );
}

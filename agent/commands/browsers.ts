// The browsers that Kortbro serves on Linux, and where each looks for native-messaging hosts and for policies.
// Chromium's documentation: user-level hosts stand in the user data directory, system-wide ones below /etc.
import { join } from 'node:path';
import { nativeHostName } from '../../shared/names.ts';

/** One browser. Paths are absolute; `configDirectory` is a name below the user's configuration directory. */
export interface Browser {
  id: 'chromium' | 'chrome' | 'edge';
  name: string;
  configDirectory: string;
  systemHosts: string;
  managedPolicies: string;
  /** Any of these means that the browser is installed. */
  programs: readonly string[];
  /** Any of these means that it is also there in a sandbox, which keeps it from starting a native host. */
  sandboxed: readonly string[];
}

export const browsers: readonly Browser[] = [
  {
    id: 'chromium',
    name: 'Chromium',
    configDirectory: 'chromium',
    systemHosts: '/etc/chromium/native-messaging-hosts',
    managedPolicies: '/etc/chromium/policies/managed',
    programs: ['/usr/bin/chromium', '/usr/bin/chromium-browser'],
    sandboxed: ['/snap/bin/chromium', '/var/lib/flatpak/app/org.chromium.Chromium'],
  },
  {
    id: 'chrome',
    name: 'Chrome',
    configDirectory: 'google-chrome',
    systemHosts: '/etc/opt/chrome/native-messaging-hosts',
    managedPolicies: '/etc/opt/chrome/policies/managed',
    programs: ['/usr/bin/google-chrome-stable', '/usr/bin/google-chrome', '/opt/google/chrome/chrome'],
    sandboxed: ['/var/lib/flatpak/app/com.google.Chrome'],
  },
  {
    id: 'edge',
    name: 'Edge',
    configDirectory: 'microsoft-edge',
    systemHosts: '/etc/opt/edge/native-messaging-hosts',
    managedPolicies: '/etc/opt/edge/policies/managed',
    programs: ['/usr/bin/microsoft-edge-stable', '/usr/bin/microsoft-edge', '/opt/microsoft/msedge/msedge'],
    sandboxed: ['/var/lib/flatpak/app/com.microsoft.Edge'],
  },
];

/** The file name of Kortbro's host manifest, in every directory. */
const manifestFileName = `${nativeHostName}.json`;

/** Where `browser` looks for Kortbro's manifest of this user. */
export function userManifestPath(browser: Browser, configHome: string): string {
  return join(configHome, browser.configDirectory, 'NativeMessagingHosts', manifestFileName);
}

/** Where `browser` looks for Kortbro's manifest of the machine. */
export function systemManifestPath(browser: Browser): string {
  return join(browser.systemHosts, manifestFileName);
}

// How the demonstration's browser is found and started: with the extension, the native host, and trust in the sites' own
// certificate. Debian's Chromium is meant; Chrome and Edge are taken where it is not there.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extensionId, nativeHostName } from '../shared/names.ts';

const programs = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/usr/bin/microsoft-edge-stable',
];

/** @throws Error when there is no browser */
export function findChromium(candidates: readonly string[] = programs): string {
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no browser: install chromium (looked for ${candidates.join(', ')})`);
  return found;
}

/** What a browser profile needs to know of the run. `siteKeys`: base64 SHA-256 of the sites' public keys. */
export interface BrowserPlace {
  readonly dist: string;
  readonly siteKeys: readonly string[];
  readonly language: 'sv' | 'en';
}

/** Makes the directory of a new browser profile, with the manifest by which the browser finds the native host. */
export function prepareProfile(profile: string, dist: string): void {
  const manifests = join(profile, 'NativeMessagingHosts');
  mkdirSync(manifests, { recursive: true, mode: 0o700 });
  const manifest = {
    name: nativeHostName,
    description: 'Kortbro, demonstration',
    path: join(dist, 'native-host/kortbro-native-host'),
    type: 'stdio',
    allowed_origins: [`chrome-extension://${extensionId}/`],
  };
  writeFileSync(join(manifests, `${nativeHostName}.json`), JSON.stringify(manifest));
}

/** Command line, without the profile's directory. */
export function browserArguments({ dist, siteKeys, language }: BrowserPlace): string[] {
  const extension = join(dist, 'extension');
  return [
    `--load-extension=${extension}`,
    `--disable-extensions-except=${extension}`,
    `--ignore-certificate-errors-spki-list=${siteKeys.join()}`,
    `--lang=${language}`,
    '--disable-quic',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Chromium's own sandbox does not work for root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
}

/** The browser's environment: its own texts, and with them the extension's, follow LANGUAGE on Linux. */
export function browserEnvironment(
  environment: Readonly<Record<string, string>>,
  language: 'sv' | 'en',
): Record<string, string> {
  return { ...environment, LANGUAGE: language };
}

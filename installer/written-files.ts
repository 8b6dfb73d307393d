// The installed files that are neither programs nor native code: written or copied when a package is made.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeHostName } from '../shared/names.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Copies of files of the project, by the name that the MSI gives them. */
export const copies: Readonly<Record<string, string>> = {
  'policy.schema.json': join(root, 'docs/policy.schema.json'),
  'LICENSE.txt': join(root, 'LICENSE'),
};

/**
 * The native-messaging manifest: which program the browser starts (absolute, or on Windows relative to the manifest), and which
 * extension may start it. The same text as `kortbro install --user` writes.
 */
export function hostManifest(path: string, extensionId: string): string {
  const manifest = {
    name: nativeHostName,
    description: 'Kortbro: web pages use the smart card in the reader',
    path,
    type: 'stdio',
    allowed_origins: [`chrome-extension://${extensionId}/`],
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Writes the MSI's share of them into `folder`. */
export function writeWindowsFiles(folder: string, extensionId: string): void {
  writeFileSync(join(folder, 'native-host.json'), hostManifest('kortbro.exe', extensionId));
  for (const [name, source] of Object.entries(copies)) copyFileSync(source, join(folder, name));
}

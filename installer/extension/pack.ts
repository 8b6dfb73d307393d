// Packs the built extension for an organisation's own server: kortbro.crx and update.xml, to be put at one address.
// Usage: node --import tsx installer/extension/pack.ts --key PEM --url ADDRESS [--extension FOLDER] [--out FOLDER]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packExtension } from './crx.ts';
import { identityOf } from './identity.mjs';
import { updateManifest } from './update-manifest.ts';

/** The names of the two files. */
export const crxName = 'kortbro.crx';
export const updateName = 'update.xml';

export interface PackageOptions {
  /** The built extension. */
  extension: string;
  /** PEM of the private key that the extension was built for. */
  privateKey: string;
  /** Address of the folder in which the files will stand; https, or http on the computer itself. */
  url: string;
  out: string;
}

/** Writes both files. @returns the extension's id, and what ExtensionInstallForcelist has to say */
export function writeExtensionPackage({ extension, privateKey, url, out }: PackageOptions): {
  id: string;
  policy: string;
} {
  const folder = url.endsWith('/') ? url : `${url}/`;
  const { protocol, hostname } = new URL(folder);
  if (protocol !== 'https:' && hostname !== '127.0.0.1') throw new Error(`${url} must be an https address`);
  const manifest = JSON.parse(readFileSync(join(extension, 'manifest.json'), 'utf8')) as {
    version: string;
    minimum_chrome_version: string;
  };
  const { id } = identityOf(privateKey);
  const offer = { id, version: manifest.version, minimumChromeVersion: manifest.minimum_chrome_version };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, crxName), packExtension(extension, privateKey));
  writeFileSync(join(out, updateName), updateManifest({ ...offer, codebase: `${folder}${crxName}` }));
  return { id, policy: `${id};${folder}${updateName}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      key: { type: 'string' },
      url: { type: 'string' },
      extension: { type: 'string', default: 'dist/extension' },
      out: { type: 'string', default: 'dist/packages' },
    },
  });
  const { key, url, extension, out } = values;
  if (key === undefined || url === undefined) throw new Error('--key and --url are needed');
  const { policy } = writeExtensionPackage({ extension, privateKey: readFileSync(key, 'utf8'), url, out });
  process.stdout.write(`${join(out, crxName)}\n${join(out, updateName)}\nExtensionInstallForcelist: ${policy}\n`);
}

// The packages that the Windows tests install: dist/windows, as `npm run build:windows` makes it, or KORTBRO_WINDOWS_PACKAGES.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder: the MSI, files/ that is in it, PolicyDefinitions/. */
export const packages =
  process.env['KORTBRO_WINDOWS_PACKAGES'] ?? fileURLToPath(new URL('../../dist/windows', import.meta.url));

/** The files that the MSI installs. */
export const packedFiles = join(packages, 'files');

/** Why there are none; undefined when there are. */
export function packagesMissing(): string | undefined {
  return findMsi() === undefined ? 'npm run build:windows has not made the packages' : undefined;
}

/** The MSI's path. @throws Error when there is none */
export function packedMsi(): string {
  const found = findMsi();
  if (found === undefined) throw new Error('npm run build:windows has not made the packages');
  return found;
}

function findMsi(): string | undefined {
  if (!existsSync(packages)) return undefined;
  const name = readdirSync(packages).find((entry) => /^kortbro-[\d.]+\.msi$/.test(entry));
  return name === undefined ? undefined : join(packages, name);
}

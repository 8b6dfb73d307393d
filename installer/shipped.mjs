// What packages hold that others have made: the npm packages in the bundles and in the extension, and on Windows Node itself
// and the compiler's runtime. Found by bundling, not by reading package.json: what is not in a bundle is not shipped.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildExtension } from './build-extension.mjs';
import { bundle, unusedByNativeHost } from './bundle.mjs';
import { packagesOf } from './packages-of.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The programs, and what each of them does without. */
const programs = {
  'agent/main.ts': [],
  'agent/tokens/module-host-main.ts': [],
  'agent/signatures/worker/signature-worker.ts': [],
  'agent/commands/main.ts': [],
  'native-host/main.ts': unusedByNativeHost,
};

/** The extension's scripts that build-extension.mjs does not tell of. */
const contentScripts = ['extension/content/content.iife.ts', 'extension/page-api/page.iife.ts'];

/** Loaded at run time, and so in no bundle (bundle.mjs). */
const besideBundles = ['node_modules/pkcs11js'];

/**
 * The npm packages, by their folders below the project's.
 * @returns {Promise<{ programs: string[], extension: string[] }>} sorted
 */
export async function shippedPackages() {
  const work = await mkdtemp(join(tmpdir(), 'kortbro-shipped-'));
  try {
    const modulesOf = (entry, unused = []) =>
      bundle({ entry: join(root, entry), outfile: join(work, 'bundle.mjs'), development: false, unused });
    const ofPrograms = await Promise.all(Object.entries(programs).map(([entry, unused]) => modulesOf(entry, unused)));
    const ofScripts = await Promise.all(contentScripts.map((entry) => modulesOf(entry)));
    const { modules } = await buildExtension(work);
    return {
      programs: packagesOf(ofPrograms.flat()).concat(besideBundles).sort(),
      extension: packagesOf([...modules, ...ofScripts.flat()]),
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Debian's cross compiler, whose runtime libraries are linked into the native code. */
export const windowsRuntimes = [
  {
    name: 'gcc-mingw-w64',
    debian: 'gcc-mingw-w64-x86-64-posix-runtime',
    licence: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  },
  { name: 'mingw-w64', debian: 'mingw-w64-x86-64-dev', licence: 'MIT AND BSD-3-Clause AND ZPL-2.1' },
];

/** @returns {string} the version of an installed Debian package */
export function debianVersion(name) {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the Debian package ${name} is not installed`);
  return stdout;
}

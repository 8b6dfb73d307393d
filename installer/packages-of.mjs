// Which npm packages files belong to.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The folders of the packages, below the project's: a package within another is the inner one.
 * @param {string[]} modules paths of files
 * @returns {string[]} sorted
 */
export function packagesOf(modules) {
  const folders = modules.flatMap((path) => /^.*\/(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[0] ?? []);
  return [...new Set(folders.map((folder) => relative(root, folder)))].sort();
}

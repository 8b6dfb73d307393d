// Bundles one program into one file for Node, CommonJS or an ES module by its name, with everything inlined but Node's own modules
// and native code.
// Promises one file and the same bytes for the same input; does not check types (`npm run types` does).
import { mkdir, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { identityDefinitions } from './extension/identity.mjs';

const builtins = new Set(builtinModules);

const shared = fileURLToPath(new URL('../shared/', import.meta.url));

/** Native accelerators that ws asks for. Never used: Node would look for them in folders outside the product. */
const absent = ['bufferutil', 'utf-8-validate'];

/** What ws loads for things that the native host never does: TLS and compression. Half a megabyte of its memory. */
export const unusedByNativeHost = ['https', 'tls', 'zlib'];

/**
 * Writes the bundle of `entry` to `outfile`: an ES module if that ends in `.mjs`, else CommonJS. `__DEVELOPMENT__` becomes `true` or
 * `false` and what it guards is left out.
 * `__EXTENSION_ID__` becomes the id of another extension than the product's own, if one is named (extension/identity.mjs).
 * `import.meta.url`, `.dirname` and `.filename` name the bundle itself.
 *
 * `unused` names modules of Node that a dependency loads and this program never comes to use: an empty object stands in
 * for each, which saves memory and start-up time.
 * @param {{ entry: string, outfile: string, development: boolean, unused?: readonly string[] }} options
 * @returns {Promise<string[]>} the files that went in, for a check of what a bundle may hold
 */
export async function bundle({ entry, outfile, development, unused = [] }) {
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: (id) => isExternal(id) && !unused.includes(id),
    // jsonc-parser's "main" is a UMD file whose requires no bundler can follow; its "module" is plain ESM.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [standIns('unused', unused, 'module.exports = {};'), standIns('absent', absent, 'throw new Error();')],
    transform: { target: 'node20', define: { __DEVELOPMENT__: String(development), ...identityDefinitions() } },
    // shared/ does nothing but define: a program that wants its types alone gets nothing of it.
    treeshake: { moduleSideEffects: (id) => (id.startsWith(shared) ? false : undefined) },
    onLog(level, log, report) {
      if (level === 'warn') throw new Error(`${entry}: ${log.message}`);
      report(level, log);
    },
  });
  try {
    const { output } = await build.generate({
      format: outfile.endsWith('.mjs') ? 'esm' : 'cjs',
      codeSplitting: false,
      comments: { legal: true, annotation: false, jsdoc: false },
      // Readable in both builds: full minification was measured and saves no memory.
      minify: 'dce-only',
    });
    const [chunk] = output;
    if (output.length !== 1 || chunk.type !== 'chunk') throw new Error(`${entry}: more than one file came out`);
    await mkdir(dirname(outfile), { recursive: true });
    await writeFile(outfile, chunk.code);
    return chunk.moduleIds.filter((id) => !id.startsWith('\0'));
  } finally {
    await build.close();
  }
}

/** Tells Node that the bundles below `directory` are CommonJS, whatever the package around them says. */
export async function declareCommonJs(directory) {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n');
}

/** What Node itself loads at run time: its own modules, and packages that are native code. */
function isExternal(id) {
  return id.startsWith('node:') || builtins.has(id) || id === 'pkcs11js' || id.endsWith('.node');
}

/** A plugin by which `code` stands in for each of the modules `names`. */
function standIns(kind, names, code) {
  const prefix = `\0${kind}:`;
  return {
    name: kind,
    resolveId: (id) => (names.includes(id) ? prefix + id : null),
    load: (id) => (id.startsWith(prefix) ? code : null),
  };
}

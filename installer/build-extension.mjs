// Builds the browser extension into dist/extension and the page API module into dist/page.
// Usage: node installer/build-extension.mjs [--out DIR]. Exported for installer/build.mjs and the tests.
import { cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crx } from '@crxjs/vite-plugin';
import { register } from 'tsx/esm/api';
import { build } from 'vite';
import { givenIdentity, identityDefinitions } from './extension/identity.mjs';
import { licenceText } from './licences.mjs';
import { packagesOf } from './packages-of.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'extension');

/** The script in every page: a page pays for its parsing, so its size is a promise. Bytes. */
const pageScriptMaximum = 6 * 1024;

/** The files that are run for what they do. Every other module only exports: an import of its types alone brings nothing. */
const entries = [
  'background/main.ts',
  'popup/popup.ts',
  'removed/removed.ts',
  'consent/consent.ts',
  'content/content.iife.ts',
  'page-api/page.iife.ts',
  'page-api/module.ts',
];

/**
 * What pdf.js reads when a document needs it: character maps, fonts of symbols, and decoders of image formats. The decoders
 * are those in JavaScript: WebAssembly would want a wider content security policy.
 */
const pdfFiles = {
  cmaps: (name) => name.endsWith('.bcmap'),
  standard_fonts: (name) => /^Foxit(Dingbats|Symbol)\.pfb$/.test(name),
  wasm: (name) => name.endsWith('_nowasm_fallback.js'),
};

/** Builds DIR/extension and DIR/page, for the key of KORTBRO_EXTENSION_KEY if it is set. @returns the bytes of the page script, and the files that went in */
export async function buildExtension(out = join(root, 'dist')) {
  const unregister = register();
  const { manifest } = await import('../extension/manifest.ts');
  const { errorTexts } = await import('../shared/error-texts.ts');
  await unregister();

  const common = { configFile: false, root: source, logLevel: 'error', define: identityDefinitions() };
  const { key } = givenIdentity() ?? manifest;
  const modules = new Set();
  const treeshake = { moduleSideEffects: (id) => entries.some((entry) => id.endsWith(entry)) };
  await build({
    ...common,
    plugins: [crx({ manifest: { ...manifest, key } }), recorder(modules)],
    build: {
      outDir: join(out, 'extension'),
      emptyOutDir: true,
      modulePreload: false,
      target: 'chrome123',
      // Pages that the manifest does not name.
      rolldownOptions: {
        treeshake,
        input: { removed: join(source, 'removed/removed.html'), consent: join(source, 'consent/consent.html') },
      },
    },
  });
  await copyPdfFiles(join(out, 'extension/pdf'));
  const licences = licenceText({ system: 'browser', packages: packagesOf([...modules]) });
  await writeFile(join(out, 'extension/licences.txt'), licences);
  await build({
    ...common,
    build: {
      outDir: join(out, 'page'),
      emptyOutDir: true,
      minify: false,
      target: 'es2022',
      rolldownOptions: { treeshake },
      lib: { entry: join(source, 'page-api/module.ts'), formats: ['es'], fileName: () => 'kortbro.js' },
    },
  });
  await writeFile(join(out, 'page/kortbro.d.ts'), await declarations(Object.keys(errorTexts)));

  const { size } = await stat(join(out, 'extension/page-api/page.iife.js'));
  if (size >= pageScriptMaximum)
    throw new Error(`the page script has ${size} bytes; less than ${pageScriptMaximum} are promised`);
  return { pageScript: size, modules: [...modules] };
}

async function copyPdfFiles(folder) {
  for (const [kind, isWanted] of Object.entries(pdfFiles)) {
    const from = join(root, 'node_modules/pdfjs-dist', kind);
    await mkdir(join(folder, kind), { recursive: true });
    for (const name of (await readdir(from)).filter(isWanted)) await cp(join(from, name), join(folder, kind, name));
  }
}

/** A plugin that writes down which files a bundle is made of. The content scripts are bundled out of its sight. */
function recorder(modules) {
  return {
    name: 'recorder',
    generateBundle(_options, output) {
      for (const chunk of Object.values(output)) for (const id of chunk.moduleIds ?? []) modules.add(id);
    },
  };
}

async function declarations(codes) {
  const text = await readFile(join(source, 'page-api/api.ts'), 'utf8');
  const importLine = "import { type ErrorCode } from '../../shared/errors.ts';";
  if (!text.includes(importLine)) throw new Error('page-api/api.ts no longer imports ErrorCode as expected');
  const union = codes.map((code) => `\n  | '${code}'`).join('');
  return `${text.replace(importLine, `\n/** Every code. */\nexport type ErrorCode =${union};`)}
export declare const kortbro: Kortbro;
export declare const KortbroError: KortbroErrorConstructor;
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const { pageScript } = await buildExtension(values.out === undefined ? undefined : resolve(values.out));
  process.stdout.write(`extension built; page script ${pageScript} bytes\n`);
}

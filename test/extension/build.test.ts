// What comes out of installer/build-extension.mjs: the manifest's promises, the sizes, the module for pages and its types.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { errorTexts } from '../../shared/error-texts.ts';
import { extensionKey, productVersion } from '../../shared/names.ts';
import { buildExtension, type ExtensionBuild } from '../browser/extension-build.ts';

interface Manifest {
  [key: string]: unknown;
  permissions: string[];
  content_scripts: {
    js: string[];
    matches: string[];
    run_at: string;
    world?: string;
    match_origin_as_fallback?: boolean;
  }[];
  content_security_policy: { extension_pages: string };
  icons: Record<string, string>;
}

describe('the built extension', function () {
  this.timeout(60_000);
  let build: ExtensionBuild;
  let manifest: Manifest;
  const read = (path: string) => readFileSync(join(build.extension, path), 'utf8');

  before(() => {
    build = buildExtension();
    manifest = JSON.parse(read('manifest.json')) as Manifest;
  });
  after(() => build.remove());

  it('asks for the permissions that its header explains and no more, and lets pages load nothing of it', () => {
    assert.deepEqual(manifest.permissions, [
      'nativeMessaging',
      'storage',
      'cookies',
      'browsingData',
      'declarativeNetRequest',
      'webNavigation',
      'webRequest',
    ]);
    assert.deepEqual(manifest['host_permissions'], ['https://*/*', 'http://localhost/*']);
    const keys = [
      'optional_permissions',
      'optional_host_permissions',
      'web_accessible_resources',
      'externally_connectable',
    ];
    assert.deepEqual(
      keys.filter((key) => key in manifest),
      [],
    );
  });

  it('has the id and the version of the product', () => {
    assert.deepEqual(
      [manifest['key'], manifest['version'], manifest['manifest_version']],
      [extensionKey, productVersion, 3],
    );
  });

  it('runs in https pages and http://localhost, top frames only, from the start', () => {
    assert.equal(manifest.content_scripts.length, 2);
    for (const script of manifest.content_scripts) {
      assert.deepEqual(script.matches, ['https://*/*', 'http://localhost/*']);
      assert.equal(script.run_at, 'document_start');
      assert.ok(!('all_frames' in script) && !('match_about_blank' in script));
    }
    // In a window that a page has opened without an address there is no page API, only what makes the window known.
    assert.deepEqual(
      manifest.content_scripts.map(({ match_origin_as_fallback: isFallback }) => isFallback),
      [true, undefined],
    );
    assert.deepEqual(
      manifest.content_scripts.map(({ world }) => world),
      [undefined, 'MAIN'],
    );
  });

  it('lets its own pages run its own scripts only', () => {
    const [standard, connect, ...others] = manifest.content_security_policy.extension_pages.split('; ');
    assert.equal(standard, "default-src 'none'");
    assert.equal(connect, "connect-src 'self' https: http://localhost:*");
    assert.equal(others[0], "script-src 'self'");
    assert.doesNotMatch(others.join(), /unsafe|https?:|data:|\*/);
    for (const page of ['popup/popup.html', 'removed/removed.html', 'consent/consent.html']) {
      assert.doesNotMatch(read(page), /<script(?![^>]* src=)|style=|\son\w+=/);
    }
  });

  it('puts less than 6 KB into a page, as one classic script that knows no extension API', () => {
    const script = read('page-api/page.iife.js');
    assert.ok(Buffer.byteLength(script) < 6 * 1024, `${Buffer.byteLength(script)} bytes`);
    assert.doesNotMatch(script, /\bchrome\.|\bimport\b|\bexport\b|\beval\b/);
    assert.ok(Buffer.byteLength(read('content/content.iife.js')) < 10 * 1024);
  });

  it('holds what pdf.js may need, the licences of all that is not ours, and no WebAssembly', () => {
    const files = readdirSync(build.extension, { recursive: true, encoding: 'utf8' });
    assert.ok(
      files.includes('pdf/cmaps/UniJIS-UTF16-H.bcmap') && files.includes('pdf/wasm/openjpeg_nowasm_fallback.js'),
    );
    assert.deepEqual(
      files.filter((name) => /\.wasm$|Liberation/.test(name)),
      [],
    );
    const licences = read('licences.txt');
    for (const name of ['pdfjs-dist', 'zod', 'Adobe', 'Louvain', 'PDFium', 'Apache License'])
      assert.ok(licences.includes(name), name);
  });

  it('has icons of the sizes that it names', () => {
    for (const [size, path] of Object.entries(manifest.icons)) {
      const png = readFileSync(join(build.extension, path));
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Number(size), Number(size)], path);
    }
  });

  it('is one module for pages without imports, and its types hold every code', () => {
    assert.deepEqual(readdirSync(build.page).sort(), ['kortbro.d.ts', 'kortbro.js']);
    assert.doesNotMatch(readFileSync(join(build.page, 'kortbro.js'), 'utf8'), /\bimport\b/);
    const types = readFileSync(join(build.page, 'kortbro.d.ts'), 'utf8');
    assert.doesNotMatch(types, /\bimport\b/);
    assert.deepEqual(
      [...types.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code),
      Object.keys(errorTexts),
    );
  });

  it('has types that fit the pages that use them', () => {
    const good = `
      import { kortbro, KortbroError, type ErrorCode, type Status } from './kortbro.js';
      const controller = new AbortController();
      const status: Status = await kortbro.status({ signal: controller.signal });
      const { documents } = await kortbro.sign(
        { documents: [{ name: 'a', type: 'text/plain', content: new Blob(['a']) }], format: { type: 'cms', attached: true } },
        { onProgress: (progress) => progress.stage === 'sending' && console.log(progress.sent / progress.total) },
      );
      const made: Uint8Array | ErrorCode = documents[0]!.status === 'signed' ? documents[0]!.signature : documents[0]!.code;
      try {
        const { unverifiedCertificate, algorithm } = await kortbro.authenticate({ nonce: status.version });
        const text: string = unverifiedCertificate + algorithm + window.kortbro?.toString();
      } catch (error) {
        if (!(error instanceof KortbroError)) throw error;
        const code: ErrorCode = error.code;
        const left: number | undefined = error.code === 'ERR_PIN_WRONG' ? error.triesLeft : undefined;
      }
      const stop: () => void = kortbro.on('cardremoved', () => location.reload());
      kortbro.on('loggedout', ({ reason, waitUntil }) => waitUntil(fetch('/save?because=' + reason)));
      await kortbro.authenticate({
        nonce: 'x',
        logout: { url: location.origin + '/logout', token: 'x', leaseSeconds: 60, guard: true },
      });`;
    const bad = [
      `kortbro.authenticate();`,
      `kortbro.authenticate({ nonce: 7 });`,
      `kortbro.on('cardeaten', () => undefined);`,
      `kortbro.on('cardremoved', (event) => event.reason);`,
      `kortbro.authenticate({ nonce: 'x', logout: { token: 'x' } });`,
      `kortbro.sign({ documents: [{ name: 'a', type: 'b', content: 7 }], format: { type: 'raw' } });`,
      `kortbro.sign({ documents: [], format: { type: 'pgp' } });`,
      `export const code: ErrorCode = 'ERR_NO_SUCH_CODE';`,
    ];
    const imports = `import { kortbro, type ErrorCode } from './kortbro.js';`;
    const found = problems({ 'good.ts': good, 'bad.ts': [imports, ...bad].join('\n') });
    assert.deepEqual(
      found,
      bad.map((_, index) => `bad.ts ${index + 1}`),
    );
  });

  /** Compiles pages against the types. @returns file and line (from 0) of each problem */
  function problems(pages: Record<string, string>): string[] {
    const paths = Object.keys(pages).map((name) => join(build.page, name));
    Object.values(pages).forEach((text, index) => writeFileSync(paths[index]!, text));
    const program = ts.createProgram(paths, {
      strict: true,
      noEmit: true,
      skipDefaultLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
    });
    return ts.getPreEmitDiagnostics(program).map(({ file, start }) => {
      if (file === undefined || start === undefined) return 'compiler options';
      return `${basename(file.fileName)} ${file.getLineAndCharacterOfPosition(start).line}`;
    });
  }
});

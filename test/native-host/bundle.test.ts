// What the native host is shipped as: one CommonJS file, and the launcher that a browser starts.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeVariables } from '../../shared/foreign-variables.ts';
import { bundler, hostBundle } from './host-process.ts';

describe('the bundle of the native host', () => {
  it('holds the native host, shared/ without schemas, and ws; nothing of the agent', async () => {
    const { sources } = await hostBundle();
    assert.ok(sources.some((path) => path.endsWith('/native-host/main.ts')));
    const foreign = sources.filter(
      (path) =>
        !/\/(native-host|shared)\/[\w-]+\.ts$|\/node_modules\/ws\//.test(path) ||
        /\/shared\/(messages|policy)/.test(path),
    );
    assert.deepEqual(foreign, []);
  });

  it('loads nothing but modules of Node, and neither TLS nor compression', async () => {
    const { program } = await hostBundle();
    const loaded = [...readFileSync(program, 'utf8').matchAll(/require\("([^"]+)"\)/g)].map((match) => match[1] ?? '');
    const names = new Set(loaded.map((name) => name.replace(/^node:/, '')));
    for (const name of names) assert.ok(process.getBuiltinModule(name) !== undefined, name);
    for (const name of ['https', 'tls', 'zlib', 'child_process']) assert.ok(!names.has(name), name);
  });
});

describe('bundle', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-bundle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function run(source: string, development: boolean): Promise<{ output: string; code: string; outfile: string }> {
    const { bundle, declareCommonJs } = await bundler();
    const entry = join(directory, 'entry.ts');
    const outfile = join(directory, 'dist/part/main.js');
    writeFileSync(entry, source);
    await declareCommonJs(join(directory, 'dist'));
    await bundle({ entry, outfile, development });
    const output = execFileSync(process.execPath, [outfile]).toString();
    return { output, code: readFileSync(outfile, 'utf8'), outfile };
  }

  it('keeps import.meta pointing at the bundle', async () => {
    const source = `process.stdout.write([import.meta.url, import.meta.dirname, import.meta.filename].join(' '));`;
    const { output, outfile } = await run(source, false);
    assert.equal(output, [pathToFileURL(outfile).href, dirname(outfile), outfile].join(' '));
  });

  it('leaves development code out of a shipped build, by its text', async () => {
    const source = `declare const __DEVELOPMENT__: boolean;
      if (__DEVELOPMENT__) process.stdout.write('simulated'); else process.stdout.write('real');`;
    const shipped = await run(source, false);
    assert.equal(shipped.output, 'real');
    assert.ok(!shipped.code.includes('simulated'));
    assert.equal((await run(source, true)).output, 'simulated');
  });

  it('inlines what is imported, lazily imported code too, into one file', async () => {
    writeFileSync(join(directory, 'other.ts'), `export const word: string = 'inlined';`);
    const source = `void import('./other.ts').then(({ word }) => process.stdout.write(word));`;
    const { output } = await run(source, false);
    assert.equal(output, 'inlined');
  });

  it('leaves native code to Node', async () => {
    const source = `import { createRequire } from 'node:module';
      import type * as pkcs11js from 'pkcs11js';
      export const load = (): typeof pkcs11js => createRequire(import.meta.url)('pkcs11js') as typeof pkcs11js;
      process.stdout.write('loaded');`;
    const { output, code } = await run(source, false);
    assert.equal(output, 'loaded');
    assert.ok(code.includes('("pkcs11js")'));
  });

  it('fails on what it cannot resolve', async () => {
    await assert.rejects(run(`import 'no-such-package'; export {};`, false));
  });
});

describe('the launcher', () => {
  it('starts main.js beside it with its arguments, without what would load code into Node, and without core dumps', async () => {
    const { program } = await hostBundle();
    const directory = mkdtempSync(join(tmpdir(), "kortbro launcher's "));
    const launcher = join(directory, 'kortbro-host');
    const text = readFileSync(new URL('../../native-host/launcher.sh', import.meta.url), 'utf8');
    writeFileSync(launcher, text.replace('@NODE@', process.execPath));
    chmodSync(launcher, 0o755);
    const show = `process.stdout.write(JSON.stringify([process.argv.slice(2), Object.keys(process.env),
      require('node:fs').readFileSync('/proc/self/limits', 'utf8').match(/core file size *(\\d+) *(\\d+)/).slice(1)]));`;
    writeFileSync(join(directory, 'main.js'), show);
    const foreign = Object.fromEntries(nodeVariables.map((name) => [name, '--require /nowhere']));
    const environment = { PATH: process.env['PATH'], HOME: '/', ...foreign };
    const shown = spawnSync(launcher, ['a b', '$HOME', "'"], { env: environment });
    rmSync(directory, { recursive: true });
    assert.equal(shown.stderr.toString(), '');
    const [args, names, core] = JSON.parse(shown.stdout.toString()) as [string[], string[], string[]];
    assert.deepEqual(args, ['a b', '$HOME', "'"]);
    assert.deepEqual(
      names.filter((name) => nodeVariables.some((one) => one === name)),
      [],
    );
    assert.ok(names.includes('HOME'));
    assert.deepEqual(core, ['0', '0']);
    assert.ok(program.endsWith('/native-host/main.js'));
  });
});

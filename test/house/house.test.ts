// Rules that no compiler knows: pinned versions, licences, install scripts, one version everywhere, small files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { generatedPages } from '../../installer/docs.ts';
import { errorTexts } from '../../shared/error-texts.ts';
import { productVersion, extensionId, extensionKey } from '../../shared/names.ts';
import { createHash } from 'node:crypto';

interface LockedPackage {
  version?: string;
  license?: string;
  hasInstallScript?: boolean;
  link?: boolean;
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const root = read('package.json') as Record<string, Record<string, string>> & { version: string };
const lock = read('package-lock.json') as { packages: Record<string, LockedPackage> };
const suites = read('test/suites.json') as Record<string, string[]>;
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter(existsSync);

/** Licences that go with Apache-2.0 in what we ship or build with. */
const licences =
  /^(\(?(MIT|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|CC0-1\.0|CC-BY-4\.0|Python-2\.0|PSF-2\.0|BlueOak-1\.0\.0|MPL-2\.0|Unlicense)( OR | AND |\)|$)*)+/;

describe('The house', () => {
  it('pins every dependency exactly', () => {
    const own = read('relying-party/package.json') as typeof root;
    const versions = [root['dependencies'], root['devDependencies'], own['dependencies']].flatMap((group) =>
      Object.entries(group ?? {}),
    );
    assert.deepEqual(
      versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });

  it('says of every direct dependency why it is there', () => {
    const page = readFileSync('docs/dependencies.md', 'utf8');
    const names = [...Object.keys(root['dependencies'] ?? {}), ...Object.keys(root['devDependencies'] ?? {})];
    assert.deepEqual(
      names.filter((name) => !page.includes(`\`${name}\``)),
      [],
    );
  });

  it('uses packages with known licences only', () => {
    const wrong = Object.entries(lock.packages)
      .filter(
        ([path, entry]) => path.includes('node_modules') && entry.link !== true && !licences.test(entry.license ?? ''),
      )
      .map(([path, entry]) => `${path}: ${entry.license ?? 'none'}`);
    assert.deepEqual(wrong, []);
  });

  it('runs no install script but those that package.json lists', () => {
    const allowed = Object.keys(root['allowScripts'] ?? {});
    const wrong = Object.entries(lock.packages)
      .filter(
        ([path, entry]) =>
          entry.hasInstallScript === true && !allowed.some((name) => path.endsWith(`node_modules/${name}`)),
      )
      .map(([path]) => path)
      .filter((path) => !path.endsWith('/fsevents'));
    assert.deepEqual(wrong, []);
  });

  it('records no download address', () => {
    assert.doesNotMatch(readFileSync('package-lock.json', 'utf8'), /"resolved": "https?:/);
  });

  it('has one version everywhere', () => {
    const own = read('relying-party/package.json') as typeof root;
    assert.deepEqual([root.version, own.version], [productVersion, productVersion]);
  });

  it('has an extension id that follows from the key', () => {
    const hash = createHash('sha256').update(Buffer.from(extensionKey, 'base64')).digest('hex').slice(0, 32);
    assert.equal(Array.from(hash, (digit) => String.fromCharCode(97 + parseInt(digit, 16))).join(''), extensionId);
  });

  it('holds no file over 1 MB and no private key', () => {
    const wrong = tracked.filter((path) => {
      if (statSync(path).size > 1_000_000) return true;
      return /-----BEGIN (RSA |EC )?PRIVATE KEY-----\n/.test(readFileSync(path, 'latin1'));
    });
    assert.deepEqual(wrong, []);
  });

  it('has the docs that its tables make', () => {
    for (const [path, text] of generatedPages())
      assert.equal(readFileSync(path, 'utf8'), text, `${path}: run npm run docs`);
  });

  it('explains every error code', () => {
    const page = generatedPages().get('docs/errors.md') ?? '';
    assert.deepEqual(
      Object.keys(errorTexts).filter((code) => !page.includes(`### ${code}\n`)),
      [],
    );
  });

  it('runs every test file in exactly one suite', () => {
    const files = tracked.filter((path) => /^test\/.*\.test\.ts$/.test(path));
    const patterns = Object.values(suites).flat().map(asExpression);
    assert.deepEqual(
      files.filter((path) => patterns.filter((pattern) => pattern.test(path)).length !== 1),
      [],
    );
  });

  it('has no link in its docs that leads nowhere', () => {
    const broken = tracked
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
          .map(([, target = '']) => join(dirname(path), target))
          .filter((target) => !existsSync(target))
          .map((target) => `${path} -> ${target}`),
      );
    assert.deepEqual(broken, []);
  });
});

/** The globs of suites.json: one brace list, ** and *. */
function asExpression(glob: string): RegExp {
  const source = glob
    .replace(/[.]/g, '\\.')
    .replace(/\{([^}]*)\}/g, (_match, names: string) => `(?:${names.replaceAll(',', '|')})`)
    .replaceAll('**/', '(?:@/)?')
    .replace(/(?<!\))\*/g, '[^/]*')
    .replaceAll('@', '.*');
  return new RegExp(`^${source}$`);
}

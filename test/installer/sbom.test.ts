// The bill of materials and the licences: what the bundles hold, no more and no less, and the same each time.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productVersion } from '../../shared/names.ts';
import { licenceText, sbom, shippedPackages } from './packaged-build.ts';

interface Bill {
  bomFormat: string;
  specVersion: string;
  serialNumber: string;
  metadata: { timestamp: string; component: { name: string; version: string } };
  components: { name: string; version: string; purl: string; hashes?: { alg: string; content: string }[] }[];
}

describe('The bill of materials', function () {
  this.timeout(120_000);
  const date = Date.UTC(2026, 0, 2) / 1000;
  let packages: string[];
  let text: string;
  let bill: Bill;
  before(async () => {
    ({ programs: packages } = await shippedPackages());
    text = await sbom({ system: 'linux', packages, date });
    bill = JSON.parse(text) as Bill;
  });

  it('is CycloneDX, of this version and date, and the same each time', async () => {
    assert.deepEqual([bill.bomFormat, bill.specVersion], ['CycloneDX', '1.5']);
    assert.deepEqual([bill.metadata.component.name, bill.metadata.component.version], ['kortbro', productVersion]);
    assert.equal(bill.metadata.timestamp, '2026-01-02T00:00:00.000Z');
    assert.match(bill.serialNumber, /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    assert.equal(await sbom({ system: 'linux', packages, date }), text);
    assert.notEqual(await sbom({ system: 'linux', packages, date: date + 1 }), text);
  });

  it('has every package that the programs are made of, with the hash of the lock file, and none for development', () => {
    const root = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { version: string; integrity: string; dev?: true }>;
    };
    assert.deepEqual(
      Object.keys(root['dependencies']!).filter((name) => !packages.includes(`node_modules/${name}`)),
      [],
    );
    assert.deepEqual(
      bill.components.map(({ version, hashes }) => [version, hashes?.[0]?.content]),
      packages.map((folder) => {
        const { version, integrity } = lock.packages[folder]!;
        return [version, Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')];
      }),
    );
    assert.deepEqual(
      packages.filter((folder) => lock.packages[folder]!.dev === true),
      [],
    );
  });

  it('has for Windows Node too, and what the compiler links in', async function () {
    if (spawnSync('dpkg-query', ['-W', 'gcc-mingw-w64-x86-64-posix-runtime']).status !== 0) this.skip();
    const windows = JSON.parse(await sbom({ system: 'windows', packages, date })) as Bill;
    const others = windows.components.slice(bill.components.length);
    assert.deepEqual(
      others.map(({ name }) => name),
      ['node', 'gcc-mingw-w64', 'mingw-w64'],
    );
    for (const { version } of others) assert.match(version, /^\d/);
  });

  it('goes with the licences of the same packages', async () => {
    const licences = await licenceText({ system: 'linux', packages });
    assert.match(licences, /Apache License/);
    for (const folder of packages) {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string };
      assert.ok(licences.includes(`\n${name}\n`), name);
    }
  });
});

// The bill of materials of a package, CycloneDX 1.5: npm's own, narrowed to what is shipped, and what npm does not know of.
// The same for the same lock file, bundles and date. Usage: node installer/sbom.mjs --system linux|windows --out FILE
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { debianVersion, shippedPackages, windowsRuntimes } from './shipped.mjs';
import { nodeVersion } from './windows/node-runtime.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The text of the bill.
 * @param {{ system: 'linux' | 'windows', packages: string[], date: number }} options `packages`: folders of npm packages
 *   (shipped.mjs); `date`: seconds since 1970
 * @returns {string}
 */
export function sbom({ system, packages, date }) {
  const bill = npmSbom();
  const npmComponents = packages.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const found = bill.components.find((component) => component['bom-ref'] === `${name}@${version}`);
    if (found === undefined) throw new Error(`npm's bill does not have ${name} ${version}`);
    // What is shipped is no matter of development, whoever else needs it.
    const properties = found.properties?.filter(({ name: property }) => property !== 'cdx:npm:package:development');
    return { ...found, properties };
  });
  const components = [...npmComponents, ...(system === 'windows' ? windowsComponents() : [])];
  const { version, licenses, description } = bill.metadata.component;
  const content = {
    metadata: {
      timestamp: new Date(date * 1000).toISOString(),
      component: { 'bom-ref': 'kortbro', type: 'application', name: 'kortbro', version, description, licenses },
    },
    components,
    dependencies: [{ ref: 'kortbro', dependsOn: components.map((component) => component['bom-ref']) }],
  };
  const { $schema, bomFormat, specVersion } = bill;
  const head = { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${uuidOf(content)}`, version: 1 };
  return `${JSON.stringify({ ...head, ...content }, null, 2)}\n`;
}

/**
 * npm's bill of everything that the lock file has: without dev (vite's NODE_ENV is enough) it loses what development needs as well as the product. Who
 * is shipped is decided by the bundles.
 */
function npmSbom() {
  const words = ['sbom', '--package-lock-only', '--include=dev', '--sbom-format=cyclonedx'];
  const { status, stdout, stderr } = spawnSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr.slice(-500)}`);
  return JSON.parse(stdout);
}

function windowsComponents() {
  const node = component('node', nodeVersion, 'MIT', `pkg:generic/node@${nodeVersion}`);
  const runtimes = windowsRuntimes.map(({ name, debian, licence }) => {
    const version = debianVersion(debian);
    return component(name, version, licence, `pkg:deb/debian/${debian}@${encodeURIComponent(version)}`);
  });
  return [node, ...runtimes];
}

function component(name, version, expression, purl) {
  return { 'bom-ref': `${name}@${version}`, type: 'library', name, version, purl, licenses: [{ expression }] };
}

/** A version-8 UUID (RFC 9562 5.8): ours to fill, here with what the bill says. */
function uuidOf(content) {
  const digits = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-8$3-8$4-$5');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { system: { type: 'string' }, out: { type: 'string' } } });
  const { system, out } = values;
  if ((system !== 'linux' && system !== 'windows') || out === undefined)
    throw new Error('--system linux|windows --out FILE');
  const { programs, extension } = await shippedPackages();
  const packages = [...new Set([...programs, ...extension])].sort();
  const date = Number(process.env.SOURCE_DATE_EPOCH ?? Math.floor(Date.now() / 1000));
  writeFileSync(out, sbom({ system, packages, date }));
}

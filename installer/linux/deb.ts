// Builds the Debian package from a packaged build (`node installer/build.mjs --packaged`) and installer/file-list.ts. The same
// input and date give the same bytes. Usage: node --import tsx installer/linux/deb.ts [--dist DIR] [--out DIR]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { extensionId, productVersion } from '../../shared/names.ts';
import { givenIdentity } from '../extension/identity.mjs';
import { installedFiles, linuxFolder } from '../file-list.ts';
import { copies, hostManifest } from '../written-files.ts';
import { autostartEntry, changelog, commandLauncher, control, hostLauncher } from './texts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface DebOptions {
  /** The packaged build. */
  dist: string;
  /** The folder in which the package is written. */
  out: string;
  version: string;
  extensionId: string;
  /** The texts that installer/sbom.mjs and installer/licences.mjs make. */
  sbom: string;
  licence: string;
  /** Seconds since 1970 (SOURCE_DATE_EPOCH). */
  date: number;
}

/** @returns the package's path */
export function buildDeb(options: DebOptions): string {
  const { version, date } = options;
  const out = resolve(options.out);
  const work = mkdtempSync(join(tmpdir(), 'kortbro-deb-'));
  try {
    const tree = join(work, 'tree');
    const paths = installedFiles.flatMap(({ linux, runnable }) =>
      (linux ?? []).map((path) => {
        put(join(tree, path), contentOf(path, options), runnable === true ? 0o755 : 0o644);
        return path;
      }),
    );
    const native = paths.filter((path) => path.endsWith('.node')).map((path) => join(tree, path));
    run('strip', ['--strip-unneeded', '--remove-section=.comment', ...native], work);
    writeControl(work, tree, paths, native, version);
    const architecture = run('dpkg', ['--print-architecture'], work).trim();
    mkdirSync(out, { recursive: true });
    const path = join(out, `kortbro_${version}_${architecture}.deb`);
    // dpkg-deb takes no time later than this; what is older stays, so that all are set.
    for (const item of run('find', [tree], work).trim().split('\n')) {
      if (statSync(item).isDirectory()) chmodSync(item, 0o755);
      utimesSync(item, date, date);
    }
    run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, path], work, { SOURCE_DATE_EPOCH: String(date) });
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The bytes of one installed file. */
function contentOf(path: string, options: DebOptions): Uint8Array | string {
  const { dist, extensionId: id, sbom, licence, version, date } = options;
  const written: Readonly<Record<string, () => Uint8Array | string>> = {
    'usr/bin/kortbro': () => commandLauncher,
    [`${linuxFolder}/native-host/kortbro-native-host`]: () =>
      hostLauncher(readFileSync(join(root, 'native-host/launcher.sh'), 'utf8')),
    'etc/xdg/autostart/kortbro-agent.desktop': () => autostartEntry,
    'usr/share/doc/kortbro/policy.schema.json': () => readFileSync(copies['policy.schema.json'] ?? ''),
    'usr/share/doc/kortbro/copyright': () => licence,
    'usr/share/doc/kortbro/sbom.cdx.json': () => sbom,
    'usr/share/doc/kortbro/changelog.gz': () => gzipSync(changelog(version, date), { level: 9 }),
  };
  const write = written[path];
  if (write !== undefined) return write();
  if (path.includes('/native-messaging-hosts/'))
    return hostManifest(`/${linuxFolder}/native-host/kortbro-native-host`, id);
  const inFolder = path.slice(linuxFolder.length + 1);
  return readFileSync(inFolder.startsWith('node_modules/') ? join(root, inFolder) : join(dist, inFolder));
}

function writeControl(
  work: string,
  tree: string,
  paths: readonly string[],
  native: readonly string[],
  version: string,
): void {
  const kilobytes = paths.reduce((sum, path) => sum + Math.ceil(statSync(join(tree, path)).size / 1024), 0);
  const architecture = run('dpkg', ['--print-architecture'], work).trim();
  put(join(tree, 'DEBIAN/control'), control(version, architecture, libraries(work, native), kilobytes));
  // Policy 10.7: what stands in /etc is the administrator's, and goes with a purge only.
  const configuration = paths.filter((path) => path.startsWith('etc/')).map((path) => `/${path}\n`);
  put(join(tree, 'DEBIAN/conffiles'), configuration.join(''));
  const sums = [...paths].sort().map((path) => `${md5(join(tree, path))}  ${path}\n`);
  put(join(tree, 'DEBIAN/md5sums'), sums.join(''));
}

/** The packages of the libraries that the native code links, with the least version of each. */
function libraries(work: string, native: readonly string[]): string {
  put(join(work, 'debian/control'), 'Source: kortbro\n\nPackage: kortbro\nArchitecture: any\n');
  const found = run('dpkg-shlibdeps', ['-O', ...native.map((path) => `-e${path}`)], work);
  return /^shlibs:Depends=(.*)$/m.exec(found)?.[1] ?? '';
}

function put(path: string, content: Uint8Array | string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function md5(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

function run(program: string, words: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): string {
  const result = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${program}: ${result.stderr.trim()}`);
  return result.stdout;
}

/** The modules of installer/ that are plain JavaScript. */
interface Shipped {
  shippedPackages(): Promise<{ programs: string[] }>;
  sbom(options: { system: 'linux'; packages: string[]; date: number }): string;
  licenceText(options: { system: 'linux'; packages: string[] }): string;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { dist: { type: 'string', default: 'dist' }, out: { type: 'string', default: 'dist/packages' } },
  });
  const load = async (name: string) => (await import(new URL(`../${name}.mjs`, import.meta.url).href)) as Shipped;
  const { programs: packages } = await (await load('shipped')).shippedPackages();
  const date = Number(process.env['SOURCE_DATE_EPOCH'] ?? Math.floor(Date.now() / 1000));
  const path = buildDeb({
    ...values,
    version: productVersion,
    extensionId: givenIdentity()?.id ?? extensionId,
    sbom: (await load('sbom')).sbom({ system: 'linux', packages, date }),
    licence: (await load('licences')).licenceText({ system: 'linux', packages }),
    date,
  });
  process.stdout.write(`${path}\n`);
}

// The Debian package: what is in it, that dpkg installs it and takes it away whole, and that what it installs works.
// Needs root, mount namespaces and overlays for the last: nothing of this machine is changed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAutostartEntry } from '../../agent/commands/install/autostart-entry.ts';
import { browsers, systemManifestPath } from '../../agent/commands/browsers.ts';
import { installedFiles } from '../../installer/file-list.ts';
import { buildDeb, type DebOptions } from '../../installer/linux/deb.ts';
import { extensionId, productVersion } from '../../shared/names.ts';
import { buildPrograms, licenceText } from './packaged-build.ts';

const files = installedFiles.flatMap(({ linux }) => linux ?? []);
const canOverlay =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=/var/lib/dpkg:/usr', '/usr'])
    .status === 0;

describe('The Debian package', function () {
  this.timeout(120_000);
  let directory: string;
  let options: DebOptions;
  let deb: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-deb-test-'));
    const dist = join(directory, 'dist');
    await buildPrograms(dist);
    const licence = await licenceText({ system: 'linux', packages: ['node_modules/zod'] });
    const texts = { sbom: '{}\n', licence };
    options = { dist, out: directory, version: productVersion, extensionId, ...texts, date: 1_770_000_000 };
    deb = buildDeb(options);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('holds the files of the list and no others, all of root, writable by nobody else', () => {
    const listed = execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8' }).trim().split('\n');
    const rows = listed.map((line) => line.split(/\s+/));
    assert.deepEqual(
      rows.flatMap(([mode, , , , , path]) => (mode!.startsWith('d') ? [] : path!.slice(2))).sort(),
      [...files].sort(),
    );
    for (const [mode, owner] of rows) {
      assert.equal(owner, 'root/root');
      assert.match(mode!, /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--)$/);
    }
    const runnable = rows.filter(([mode]) => mode === '-rwxr-xr-x').map(([, , , , , path]) => path!.slice(2));
    assert.deepEqual(
      runnable.sort(),
      installedFiles.flatMap(({ linux, runnable: is }) => (is === true ? linux! : [])).sort(),
    );
  });

  it('depends on what it needs, and has no script that runs at installation', () => {
    const field = (name: string) => execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();
    const depends = field('Depends');
    for (const name of ['nodejs (>= 20.19)', 'libc6 (>=', 'libstdc++6 (>=', 'libpcsclite1', 'pinentry-gtk2']) {
      assert.ok(depends.includes(name), `${name} in ${depends}`);
    }
    assert.equal(field('Version'), productVersion);
    const control = join(directory, 'control');
    execFileSync('dpkg-deb', ['-e', deb, control]);
    assert.deepEqual(readdirSync(control).sort(), ['conffiles', 'control', 'md5sums']);
    assert.deepEqual(
      readFileSync(join(control, 'conffiles'), 'utf8').trim().split('\n').sort(),
      files
        .filter((path) => path.startsWith('etc/'))
        .map((path) => `/${path}`)
        .sort(),
    );
  });

  it('is the same, byte for byte, whenever it is built', () => {
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    const old = process.umask(0o077);
    try {
      assert.equal(digest(buildDeb({ ...options, out: join(directory, 'again') })), digest(deb));
    } finally {
      process.umask(old);
    }
  });

  it('is what lintian takes for a sound package, but for the places that the browsers have chosen', function () {
    if (spawnSync('lintian', ['--version']).status !== 0) this.skip();
    const words = ['--allow-root', '--fail-on', 'error', '--suppress-tags', 'dir-or-file-in-etc-opt', deb];
    const { status, stdout } = spawnSync('lintian', words, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });

  it('installs into an empty system, tells every browser where the host is, and is purged without a trace', function () {
    if (process.getuid?.() !== 0) this.skip();
    const root = emptySystem('plain');
    dpkg(root, '--force-depends', '-i', deb);
    for (const browser of browsers) {
      const manifest = JSON.parse(readFileSync(join(root, systemManifestPath(browser)), 'utf8')) as { path: string };
      assert.equal(statSync(join(root, manifest.path)).mode & 0o777, 0o755);
    }
    const entry = readAutostartEntry(readFileSync(join(root, 'etc/xdg/autostart/kortbro-agent.desktop'), 'utf8'));
    assert.ok(entry.enabled);
    assert.deepEqual(
      entry.targets.filter((path) => path !== '/usr/bin/node' && !existsSync(join(root, path))),
      [],
    );
    dpkg(root, '-P', 'kortbro');
    const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
      (item) => item.isFile() && !item.parentPath.startsWith(join(root, 'var/lib/dpkg')),
    );
    assert.deepEqual(left, []);
    assert.ok(!existsSync(join(root, 'usr')) && !existsSync(join(root, 'etc')));
  });

  it('installs an agent that answers `kortbro status`', function () {
    if (!canOverlay) this.skip();
    const root = emptySystem('used');
    dpkg(root, '--force-depends', '-i', deb);
    const runtime = join(directory, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    // The package above this machine's own files, for one process and those that it starts; they end with it.
    const script = `mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr
      mount -t overlay overlay -o "lowerdir=$0/etc:/etc" /etc
      mount -t proc none /proc
      kortbro status --json`;
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script, root],
      {
        encoding: 'utf8',
        env: {
          PATH: '/usr/bin:/bin',
          HOME: directory,
          XDG_RUNTIME_DIR: runtime,
          XDG_STATE_HOME: join(directory, 'state'),
        },
      },
    );
    assert.equal(status, 0, stderr);
    assert.equal((JSON.parse(stdout) as { version: string }).version, productVersion);
  });

  function emptySystem(name: string): string {
    const root = join(directory, name);
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
    mkdirSync(join(root, 'var/lib/dpkg/updates'));
    writeFileSync(join(root, 'var/lib/dpkg/status'), '');
    return root;
  }

  function dpkg(root: string, ...words: string[]): void {
    execFileSync('dpkg', [`--root=${root}`, ...words], { stdio: 'pipe' });
  }
});

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installForUser, uninstallForUser, type InstallReport } from '../../../../agent/commands/install/install.ts';
import { hostManifest } from '../../../../agent/commands/install/host-manifest.ts';
import { type Programs } from '../../../../agent/commands/programs.ts';
import { userPlaces, type UserPlaces } from '../../../../agent/commands/user-places.ts';

const plain = { all: false, force: false };

describe('install --user', () => {
  let scratch: string;
  let places: UserPlaces;
  let programs: Programs;
  const launcher = () => join(places.dataHome, 'kortbro/kortbro-native-host');
  const manifest = (directory = 'chromium') =>
    join(places.configHome, directory, 'NativeMessagingHosts/se.kortbro.host.json');
  const autostart = () => join(places.configHome, 'autostart/kortbro-agent.desktop');

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kortbro-install-'));
    const home = join(scratch, 'home');
    mkdirSync(join(home, '.config/chromium'), { recursive: true });
    places = userPlaces({}, home);
    const program = (name: string) => {
      writeFileSync(join(scratch, name), '');
      return join(scratch, name);
    };
    programs = {
      node: process.execPath,
      nativeHost: program('host.js'),
      agent: program('agent.js'),
      moduleHost: program('module.js'),
      addon: program('kortbro.node'),
    };
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  const english = ({ lines }: InstallReport) => lines.map(({ en }) => en).join('\n');
  /** Everything below the home directory, with modes and contents. */
  const tree = () =>
    readdirSync(places.home, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const status = lstatSync(join(places.home, name));
        const text = status.isFile() ? readFileSync(join(places.home, name), 'utf8') : '';
        return `${name} ${(status.mode & 0o777).toString(8)} ${text}`;
      });
  const put = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };

  it('writes launcher, manifest and autostart entry, private to the user', () => {
    const report = installForUser(places, programs, plain);
    assert.ok(report.done, english(report));
    assert.equal(readFileSync(manifest(), 'utf8'), hostManifest(launcher()));
    assert.equal(lstatSync(launcher()).mode & 0o777, 0o700);
    assert.equal(lstatSync(manifest()).mode & 0o777, 0o600);
    assert.match(readFileSync(launcher(), 'utf8'), new RegExp(`exec '${process.execPath}' '${programs.nativeHost}'`));
    assert.ok(readFileSync(autostart(), 'utf8').includes(programs.agent));
    assert.match(english(report), /Browsers connected: Chromium\./);
  });

  it('connects the browsers that have been used, and with --all every one', () => {
    installForUser(places, programs, plain);
    assert.deepEqual([existsSync(manifest('google-chrome')), existsSync(manifest('microsoft-edge'))], [false, false]);
    installForUser(places, programs, { ...plain, all: true });
    assert.deepEqual([existsSync(manifest('google-chrome')), existsSync(manifest('microsoft-edge'))], [true, true]);
  });

  it('changes nothing when it is run again', () => {
    installForUser(places, programs, plain);
    const before = tree();
    const report = installForUser(places, programs, plain);
    assert.ok(report.done && !/Wrote|Replaced/.test(english(report)), english(report));
    assert.deepEqual(tree(), before);
  });

  it('brings its own files up to date after the programs have moved, and mends a mode', () => {
    installForUser(places, programs, plain);
    chmodSync(manifest(), 0o644);
    const moved = { ...programs, nativeHost: programs.moduleHost };
    const report = installForUser(places, moved, plain);
    assert.ok(report.done);
    assert.match(english(report), /Replaced.*kortbro-native-host/);
    assert.ok(readFileSync(launcher(), 'utf8').includes(moved.nativeHost));
    assert.equal(lstatSync(manifest()).mode & 0o777, 0o600);
  });

  it('writes nothing at all when one foreign file is in the way, and names it', () => {
    put(autostart(), 'not ours');
    const before = tree();
    const report = installForUser(places, programs, plain);
    assert.equal(report.done, false);
    assert.match(english(report), /In the way .*kortbro-agent\.desktop.*\nNothing was changed/);
    assert.deepEqual(tree(), before);
  });

  it('takes a manifest of our name that names another program for a foreign one', () => {
    put(manifest(), hostManifest('/usr/lib/kortbro/native-host'));
    assert.equal(installForUser(places, programs, plain).done, false);
  });

  it('replaces foreign files with --force', () => {
    put(manifest(), hostManifest('/old/host'));
    put(launcher(), 'not ours');
    assert.ok(installForUser(places, programs, { ...plain, force: true }).done);
    assert.equal(readFileSync(manifest(), 'utf8'), hostManifest(launcher()));
  });

  it('never writes through a link: it is foreign, and --force replaces the link itself', () => {
    const target = join(scratch, 'target');
    put(target, 'precious');
    mkdirSync(dirname(manifest()), { recursive: true });
    symlinkSync(target, manifest());
    assert.equal(installForUser(places, programs, plain).done, false);
    assert.ok(installForUser(places, programs, { ...plain, force: true }).done);
    assert.equal(readFileSync(target, 'utf8'), 'precious');
    assert.ok(lstatSync(manifest()).isFile());
  });

  it('says what cannot be written, and removes later what it had written before', () => {
    mkdirSync(join(places.configHome, 'autostart'), { recursive: true });
    mkdirSync(autostart());
    const report = installForUser(places, programs, { ...plain, force: true });
    assert.equal(report.done, false);
    assert.match(english(report), /could not be changed \(E/);
    rmSync(autostart(), { recursive: true });
    uninstallForUser(places, programs);
    assert.deepEqual(readdirSync(places.home), ['.config']);
  });

  it('writes nothing when the installation is not complete', () => {
    rmSync(programs.nativeHost);
    const before = tree();
    assert.match(english(installForUser(places, programs, plain)), /host\.js is missing/);
    assert.deepEqual(tree(), before);
  });

  it('says so when no browser has been used', () => {
    rmSync(join(places.configHome, 'chromium'), { recursive: true });
    const report = installForUser(places, programs, plain);
    assert.ok(report.done);
    assert.match(english(report), /No browser has been used here/);
  });

  it("refuses a home directory that is not the user's own", () => {
    const report = installForUser(userPlaces({}, join(scratch, 'nobody')), programs, plain);
    assert.equal(report.done, false);
    assert.match(english(report), /without sudo/);
  });

  it('follows XDG_CONFIG_HOME and XDG_DATA_HOME', () => {
    places = userPlaces({ XDG_CONFIG_HOME: join(scratch, 'c'), XDG_DATA_HOME: join(scratch, 'd') }, places.home);
    const before = tree();
    assert.ok(installForUser(places, programs, { ...plain, all: true }).done);
    assert.ok(existsSync(join(scratch, 'c/google-chrome/NativeMessagingHosts/se.kortbro.host.json')));
    assert.ok(existsSync(join(scratch, 'd/kortbro/kortbro-native-host')));
    assert.deepEqual(tree(), before);
    uninstallForUser(places, programs);
    assert.deepEqual([existsSync(join(scratch, 'c')), existsSync(join(scratch, 'd'))], [false, false]);
  });

  describe('and uninstall --user', () => {
    it('leaves everything as it was before', () => {
      put(join(places.configHome, 'autostart/other.desktop'), 'other');
      put(join(places.configHome, 'chromium/NativeMessagingHosts/com.example.json'), 'other');
      const before = tree();
      installForUser(places, programs, plain);
      installForUser(places, programs, { ...plain, all: true });
      const report = uninstallForUser(places, programs);
      assert.ok(report.done);
      assert.deepEqual(tree(), before);
    });

    it('keeps directories that were there before, even empty ones', () => {
      mkdirSync(join(places.configHome, 'autostart'));
      mkdirSync(join(places.configHome, 'google-chrome/NativeMessagingHosts'), { recursive: true });
      const before = tree();
      installForUser(places, programs, plain);
      uninstallForUser(places, programs);
      assert.deepEqual(tree(), before);
    });

    it('leaves what is not ours, and says so', () => {
      installForUser(places, programs, plain);
      writeFileSync(manifest(), hostManifest('/usr/lib/kortbro/native-host'));
      writeFileSync(autostart(), 'changed by somebody');
      const report = uninstallForUser(places, programs);
      assert.ok(report.done);
      assert.deepEqual([existsSync(manifest()), existsSync(autostart()), existsSync(launcher())], [true, true, false]);
      assert.match(english(report), /Left .*se\.kortbro\.host\.json/);
    });

    it('removes what an installation of another place wrote for this user', () => {
      const before = tree();
      installForUser(places, programs, plain);
      uninstallForUser(places, { ...programs, node: '/other/node', nativeHost: '/other/host', agent: '/other/agent' });
      assert.deepEqual(tree(), before);
    });

    it('has nothing to do the second time, and says that', () => {
      installForUser(places, programs, plain);
      uninstallForUser(places, programs);
      const before = tree();
      const report = uninstallForUser(places, programs);
      assert.match(english(report), /nothing to remove/);
      assert.deepEqual(tree(), before);
    });

    it('removes the files also when the record of directories is broken', () => {
      installForUser(places, programs, plain);
      writeFileSync(join(places.dataHome, 'kortbro/installed.json'), '{"directories":["relative"]}');
      uninstallForUser(places, programs);
      assert.deepEqual([existsSync(manifest()), existsSync(join(places.dataHome, 'kortbro'))], [false, false]);
    });
  });
});

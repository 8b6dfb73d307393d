import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gatherAutostart, gatherBrowsers } from '../../../../agent/commands/doctor/gather-browsers.ts';
import { gatherOtherSoftware } from '../../../../agent/commands/doctor/gather-software.ts';
import { autostartEntry } from '../../../../agent/commands/install/autostart-entry.ts';
import { hostManifest } from '../../../../agent/commands/install/host-manifest.ts';
import { launcher } from '../../../../agent/commands/install/launcher.ts';
import { userPlaces } from '../../../../agent/commands/user-places.ts';
import { extensionId } from '../../../../shared/names.ts';

describe("doctor's look at browsers", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'kortbro-doctor-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const put = (path: string, text: string, mode = 0o600) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
    return join(root, path);
  };
  const places = () => userPlaces({}, join(root, 'home'));
  const chromium = () => gatherBrowsers(places(), root).find(({ browser }) => browser.id === 'chromium');

  it('sees nothing on an empty machine', () => {
    for (const { browser, ...sight } of gatherBrowsers(places(), root)) {
      const nothing = { installed: false, used: false, sandboxed: false, extension: 'unknown', policies: [] };
      assert.deepEqual(sight, { ...nothing, userManifest: undefined, systemManifest: undefined }, browser.name);
    }
    assert.deepEqual(gatherAutostart(places(), { XDG_CONFIG_DIRS: '/etc/xdg' }, root), []);
  });

  it('sees each browser at its own places', () => {
    for (const directory of ['chromium', 'google-chrome', 'microsoft-edge']) {
      put(`home/.config/${directory}/NativeMessagingHosts/se.kortbro.host.json`, '{}');
    }
    put('etc/chromium/native-messaging-hosts/se.kortbro.host.json', '{}');
    put('etc/opt/chrome/native-messaging-hosts/se.kortbro.host.json', '{}');
    put('etc/opt/edge/native-messaging-hosts/se.kortbro.host.json', '{}');
    for (const sight of gatherBrowsers(places(), root)) {
      assert.ok(sight.used && sight.userManifest !== undefined && sight.systemManifest !== undefined, sight.browser.id);
    }
  });

  it('tells an executable program from one that is not, and from none', () => {
    const program = put('host', '#!/bin/sh\n', 0o700);
    const system = 'etc/chromium/native-messaging-hosts/se.kortbro.host.json';
    put(system, hostManifest(program));
    assert.equal(chromium()?.systemManifest?.program, 'executable');
    put(system, hostManifest(join(root, 'none')));
    assert.equal(chromium()?.systemManifest?.program, 'missing');
    put(system, hostManifest(root));
    assert.equal(chromium()?.systemManifest?.program, 'missing');
    put(system, hostManifest('relative'));
    assert.equal(chromium()?.systemManifest?.program, undefined);
    put(system, hostManifest(put('plain', '', 0o600)));
    assert.equal(chromium()?.systemManifest?.program, 'not-executable');
  });

  it('looks through a launcher of ours at what it starts', () => {
    const host = put('host', launcher(process.execPath, join(root, 'gone.js')), 0o700);
    put('home/.config/chromium/NativeMessagingHosts/se.kortbro.host.json', hostManifest(host));
    assert.deepEqual(chromium()?.userManifest?.missingTargets, [join(root, 'gone.js')]);
  });

  it('reads managed policies in the order of their names, and says which cannot be read', () => {
    put('etc/chromium/policies/managed/b.json', '{"b":1}');
    put('etc/chromium/policies/managed/a.json', '{"a":1}');
    mkdirSync(join(root, 'etc/chromium/policies/managed/c.json'));
    assert.deepEqual(
      chromium()?.policies.map(({ path, text }) => [basename(path), text]),
      [
        ['a.json', '{"a":1}'],
        ['b.json', '{"b":1}'],
        ['c.json', undefined],
      ],
    );
  });

  it('finds the extension in any profile, in the preferences or as a directory', () => {
    put('home/.config/chromium/Default/Preferences', '{}');
    assert.equal(chromium()?.extension, 'absent');
    const settings = (state: number) => JSON.stringify({ extensions: { settings: { [extensionId]: { state } } } });
    put('home/.config/chromium/Profile 1/Preferences', '{}');
    put('home/.config/chromium/Profile 1/Secure Preferences', settings(0));
    assert.equal(chromium()?.extension, 'disabled');
    put(`home/.config/chromium/Default/Extensions/${extensionId}/0.1.0_0/manifest.json`, '{}');
    assert.equal(chromium()?.extension, 'installed');
  });

  it('reads autostart entries, the own one first, and what they start', () => {
    put('home/.config/autostart/kortbro-agent.desktop', autostartEntry(process.execPath, join(root, 'gone.js')));
    put('etc/xdg/autostart/kortbro-agent.desktop', '[Desktop Entry]\nExec=/bin/sh\nHidden=true\n');
    const [own, machine] = gatherAutostart(places(), {}, root);
    assert.deepEqual([own?.enabled, own?.missingTargets], [true, [join(root, 'gone.js')]]);
    assert.deepEqual([machine?.enabled, machine?.missingTargets], [false, []]);
  });

  it('is not held up by a named pipe or a dangling link', () => {
    mkdirSync(join(root, 'home/.config/chromium/NativeMessagingHosts'), { recursive: true });
    symlinkSync('/nowhere', join(root, 'home/.config/chromium/NativeMessagingHosts/se.kortbro.host.json'));
    assert.equal(chromium()?.userManifest, undefined);
    mkdirSync(join(root, 'etc/chromium/native-messaging-hosts'), { recursive: true });
    execFileSync('mkfifo', [join(root, 'etc/chromium/native-messaging-hosts/se.kortbro.host.json')]);
    assert.equal(chromium()?.systemManifest?.text, undefined);
  });

  it('sees other card software by its files', () => {
    assert.ok(!gatherOtherSoftware(root).includes('Net iD'));
    put('usr/lib/libiidp11.so', '');
    assert.ok(gatherOtherSoftware(root).includes('Net iD'));
  });
});

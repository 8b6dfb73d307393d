// The tables of the MSI: what it installs and where, and that it never changes by itself. What it does meanwhile: msi-actions.test.ts.
// How Windows Installer acts on them is another thing: test/windows/msi asks Wine, docs/to-verify.md asks Windows.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { windowsFiles } from '../../installer/file-list.ts';
import { componentCode, upgradeCode } from '../../installer/windows/msi.ts';
import { versionFive } from '../../installer/windows/uuid.ts';
import { buildDate, buildSampleMsi, columnBy, table, writePlaceholders } from './msi-tables.ts';

describe('The MSI', function () {
  this.timeout(60_000);
  let directory: string;
  let msi: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-msi-test-'));
    msi = buildSampleMsi(directory, { version: '0.3.0' });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is for the whole machine, for 64 bits, and says who made it', () => {
    const properties = columnBy(msi, 'Property', 'Property', 'Value');
    assert.deepEqual(
      ['ALLUSERS', 'ProductName', 'Manufacturer', 'ProductVersion', 'ARPNOMODIFY', 'ARPPRODUCTICON'].map(
        (name) => properties[name],
      ),
      ['1', 'Kortbro', 'Kortbro', '0.3.0', '1', 'kortbro.ico'],
    );
    assert.ok(!('ARPHELPLINK' in properties));
    assert.match(execFileSync('msiinfo', ['suminfo', msi], { encoding: 'utf8' }), /^Template: x64;1033$/m);
  });

  it('installs the files of the list and no others, below Program Files', () => {
    assert.deepEqual(
      table(msi, 'File').map(({ FileName }) => FileName),
      windowsFiles,
    );
    const directories = columnBy(msi, 'Directory', 'Directory', 'Directory_Parent');
    assert.deepEqual(directories, {
      InstallFolder: 'ProgramFiles64Folder',
      ProgramFiles64Folder: 'TARGETDIR',
      TARGETDIR: '',
    });
    assert.deepEqual(new Set(table(msi, 'Component').map(({ Directory_ }) => Directory_)), new Set(['InstallFolder']));
  });

  it('is not built when a file is missing, or when there is one too many', () => {
    const folder = writePlaceholders(join(directory, 'wrong'), '0.3.0');
    rmSync(join(folder, 'kortbro.node'));
    assert.throws(() => buildSampleMsi(directory, { version: '0.3.0', files: folder }), /lacks kortbro\.node/);
    writePlaceholders(folder, '0.3.0');
    writeFileSync(join(folder, 'notes.txt'), '');
    assert.throws(() => buildSampleMsi(directory, { version: '0.3.0', files: folder }), /does not name: notes\.txt/);
  });

  it('has a component for each file, of 64 bits, with an identifier that stays', () => {
    const components = table(msi, 'Component');
    const codes = components.map(({ ComponentId }) => ComponentId);
    assert.equal(new Set(codes).size, components.length);
    for (const { Component, ComponentId, Attributes } of components) {
      const name = windowsFiles.find((file) => file.replaceAll('-', '_') === Component) ?? Component!;
      assert.equal(ComponentId, `{${componentCode(name)}}`);
      assert.equal(Number(Attributes) & 256, 256, Component);
    }
    // What has been installed once is found by this for ever.
    assert.equal(componentCode('kortbro.exe'), 'A65D5A2F-6780-5448-876A-AC211A652D7C');
    assert.equal(upgradeCode, '797AF20C-CB38-5495-9253-24FBE8DDEB85');
    // RFC 9562, appendix A.4.
    assert.equal(
      versionFive('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'),
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('writes the registry that the browsers, Windows and the agent read, and nothing else', () => {
    const manifest = '[InstallFolder]native-host.json';
    const forced = '[ForcedExtensionId];[EXTENSIONUPDATEURL]';
    const host = 'NativeMessagingHosts\\se.kortbro.host';
    const expected = [
      ['SOFTWARE\\Kortbro', 'InstallDir', '[InstallFolder]', 'Settings'],
      ['SOFTWARE\\Kortbro', 'Version', '[ProductVersion]', 'Settings'],
      ['SOFTWARE\\Kortbro', 'PolicyFile', '[POLICYFILE]', 'Settings'],
      ['SOFTWARE\\Kortbro', 'ExtensionUpdateUrl', '[EXTENSIONUPDATEURL]', 'Settings'],
      ['SOFTWARE\\Kortbro', 'ExtensionId', '[EXTENSIONID]', 'Settings'],
      [`SOFTWARE\\Google\\Chrome\\${host}`, '', manifest, 'Hosts'],
      [`SOFTWARE\\Microsoft\\Edge\\${host}`, '', manifest, 'Hosts'],
      [`SOFTWARE\\Chromium\\${host}`, '', manifest, 'Hosts'],
      [
        'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run',
        'Kortbro',
        '"[InstallFolder]kortbro-agent.exe"',
        'Autostart',
      ],
      ['SOFTWARE\\Policies\\Google\\Chrome\\ExtensionInstallForcelist', '27815', forced, 'ForceExtension'],
      ['SOFTWARE\\Policies\\Microsoft\\Edge\\ExtensionInstallForcelist', '27815', forced, 'ForceExtension'],
    ];
    const rows = table(msi, 'Registry');
    assert.deepEqual(
      new Set(rows.map(({ Key, Name, Value, Component_ }) => JSON.stringify([Key, Name, Value, Component_]))),
      new Set(expected.map((row) => JSON.stringify(row))),
    );
    assert.deepEqual(new Set(rows.map(({ Root }) => Root)), new Set(['2'])); // HKEY_LOCAL_MACHINE
    for (const { Key } of rows) assert.doesNotMatch(Key!, /\\$/);
  });

  it('has Core always, Autostart unless it is left out, and ForceExtension only when it is asked for', () => {
    const features = table(msi, 'Feature');
    assert.deepEqual(
      features.map((row) => [row['Feature'], row['Feature_Parent'], row['Level'], row['Attributes']]),
      [
        ['Core', '', '1', '24'],
        ['Autostart', 'Core', '1', '8'],
        ['ForceExtension', 'Core', '2', '8'],
      ],
    );
    const parts = table(msi, 'FeatureComponents').map((row) => [row['Component_'], row['Feature_']]);
    const files = windowsFiles.map((name) => [name.replaceAll('-', '_'), 'Core']);
    const others = [
      ['Settings', 'Core'],
      ['Hosts', 'Core'],
      ['Autostart', 'Autostart'],
      ['ForceExtension', 'ForceExtension'],
    ];
    assert.deepEqual(parts, [...files, ...others]);
  });

  it('knows the version of each program, and the hash of every other file', () => {
    const hashed = table(msi, 'MsiFileHash').map(({ File_ }) => File_);
    for (const { File, Version } of table(msi, 'File')) {
      const isProgram = File!.endsWith('.exe');
      assert.equal(Version, isProgram ? '0.3.0.0' : '', File);
      assert.equal(hashed.includes(File), !isProgram, File);
    }
  });

  it('is the same, byte for byte, whenever and from wherever it is built', () => {
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    const first = digest(msi);
    const folder = writePlaceholders(join(directory, 'another-folder'), '0.3.0');
    for (const name of windowsFiles) utimesSync(join(folder, name), 1_000_000_000, 1_000_000_000);
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Asia/Tokyo';
    try {
      assert.equal(digest(buildSampleMsi(directory, { version: '0.3.0', files: folder })), first);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
    const summary = () =>
      execFileSync('msiinfo', ['suminfo', msi], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
    const before = summary();
    assert.match(before, /^Created: Fri Jan {1,2}2 03:04:06 2026$/m);
    // Other bytes are another package.
    buildSampleMsi(directory, { version: '0.3.0', date: buildDate + 2 });
    assert.notEqual(/^Revision.*$/m.exec(summary())![0], /^Revision.*$/m.exec(before)![0]);
  });
});

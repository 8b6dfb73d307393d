// The tables of the MSI: what it remembers, in which order it does things, whom it ends, what it replaces and what it refuses.
// How Windows Installer acts on them is another thing: test/windows/msi asks Wine, docs/to-verify.md asks Windows.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { windowsFiles } from '../../installer/file-list.ts';
import { productCode, upgradeCode } from '../../installer/windows/msi.ts';
import { extensionId } from '../../shared/names.ts';
import { buildSampleMsi, columnBy, table } from './msi-tables.ts';

const numbers = (record: Record<string, string>) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, Number(value)]));

describe('What the MSI does', function () {
  this.timeout(60_000);
  let directory: string;
  let msi: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-msi-test-'));
    msi = buildSampleMsi(directory, { version: '0.3.0' });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('takes three properties, passes them on, and remembers them where the command line says nothing', () => {
    const secure = columnBy(msi, 'Property', 'Property', 'Value')['SecureCustomProperties']!.split(';');
    assert.deepEqual(secure, [
      'EXTENSIONID',
      'EXTENSIONUPDATEURL',
      'POLICYFILE',
      'WIX_DOWNGRADE_DETECTED',
      'WIX_UPGRADE_DETECTED',
    ]);
    const searches = columnBy(msi, 'AppSearch', 'Property', 'Signature_');
    const places = Object.fromEntries(table(msi, 'RegLocator').map((row) => [row['Signature_']!, row]));
    const actions = Object.fromEntries(table(msi, 'CustomAction').map((row) => [row['Action']!, row]));
    const steps = Object.fromEntries(table(msi, 'InstallExecuteSequence').map((row) => [row['Action']!, row]));
    for (const [property, name] of [
      ['POLICYFILE', 'PolicyFile'],
      ['EXTENSIONUPDATEURL', 'ExtensionUpdateUrl'],
      ['EXTENSIONID', 'ExtensionId'],
    ] as const) {
      const place = places[searches[`EARLIER${property}`]!]!;
      // Type 18: the plain value, in the 64-bit view.
      assert.deepEqual(
        [place['Root'], place['Key'], place['Name'], place['Type']],
        ['2', 'SOFTWARE\\Kortbro', name, '18'],
      );
      const action = actions[`Keep${name}`]!;
      assert.deepEqual([action['Type'], action['Source'], action['Target']], ['51', property, `[EARLIER${property}]`]);
      assert.equal(steps[`Keep${name}`]!['Condition'], `NOT ${property} AND EARLIER${property}`);
      const forget = actions[`Forget${name}`]!;
      assert.deepEqual([forget['Type'], forget['Source'], forget['Target']], ['51', property, '']);
      assert.equal(steps[`Forget${name}`]!['Condition'], `${property} ~= "none"`);
    }
    assert.equal(columnBy(msi, 'Property', 'Property', 'Value')['ForcedExtensionId'], extensionId);
  });

  it('does things in the order that they need', () => {
    const at = numbers(columnBy(msi, 'InstallExecuteSequence', 'Action', 'Sequence'));
    const order = [
      ...['FindRelatedProducts', 'AppSearch', 'KeepPolicyFile', 'KeepExtensionUpdateUrl', 'KeepExtensionId'],
      ...['ForgetPolicyFile', 'ForgetExtensionUpdateUrl', 'ForgetExtensionId', 'UseExtensionId', 'LaunchConditions'],
      ...['CostFinalize', 'FindTaskKill', 'MigrateFeatureStates'],
      ...['NeedsUpdateUrl', 'InstallValidate', 'RemoveExistingProducts', 'InstallInitialize', 'RemoveRegistryValues'],
      ...['StopRunning', 'RemoveFiles', 'InstallFiles', 'WriteRegistryValues', 'InstallFinalize'],
    ];
    assert.deepEqual(
      order.filter((name) => !(name in at)),
      [],
    );
    assert.deepEqual(
      [...order].sort((one, other) => at[one]! - at[other]!),
      order,
    );
    assert.equal(new Set(Object.values(at)).size, Object.keys(at).length);
    const dialogs = table(msi, 'InstallUISequence').map(({ Action }) => Action);
    assert.ok(!dialogs.includes('AppSearch') && !dialogs.includes('LaunchConditions'));
  });

  it('ends what runs, as the system, before files go, and only where something is installed', () => {
    const [stop] = table(msi, 'CustomAction').filter(({ Action }) => Action === 'StopRunning');
    // Type 50: a program that a property names; 64: its result does not matter; 1024 + 2048: later, as the system.
    assert.equal(Number(stop!['Type']), 50 + 64 + 1024 + 2048);
    assert.equal(stop!['Source'], 'TaskKill');
    const [find] = table(msi, 'CustomAction').filter(({ Action }) => Action === 'FindTaskKill');
    assert.deepEqual([find!['Source'], find!['Target']], ['TaskKill', '[System64Folder]taskkill.exe']);
    const named = [...stop!['Target']!.matchAll(/\/IM (\S+)/g)].map(([, name]) => name);
    assert.deepEqual(new Set(named), new Set(windowsFiles.filter((name) => name.endsWith('.exe'))));
    const conditions = columnBy(msi, 'InstallExecuteSequence', 'Action', 'Condition');
    assert.deepEqual([conditions['FindTaskKill'], conditions['StopRunning']], ['Installed', 'Installed']);
    const properties = columnBy(msi, 'Property', 'Property', 'Value');
    assert.deepEqual([properties['MSIRESTARTMANAGERCONTROL'], properties['REBOOT']], ['Disable', 'ReallySuppress']);
  });

  it('replaces an earlier version with its features, and refuses to replace a later one', () => {
    const [upgrade, downgrade] = table(msi, 'Upgrade');
    assert.deepEqual(
      [upgrade!['UpgradeCode'], upgrade!['VersionMax'], upgrade!['Attributes'], upgrade!['ActionProperty']],
      [`{${upgradeCode}}`, '0.3.0', '1', 'WIX_UPGRADE_DETECTED'],
    );
    assert.deepEqual(
      [downgrade!['VersionMin'], downgrade!['Attributes'], downgrade!['ActionProperty']],
      ['0.3.0', '2', 'WIX_DOWNGRADE_DETECTED'],
    );
    const conditions = columnBy(msi, 'LaunchCondition', 'Condition', 'Description');
    assert.match(conditions['NOT WIX_DOWNGRADE_DETECTED']!, /newer version/);
    assert.equal(
      table(msi, 'Property').find(({ Value }) => Value === `{${productCode('0.3.0')}}`)?.['Property'],
      'ProductCode',
    );
    assert.notEqual(productCode('0.3.0'), productCode('0.3.1'));
  });

  it('refuses Windows before 10, and ForceExtension without an address', () => {
    const conditions = columnBy(msi, 'LaunchCondition', 'Condition', 'Description');
    assert.match(conditions['Installed OR (VersionNT64 AND WINDOWSMAJOR)']!, /Windows 10/);
    const [place] = table(msi, 'RegLocator').filter((row) => row['Signature_'] === 'WINDOWSMAJOR');
    assert.equal(place!['Name'], 'CurrentMajorVersionNumber');
    const [refusal] = table(msi, 'CustomAction').filter(({ Action }) => Action === 'NeedsUpdateUrl');
    assert.equal(refusal!['Type'], '19');
    const steps = columnBy(msi, 'InstallExecuteSequence', 'Action', 'Condition');
    assert.equal(steps['NeedsUpdateUrl'], '&ForceExtension = 3 AND NOT EXTENSIONUPDATEURL');
  });
});

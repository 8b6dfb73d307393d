// The MSI under Wine's own installer: install, remember, replace, refuse, mend, remove. Small files stand for the programs.
// What Wine does in its own way (it does not take features over, and gives exit codes modulo 256) is in docs/to-verify.md.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { windowsFiles } from '../../../installer/file-list.ts';
import { extensionId } from '../../../shared/names.ts';
import { buildSampleMsi } from '../../installer/msi-tables.ts';
import { wineUnavailable, type WineProcess } from '../lane/wine.ts';
import { WineMachine } from './wine-machine.ts';

const own = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Kortbro';
const programFolder = ['Program Files', 'Kortbro'];
const run = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run';
const uninstallKey = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';

/** ERROR_INSTALL_FAILURE (1603), as Wine's exit code has it. */
const refused = 1603 % 256;

describe('The MSI under Wine', function () {
  this.timeout(600_000);
  let machine: WineMachine;
  const msi: Record<string, string> = {};
  const settings = async () => {
    const values = Object.entries(await machine.registry(own));
    return Object.fromEntries(values.map(([name, value]) => [name.slice(name.indexOf('|') + 1), value]));
  };

  before(async function () {
    if (wineUnavailable() !== undefined) this.skip();
    machine = await WineMachine.start();
    for (const version of ['0.1.0', '0.2.0', '0.3.0']) msi[version] = buildSampleMsi(machine.folder, { version });
  });
  after(async () => {
    if (wineUnavailable() === undefined) await machine.stop();
  });
  afterEach(async () => {
    for (const path of Object.values(msi)) await machine.msiexec('/x', path);
    rmSync(machine.path(...programFolder), { recursive: true, force: true });
  });

  it('installs without a question: files, hosts of three browsers, start at logon, an entry in the list of programs', async () => {
    assert.equal((await machine.msiexec('/i', msi['0.1.0']!)).status, 0);
    assert.deepEqual(machine.files(...programFolder), [...windowsFiles].sort());
    assert.equal(
      readFileSync(machine.path(...programFolder, 'native-host.json'), 'utf8'),
      'native-host.json of 0.1.0\n',
    );
    for (const browser of ['Google\\Chrome', 'Microsoft\\Edge', 'Chromium']) {
      const key = `HKEY_LOCAL_MACHINE\\SOFTWARE\\${browser}\\NativeMessagingHosts\\se.kortbro.host`;
      assert.equal((await machine.registry(key))[`${key}|(Default)`], 'C:\\Program Files\\Kortbro\\native-host.json');
    }
    assert.equal((await machine.registry(run))[`${run}|Kortbro`], '"C:\\Program Files\\Kortbro\\kortbro-agent.exe"');
    assert.deepEqual(await settings(), {
      '': '', // the key itself
      InstallDir: 'C:\\Program Files\\Kortbro\\',
      Version: '0.1.0',
      PolicyFile: '',
      ExtensionUpdateUrl: '',
      ExtensionId: '',
    });
    const listed = await machine.registry(uninstallKey);
    const value = (name: string) => Object.entries(listed).find(([path]) => path.endsWith(`|${name}`))?.[1];
    assert.deepEqual(['DisplayName', 'DisplayVersion', 'Publisher', 'HelpLink'].map(value), [
      'Kortbro',
      '0.1.0',
      'Kortbro',
      '',
    ]);
    assert.deepEqual(await machine.registry('HKLM\\SOFTWARE\\Policies\\Google'), {});
  });

  it('leaves Autostart out when only Core is asked for', async () => {
    assert.equal((await machine.msiexec('/i', msi['0.1.0']!, 'ADDLOCAL=Core')).status, 0);
    assert.equal((await machine.registry(run))[`${run}|Kortbro`], undefined);
    assert.equal((await settings())['Version'], '0.1.0');
  });

  it('force-installs the extension when it is asked to, and refuses without an address', async () => {
    const forced = async (browser: string) => {
      const key = `HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\${browser}\\ExtensionInstallForcelist`;
      return (await machine.registry(key))[`${key}|27815`];
    };
    const refusal = await machine.msiexec('/i', msi['0.1.0']!, 'ADDLOCAL=Core,ForceExtension');
    assert.equal(refusal.status, refused);
    assert.match(refusal.log, /NeedsUpdateUrl\. Return value 0/);
    assert.deepEqual(await settings(), {});

    const address = 'https://it.example.se/kortbro/update.xml';
    const words = ['ADDLOCAL=Core,ForceExtension', `EXTENSIONUPDATEURL=${address}`];
    assert.equal((await machine.msiexec('/i', msi['0.1.0']!, ...words)).status, 0);
    assert.deepEqual(machine.files(...programFolder), [...windowsFiles].sort());
    assert.deepEqual(
      [await forced('Google\\Chrome'), await forced('Microsoft\\Edge')],
      [`${extensionId};${address}`, `${extensionId};${address}`],
    );
    // The address is remembered; Wine does not take the feature over, so that it is named again.
    assert.equal((await machine.msiexec('/i', msi['0.2.0']!, 'ADDLOCAL=Core,ForceExtension')).status, 0);
    assert.equal(await forced('Google\\Chrome'), `${extensionId};${address}`);
    const other = 'b'.repeat(32);
    assert.equal(
      (await machine.msiexec('/i', msi['0.3.0']!, 'ADDLOCAL=Core,ForceExtension', `EXTENSIONID=${other}`)).status,
      0,
    );
    assert.equal(await forced('Microsoft\\Edge'), `${other};${address}`);
    assert.equal((await settings())['ExtensionId'], other);
  });

  it('remembers what it was given when it is replaced by a later version, and the command line wins', async () => {
    await machine.msiexec('/i', msi['0.1.0']!, 'POLICYFILE=C:\\ProgramData\\Kortbro\\one.json');
    assert.equal((await machine.msiexec('/i', msi['0.2.0']!)).status, 0);
    assert.deepEqual(
      [(await settings())['Version'], (await settings())['PolicyFile']],
      ['0.2.0', 'C:\\ProgramData\\Kortbro\\one.json'],
    );
    assert.equal(readFileSync(machine.path(...programFolder, 'opensc.conf'), 'utf8'), 'opensc.conf of 0.2.0\n');
    await machine.msiexec('/i', msi['0.3.0']!, 'POLICYFILE=D:\\two.json');
    assert.equal((await settings())['PolicyFile'], 'D:\\two.json');
    await machine.msiexec('/i', msi['0.3.0']!, 'REINSTALL=ALL', 'REINSTALLMODE=omus', 'POLICYFILE=none');
    assert.equal((await settings())['PolicyFile'], '');
    const listed = Object.entries(await machine.registry(uninstallKey)).filter(([name]) =>
      name.endsWith('|DisplayVersion'),
    );
    assert.deepEqual(
      listed.map(([, version]) => version),
      ['0.3.0'],
    );
  });

  it('is not replaced by an earlier version', async () => {
    await machine.msiexec('/i', msi['0.2.0']!);
    const { status, log } = await machine.msiexec('/i', msi['0.1.0']!);
    assert.equal(status, refused);
    assert.match(log, /LaunchConditions\. Return value 0/);
    assert.equal((await settings())['Version'], '0.2.0');
    assert.deepEqual(machine.files(...programFolder), [...windowsFiles].sort());
  });

  it('mends what is missing', async () => {
    await machine.msiexec('/i', msi['0.1.0']!, 'POLICYFILE=D:\\one.json');
    // What `msiexec /f` stands for, which Wine lacks.
    rmSync(machine.path(...programFolder, 'opensc.conf'));
    await machine.removeKey('HKLM\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts\\se.kortbro.host');
    assert.equal((await machine.msiexec('/i', msi['0.1.0']!, 'REINSTALL=ALL', 'REINSTALLMODE=omus')).status, 0);
    assert.deepEqual(machine.files(...programFolder), [...windowsFiles].sort());
    const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts\\se.kortbro.host';
    assert.equal((await machine.registry(key))[`${key}|(Default)`], 'C:\\Program Files\\Kortbro\\native-host.json');
    assert.equal((await settings())['PolicyFile'], 'D:\\one.json');
  });

  it('ends the programs that run before it replaces or removes them', async () => {
    const names = ['kortbro-agent.exe', 'kortbro.exe', 'kortbro-pin.exe'];
    for (const name of names) machine.copyProgram('ping.exe', name);
    await machine.msiexec('/i', msi['0.1.0']!);
    for (const action of ['/i', '/x']) {
      const started = names.map((name) => machine.launch(`C:\\${name}`, '-n', '600', '127.0.0.1'));
      assert.deepEqual(await seen(names, started), names);
      assert.equal((await machine.msiexec(action, msi['0.2.0']!)).status, 0);
      await Promise.all(started.map(({ ended }) => ended));
      const left = await machine.running();
      assert.deepEqual(
        names.filter((name) => left.includes(name)),
        [],
      );
    }
  });

  it('leaves nothing of its own behind, and everything that is not its own', async () => {
    const before = await snapshot();
    await machine.msiexec(
      '/i',
      msi['0.1.0']!,
      'POLICYFILE=D:\\one.json',
      'EXTENSIONUPDATEURL=https://a.se/u.xml',
      'ADDLOCAL=ALL',
    );
    assert.notDeepEqual(await snapshot(), before);
    await machine.msiexec('/i', msi['0.2.0']!);
    const userFolder = ['users', 'root', 'AppData', 'Local', 'Kortbro'];
    mkdirSync(machine.path(...userFolder), { recursive: true });
    writeFileSync(join(machine.path(...userFolder), 'audit.jsonl'), '');
    assert.equal((await machine.msiexec('/x', msi['0.2.0']!)).status, 0);
    assert.deepEqual(machine.files(...userFolder), ['audit.jsonl']);
    rmSync(machine.path(...userFolder), { recursive: true });
    assert.deepEqual(await snapshot(), before);
  });

  it("leaves IT's own policy file in the folder of the programs", async () => {
    await machine.msiexec('/i', msi['0.1.0']!);
    writeFileSync(machine.path(...programFolder, 'policy.json'), '{}');
    await machine.msiexec('/i', msi['0.2.0']!);
    await machine.msiexec('/x', msi['0.2.0']!);
    assert.deepEqual(machine.files(...programFolder), ['policy.json']);
  });

  /** Waits until all of `names` run, or one has ended. Each look takes a while of its own. @returns those that run */
  async function seen(names: readonly string[], started: readonly WineProcess[]): Promise<string[]> {
    const state = { over: false };
    void Promise.race(started.map(({ ended }) => ended)).then(() => (state.over = true));
    for (;;) {
      const running = await machine.running();
      const found = names.filter((name) => running.includes(name));
      if (found.length === names.length || state.over) return found;
    }
  }

  /** What the machine holds that has to do with us, by name or by place. */
  async function snapshot(): Promise<{ files: string[]; registry: object }> {
    const files = ['Program Files', 'ProgramData', 'users'].flatMap((folder) => machine.files(folder));
    // Windows Installer's own books change by themselves, and it clears away keys that have become empty.
    const isOther = ([name, value]: [string, string]) =>
      /\\(Installer|Fonts)(\\|\|)/.test(name) || (value === '' && name.endsWith('|') && !/kortbro/i.test(name));
    const kept = Object.entries(await machine.registry('HKLM\\SOFTWARE')).filter((entry) => !isOther(entry));
    return { files: files.filter((name) => !/\/Temp\//.test(name)), registry: Object.fromEntries(kept) };
  }
});

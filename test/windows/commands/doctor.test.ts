// `kortbro doctor` on the Windows that the MSI was installed on: what it says of a healthy one as far as Wine goes, what it finds when
// something is broken, and that --repair takes away what it says and nothing else.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueDemoCards } from '../../../demo/demo-cards.ts';
import { openPkiDirectory } from '../../../demo/pki/pki-directory.ts';
import { extensionId, nativeHostName, productVersion } from '../../../shared/names.ts';
import { hostManifest } from '../../../installer/written-files.ts';
import { windowsPath, wineUnavailable } from '../lane/wine.ts';
import { packagesMissing, packedMsi } from '../packages.ts';
import { installed, WindowsDesk } from '../story/windows-desk.ts';

interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'problem';
  detail: string;
  whatToDo: string;
}

const chromeHosts = 'SOFTWARE\\Google\\Chrome\\NativeMessagingHosts';
const chromeHost = `${chromeHosts}\\${nativeHostName}`;
const policyKey = 'HKLM\\SOFTWARE\\Policies\\Kortbro';
const reason = wineUnavailable() ?? packagesMissing();

describe(
  reason === undefined ? 'kortbro doctor under Wine' : `kortbro doctor under Wine (not run: ${reason})`,
  function () {
    this.timeout(600_000);
    let desk: WindowsDesk;
    let directory: string;

    before(async function () {
      if (reason !== undefined) this.skip();
      directory = mkdtempSync(join(tmpdir(), 'kortbro-doctor-'));
      desk = await WindowsDesk.start(await issueDemoCards(await openPkiDirectory(join(directory, 'pki'))));
      assert.equal(await desk.msiexec('/i', windowsPath(packedMsi())), 0);
      await desk.stack.insert('anna');
      // Chrome and Edge as far as doctor looks.
      for (const program of ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe']) {
        desk.copyIn('relay.exe', `C:\\Program Files\\${program}`);
      }
    });
    after(async () => {
      if (reason !== undefined) return;
      await desk.end();
      rmSync(directory, { recursive: true, force: true });
    });

    const reg = async (...words: string[]) => {
      const { status, output } = await desk.run(['reg', ...words]);
      assert.equal(status, 0, output);
      return output;
    };
    const doctorWithout = async (name: string) => {
      await typed(`move "${installed}\\${name}" C:\\${name}`);
      return doctor().finally(() => typed(`move C:\\${name} "${installed}\\${name}"`));
    };
    /** A line as an administrator types it. */
    const typed = async (line: string) => {
      writeFileSync(join(desk.directory, 'typed.cmd'), `@${line}\r\n`);
      const { status, output } = await desk.run(['cmd', '/c', windowsPath(join(desk.directory, 'typed.cmd'))]);
      assert.equal(status, 0, output);
    };
    const doctor = async () => {
      const { status, output } = await desk.kortbro('doctor', '--json', '--language', 'en');
      const { version, findings } = JSON.parse(output) as { version: string; findings: Finding[] };
      assert.equal(version, productVersion);
      return { status, findings, bad: findings.filter(({ state }) => state !== 'ok') };
    };
    const summary = (findings: readonly Finding[]) => findings.map(({ check, state }) => `${check} ${state}`);
    /** Everything of the user's own software settings. */
    const userRegistry = async () => (await reg('query', 'HKCU\\SOFTWARE', '/s')).split(/\r?\n/);

    /** Wine has no provider for CNG keys on cards. */
    const lackedByWine = ['drivers warning'];

    it('finds nothing wrong after the installation but what Wine lacks', async () => {
      const { status, findings, bad } = await doctor();
      assert.deepEqual(summary(bad), lackedByWine, JSON.stringify(bad, null, 1));
      assert.equal(status, 0);
      const of = (check: string) => findings.filter((finding) => finding.check === check).map(({ detail }) => detail);
      assert.deepEqual(of('installation'), [`Every part is there, version ${productVersion}.`]);
      assert.deepEqual(of('pin-dialog'), [`${installed}\\kortbro-pin.exe`]);
      assert.deepEqual(of('autostart'), [`${installed}\\kortbro-agent.exe`]);
      assert.deepEqual(of('native-host'), [
        'Edge: HKLM\\SOFTWARE\\Microsoft\\Edge\\NativeMessagingHosts',
        `Chrome: HKLM\\${chromeHosts}`,
      ]);
      assert.match(of('card').join(), /: the card can be used\.$/);
      assert.deepEqual(of('session'), ['The agent uses the cards of this session.']);
    });

    it('speaks Swedish, to a person', async () => {
      const { output } = await desk.kortbro('doctor', '--language', 'sv');
      assert.match(output, /OK +Installation +Alla delar finns, version/);
      assert.match(output, /OK +Korttjänst +Smartkorttjänsten svarar\./);
    });

    describe('where the user has entries of an earlier installation', () => {
      const line = `reg delete "HKCU\\${chromeHost}" /f /reg:32`;
      beforeEach(async () => {
        await reg('add', `HKCU\\${chromeHost}`, '/ve', '/d', 'C:\\Old\\native-host.json', '/f', '/reg:32');
        await reg(
          'add',
          `HKCU\\${chromeHosts}\\com.example.other`,
          '/ve',
          '/d',
          'C:\\Other\\host.json',
          '/f',
          '/reg:32',
        );
      });
      afterEach(async () => {
        await desk.run(['reg', 'delete', `HKCU\\${chromeHosts}`, '/f', '/reg:32']);
      });

      it('names them for each browser that meets them, with the line that mends it', async () => {
        const { status, bad } = await doctor();
        // Edge looks into Chrome's part of the user's registry before its own of the machine.
        assert.deepEqual(summary(bad), [...lackedByWine, 'native-host problem', 'native-host problem']);
        assert.equal(status, 1);
        for (const { detail, whatToDo } of bad.filter(({ check }) => check === 'native-host')) {
          assert.match(
            detail,
            /^(Edge|Chrome): HKCU\\SOFTWARE\\.*C:\\Old\\native-host\.json does not exist\. It hides/,
          );
          assert.ok(whatToDo.endsWith(line), whatToDo);
        }
      });

      it('changes nothing without --repair, and nothing with it where nobody can be asked', async () => {
        const before = await userRegistry();
        await doctor();
        const { status, output } = await desk.kortbro('doctor', '--repair', '--language', 'en');
        assert.equal(status, 1);
        assert.match(output, /nobody to ask here\. kortbro doctor --repair --yes/);
        assert.deepEqual(await userRegistry(), before);
      });

      it('removes them with --repair --yes, and nothing else', async () => {
        const before = await userRegistry();
        const { status, output } = await desk.kortbro('doctor', '--repair', '--yes', '--language', 'en');
        assert.equal(status, 0, output);
        assert.match(output, /^Removed: HKCU\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts\\se\.kortbro\.host/m);
        const left = await userRegistry();
        assert.deepEqual(
          left.filter((text) => text !== ''),
          withoutKey(before, nativeHostName),
        );
        assert.ok(left.some((text) => text.includes('com.example.other')));
        assert.deepEqual(summary((await doctor()).bad), lackedByWine);
      });

      it('mends it by the line that it gives, as well', async () => {
        await typed(line);
        assert.deepEqual(summary((await doctor()).bad), lackedByWine);
      });
    });

    it('leaves an entry of the machine alone, and tells the administrator how', async () => {
      const manifest = join(desk.directory, 'other.json');
      writeFileSync(manifest, hostManifest('C:\\Old\\kortbro.exe', extensionId));
      await reg('add', `HKLM\\${chromeHost}`, '/ve', '/d', windowsPath(manifest), '/f', '/reg:32');
      const line = `reg delete "HKLM\\${chromeHost}" /f /reg:32`;
      const { bad } = await doctor();
      const [finding] = bad.filter(({ check }) => check === 'native-host');
      assert.match(finding?.detail ?? '', /C:\\Old\\kortbro\.exe does not exist\./);
      assert.ok(finding?.whatToDo.endsWith(`As administrator: ${line}`), finding?.whatToDo);
      const { output } = await desk.kortbro('doctor', '--repair', '--yes', '--language', 'en');
      assert.match(output, /nothing that doctor can mend by itself/);
      await typed(line);
      assert.deepEqual(summary((await doctor()).bad), lackedByWine);
    });

    it('names the value of group policy that is refused, and the browser policy that is in the way', async () => {
      await reg('add', `${policyKey}\\pin`, '/v', 'idleMinutes', '/t', 'REG_DWORD', '/d', '100000', '/f', '/reg:64');
      const blocklist = 'HKLM\\SOFTWARE\\Policies\\Google\\Chrome\\NativeMessagingBlocklist';
      await reg('add', blocklist, '/v', '1', '/d', '*', '/f', '/reg:64');
      const { status, bad } = await doctor();
      await reg('delete', policyKey, '/f', '/reg:64');
      await reg('delete', blocklist, '/f', '/reg:64');
      assert.equal(status, 1);
      const of = (check: string) => bad.filter((finding) => finding.check === check).map(({ detail }) => detail);
      assert.match(of('policy').join(), /^HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro\\pin\\idleMinutes: /);
      assert.deepEqual(of('browser-policy'), [`Chrome: NativeMessagingBlocklist stops ${nativeHostName}.`]);
    });

    it('names a program that is missing', async () => {
      const { status, bad } = await doctorWithout('kortbro-pin.exe');
      assert.equal(status, 1);
      assert.deepEqual(summary(bad), ['installation problem', ...lackedByWine, 'pin-dialog problem']);
      assert.match(bad[0]?.detail ?? '', /: kortbro-pin\.exe$/);
    });

    it('says so, and judges nothing that it cannot see, when its own native code is missing', async () => {
      const { status, findings } = await doctorWithout('kortbro.node');
      assert.equal(status, 1);
      assert.deepEqual(
        findings.map(({ check }) => check),
        ['installation', 'agent'],
      );
      assert.match(findings[0]?.detail ?? '', /: kortbro\.node$/);
    });
  },
);

/** The lines of `reg query /s` without one key and what stands in it. */
function withoutKey(lines: readonly string[], name: string): string[] {
  let inside = false;
  return lines.filter((text) => {
    if (text.startsWith('HKEY_')) inside = text.endsWith(`\\${name}`);
    return !inside && text !== '';
  });
}

// What the addons for Windows say of themselves: what they import, and nothing of the machine that built them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { wineUnavailable } from '../lane/wine.ts';
import { builtAddons, project } from './windows-program.ts';

/** Known DLLs (HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\KnownDLLs): from System32, whatever stands beside a program. */
const known = ['advapi32.dll', 'kernel32.dll', 'msvcrt.dll', 'user32.dll'];

const reason = wineUnavailable();
describe(`The addons for Windows${reason === undefined ? '' : ` (not run: ${reason})`}`, function () {
  this.timeout(300_000);
  let folder: string;

  before(async function () {
    if (reason !== undefined) this.skip();
    folder = await builtAddons(false);
  });

  const tablesOf = (name: string): string =>
    execFileSync('x86_64-w64-mingw32-objdump', ['-p', join(folder, name)], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    });

  for (const name of ['kortbro.node', 'pkcs11.node']) {
    it(`${name} imports nothing that stands beside a program, and Node from whatever program runs`, () => {
      const imported = [...tablesOf(name).matchAll(/DLL Name: (\S+)/g)].map(([, dll = '']) => dll.toLowerCase());
      assert.ok(imported.length > 0);
      assert.deepEqual(
        imported.filter((dll) => !known.includes(dll)),
        [],
      );
    });

    it(`${name} holds no time and no path of the machine that built it`, () => {
      assert.match(tablesOf(name), /^Time\/Date\s+Thu Jan {2}1 00:00:00 1970$/m);
      const bytes = readFileSync(join(folder, name)).toString('latin1');
      for (const path of [project, homedir(), 'kortbro-addon-', 'node_modules']) assert.ok(!bytes.includes(path), path);
    });
  }
});

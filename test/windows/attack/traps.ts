// C:\Hostile: what somebody without an administrator's rights can put on a machine and point at by the environment of a session, so
// that Node, OpenSSL, OpenSC or the loader of Windows would run or read it. Whatever runs leaves a line in loaded.txt.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type AttackDesk, hostile } from './attack-desk.ts';

/** DLLs that our programs, Node or a driver load by name. */
const plantedNames = ['winscard', 'ncrypt', 'version', 'dbghelp', 'userenv', 'wtsapi32', 'cryptbase', 'powrprof'];

export interface Traps {
  /** All of them at once. */
  readonly environment: Readonly<Record<string, string>>;
  /** The words that would make Node open its inspector, run something or write something. */
  readonly switches: readonly string[];
  /** What has been run or written since they were laid: nothing is the empty list. */
  sprung: () => string[];
  /** Lays them anew. */
  reset: () => void;
}

const mark = `require('node:fs').appendFileSync('C:/Hostile/loaded.txt', process.execPath + ' ' + __filename + '\\n');`;

export function layTraps(desk: AttackDesk): Traps {
  const folder = desk.disk(hostile);
  const files: Readonly<Record<string, string>> = {
    'mark.cjs': mark,
    'external.js': mark,
    'ca.pem': readFileSync(join(desk.desk.directory, 'authorities.pem'), 'utf8'),
    'opensc.conf': 'app default { debug = 9; debug_file = "C:\\\\Hostile\\\\opensc.log"; }\n',
  };
  const lay = (): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    for (const name of ['planted', ...plantedNames])
      copyFileSync(join(desk.desk.directory, 'planted.dll'), join(folder, `${name}.dll`));
  };
  lay();
  const laid = readdirSync(folder);
  const switches = [
    ...['--inspect=127.0.0.1:0', '--require=C:/Hostile/mark.cjs', '--import=file:///C:/Hostile/mark.cjs'],
    ...['--trace-exit', '--report-on-fatalerror', '--report-on-signal', '--report-uncaught-exception'],
    ...['--report-directory=C:/Hostile', '--diagnostic-dir=C:/Hostile', '--heapsnapshot-near-heap-limit=1'],
    ...['--cpu-prof', '--cpu-prof-dir=C:/Hostile', '--tls-keylog=C:/Hostile/keys.txt'],
  ];
  return {
    environment: {
      NODE_OPTIONS: switches.slice(0, 10).join(' '),
      NODE_EXTRA_CA_CERTS: 'C:\\Hostile\\ca.pem',
      NODE_PATH: hostile,
      NODE_COMPILE_CACHE: 'C:\\Hostile\\compiled',
      NODE_V8_COVERAGE: 'C:\\Hostile\\coverage',
      NODE_ICU_DATA: hostile,
      NODE_REDIRECT_WARNINGS: 'C:\\Hostile\\warnings.txt',
      SSLKEYLOGFILE: 'C:\\Hostile\\keys.txt',
      PKCS11SPY: 'C:\\Hostile\\planted.dll',
      PKCS11SPY_OUTPUT: 'C:\\Hostile\\spy.txt',
      OPENSC_DEBUG: '9',
      OPENSC_CONF: 'C:\\Hostile\\opensc.conf',
      // What Wine puts before PATH, and that it is to look for DLLs where Windows does before it takes its own.
      WINEPATH: hostile,
      WINEDLLOVERRIDES: `winemenubuilder.exe=d;mscoree=d;mshtml=d;${plantedNames.join(',')}=n,b`,
    },
    switches,
    sprung: () => {
      const ran = join(folder, 'loaded.txt');
      const lines = existsSync(ran) ? readFileSync(ran, 'utf8').trim().split(/\r?\n/) : [];
      return [...lines, ...readdirSync(folder).filter((name) => !laid.includes(name) && name !== 'loaded.txt')];
    },
    reset: lay,
  };
}

// Makes a fresh Debian machine with Node fit for `npm run demo`, `npm test`, `npm run build:windows` and `npm run test:windows`: Debian packages (as root or by sudo without a
// password; else it says what to install), npm packages, a build. Plain JavaScript on Node alone: nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const browser = ['chromium', 'chromium-l10n', 'fonts-dejavu-core'];

/** Debian packages by what they are for. */
const packages = {
  build: ['build-essential', 'python3', 'libpcsclite-dev', 'libsystemd-dev'],
  demo: [...browser, 'libpcsclite1'],
  desktop: ['pinentry-gtk2'],
  test: [
    ...browser,
    ...['pcscd', 'vsmartcard-vpcd', 'opensc', 'opensc-pkcs11', 'iproute2', 'util-linux'],
    ...['dbus', 'systemd', 'pinentry-curses', 'openssl', 'git', 'xvfb', 'pinentry-gtk2'],
    ...['wixl', 'msitools', 'libxml2-utils'],
    ...['xmlsec1', 'poppler-utils', 'qpdf'],
  ],
  windows: ['g++-mingw-w64-x86-64-posix', 'wixl', 'msitools', 'osslsigncode'],
  lane: ['debootstrap', 'debian-archive-keyring', 'dpkg-dev', 'gcc-mingw-w64-x86-64-posix'],
};

const purpose = process.argv[2] ?? 'build';
const hasDisplay = (process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY ?? '') !== '';
const wanted = new Set(packages.build);
if (purpose === 'demo') for (const name of packages.demo) wanted.add(name);
if (purpose === 'demo' && hasDisplay) for (const name of packages.desktop) wanted.add(name);
if (purpose === 'test' || purpose === 'lane') for (const name of packages.test) wanted.add(name);
if (purpose === 'windows' || purpose === 'lane') for (const name of packages.windows) wanted.add(name);
if (purpose === 'lane') for (const name of packages.lane) wanted.add(name);

installDebianPackages([...wanted]);
installNpmPackages();
run(process.execPath, [join(root, 'installer/build.mjs')]);

function installDebianPackages(names) {
  if (spawnSync('dpkg-query', ['--version']).status !== 0) {
    say(`This is no Debian machine; what these packages hold is needed: ${names.join(' ')}`);
    return;
  }
  const missing = names.filter((name) => {
    const query = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
    return !query.stdout.includes('install ok installed');
  });
  if (missing.length === 0) return;
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  if (sudo.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    stop(`Install these Debian packages, then run the command again:\n  sudo apt-get install ${missing.join(' ')}`);
  }
  say(`Installing Debian packages: ${missing.join(' ')}`);
  for (const words of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    const [program, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...words];
    run(program, rest, process.env, 'ignore');
  }
}

function installNpmPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules/.kortbro-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('Installing npm packages');
  const headers = existsSync('/usr/include/node') ? { npm_config_nodedir: '/usr' } : {};
  run('npm', ['ci', '--strict-allow-scripts', '--no-audit', '--no-fund'], { ...process.env, ...headers });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function run(program, words, environment = process.env, output = 'inherit') {
  const result = spawnSync(program, words, { cwd: root, env: environment, stdio: ['ignore', output, 'inherit'] });
  if (result.status !== 0) stop(`${program} ${words.slice(0, 5).join(' ')} failed`);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function stop(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

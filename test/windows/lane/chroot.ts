// The Windows lane's own Debian: Wine 10, a pcscd that its winscard speaks to, and the tools that look into an MSI, in a
// directory outside the clone. Made once (some minutes, 1.6 GB), found again by every later run; a changed list makes a new one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { debianMirror, removeOlder, run } from './made-once.ts';

/** Debian 13: Debian 12's own Wine has no winscard. */
const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What is installed there, recommendations left out. */
const packages = [
  ...['wine', 'wine64', 'libpcsclite1', 'pcscd', 'vsmartcard-vpcd', 'opensc', 'opensc-pkcs11'],
  ...['msitools', 'fonts-dejavu-core', 'libgnutls30t64', 'xvfb', 'xauth', 'x11-utils', 'xdotool', 'imagemagick'],
];

/** What the lane needs on this machine itself. */
export const hostPackages = ['debootstrap', 'debian-archive-keyring', 'util-linux'];

/** Where the lane's Debian is, or is to be. */
export function chrootPath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const cache = environment['XDG_CACHE_HOME'];
  const home = cache?.startsWith('/') === true ? cache : join(homedir(), '.cache');
  const key = createHash('sha256')
    .update(JSON.stringify([suite, packages]))
    .digest('hex')
    .slice(0, 12);
  return join(home, 'kortbro', `windows-lane-${key}`);
}

/** Why there can be no lane here; undefined when there can. */
export function laneUnavailable(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the Windows lane needs Linux on x86-64';
  if (process.getuid?.() !== 0) return 'the Windows lane needs root (chroot, mount)';
  const { status, stderr } = spawnSync('unshare', ['-m', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `the Windows lane needs mount namespaces (${stderr.trim()})`;
}

/** Makes the lane's Debian unless it is there, and answers where. @throws Error with the words of the step that failed */
export function prepareChroot(say: (line: string) => void): string {
  const path = chrootPath();
  const finished = join(path, 'etc/kortbro-lane');
  if (existsSync(finished)) return path;
  const unfinished = `${path}.${process.pid}`;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  say(`Making the Windows lane's Debian in ${path}: some minutes, once`);
  try {
    const words = ['--variant=minbase', `--keyring=${keyring}`, '--components=main', suite, unfinished, debianMirror()];
    run('debootstrap', words);
    writeFileSync(join(unfinished, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    run('chroot', [unfinished, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...install, ...packages]);
    run('chroot', [unfinished, 'apt-get', 'clean']);
    writeFileSync(join(unfinished, 'etc/kortbro-lane'), '');
    rmSync(path, { recursive: true, force: true });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOlder(path);
  return path;
}

const install = ['-q', 'install', '-y', '--no-install-recommends'];

// Makes what the Windows tests stand on, where it is missing: the lane's Debian with Wine, OpenSC for Windows, and the packages,
// which are built anew unless KORTBRO_WINDOWS_PACKAGES names some.
import { spawnSync } from 'node:child_process';
import { laneUnavailable, prepareChroot } from './chroot.ts';
import { prepareOpenscModule } from './opensc-module.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const obstacle = laneUnavailable();
if (obstacle !== undefined) {
  say(`Not run: ${obstacle}`);
  process.exit(1);
}
prepareChroot(say);
prepareOpenscModule(say);
if (process.env['KORTBRO_WINDOWS_PACKAGES'] === undefined) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build:windows'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.exitCode = status ?? 1;
}

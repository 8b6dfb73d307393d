// The virtual cards with the pcscd of the lane's Debian in place of this machine's: Wine's winscard speaks the protocol of
// pcsc-lite 2.3, which Debian 12's pcscd refuses. Everything else of the card stack is as it is.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CardDefinition, type CardStack, startCardStack } from '../../card/card-stack.ts';
import { chrootPath } from '../lane/chroot.ts';

/** Stands in for pcscd, in the stack's own namespaces. The stack's directory is told by the library that it has preloaded. */
const pcscd = (root: string): string => `#!/bin/sh
set -e
root='${root}'
stack=\${LD_PRELOAD%/*}
mount -t tmpfs none "$root/tmp"
mkdir -p "$root$stack"
mount --bind "$stack" "$root$stack"
mount --bind /run "$root/run"
mount --rbind /dev "$root/dev"
mount -t proc none "$root/proc"
exec chroot "$root" /usr/sbin/pcscd --disable-polkit "$@"
`;

/** Starts them; programs under Wine are to share `dirname(stack.environment.PCSCLITE_CSOCK_NAME)` and have `stack.environment`. */
export async function startLaneCards(cards: Readonly<Record<string, CardDefinition>>): Promise<CardStack> {
  const root = chrootPath();
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-lane-'));
  writeFileSync(join(directory, 'pcscd'), pcscd(root), { mode: 0o755 });
  // The stack's own probe is a client too.
  for (const name of ['libpcsclite.so.1', 'libpcsclite_real.so.1']) {
    symlinkSync(join(root, 'usr/lib/x86_64-linux-gnu', name), join(directory, name));
  }
  const before = { PATH: process.env['PATH'], LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] };
  process.env['PATH'] = `${directory}:${before.PATH ?? ''}`;
  process.env['LD_LIBRARY_PATH'] = directory;
  try {
    const stack = await startCardStack({ cards });
    return {
      ...stack,
      stop: async () => {
        await stack.stop();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

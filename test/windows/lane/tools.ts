// The lane's own small programs, compiled when they are needed: what stands between a Linux browser and a Windows program, and what
// lets programs under Wine wait for readers.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chrootPath } from './chroot.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const careful = ['-O2', '-Wall', '-Wextra', '-Werror', '-s'];

/** Writes relay.exe into `directory` (stdio-relay.c). */
export function buildRelay(directory: string): string {
  const path = join(directory, 'relay.exe');
  execFileSync('x86_64-w64-mingw32-gcc-posix', [...careful, '-municode', '-static', '-o', path, here('stdio-relay.c')]);
  return path;
}

/** Writes waiting-pcsclite.so into `directory`; programs under Wine find it by LIBPCSCLITE_DELEGATE. */
export function buildWaitingPcsclite(directory: string): string {
  const path = join(directory, 'waiting-pcsclite.so');
  const words = ['-std=gnu11', '-D_GNU_SOURCE', '-I/usr/include/PCSC', '-shared', '-fPIC', '-Wl,--no-as-needed'];
  const library = [`-L${chrootPath()}/usr/lib/x86_64-linux-gnu`, '-l:libpcsclite_real.so.1'];
  execFileSync('gcc', [...careful, ...words, '-o', path, here('waiting-pcsclite.c'), ...library]);
  return path;
}

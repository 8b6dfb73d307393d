// Loads kortbro.node and says in types what the C++ side exports. The faces in this folder are the only callers: they check
// arguments and turn numbers into errors; nothing else should import this file.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
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

/** The exports of kortbro.node. System calls that fail throw an Error with `code` ("EACCES"), `errno` and `syscall`. */
export interface NativeAddon {
  startReaderWatch: (listener: (picture: ReaderPicture) => void) => NativeWatch;
  transmit: (reader: string, apdus: readonly Uint8Array[], protocols: number) => Promise<NativeCardAnswer>;
  resetCard: (reader: string) => Promise<NativeCardAnswer>;
  setDumpable: (dumpable: boolean) => void;
  disableCoreDumps: () => void;
  setParentDeathSignal: (signal: number) => void;
  peerCredentials: (fd: number) => { pid: number; uid: number; gid: number };
  lockFile: (path: string) => number | undefined;
  closeFile: (fd: number) => void;
  makePipe: () => { read: number; write: number };
  loginUser: (modulePath: string, session: Uint8Array, pin: Uint8Array) => number;
  zero: (bytes: Uint8Array) => void;
  lockMemory: (bytes: Uint8Array) => boolean;
  unlockMemory: (bytes: Uint8Array) => void;
  sessionUnavailable: () => string | undefined;
  watchSession: (listener: (snapshot: SessionSnapshot) => void) => NativeWatch | undefined;
}

const places = ['./build/Release/kortbro.node', './kortbro.node'];
let loaded: NativeAddon | undefined;

/**
 * The addon, loaded at the first call: from ./build/Release beside this source, or from the directory of the bundled program.
 * Throws an Error that names the places when it was not built.
 */
export function addon(): NativeAddon {
  if (loaded === undefined) {
    const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
    const path = paths.find((candidate) => existsSync(candidate));
    if (path === undefined) throw new Error(`kortbro.node is not built; looked for ${paths.join(' and ')}`);
    loaded = createRequire(import.meta.url)(path) as NativeAddon;
  }
  return loaded;
}

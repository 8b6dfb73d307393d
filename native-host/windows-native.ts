// What the native host asks of Windows, by the product's addon that stands beside the executable. Node knows neither owners nor
// access lists there, and no word about libraries.
import { createRequire } from 'node:module';

/** A part of agent/native/addon.ts, which says what the functions promise. */
export interface WindowsNative {
  fileAccess: (path: string) => { owner: string; writers: string[] };
  ownIdentity: () => { user: string };
  restrictLibraries: () => string[];
}

let loaded: WindowsNative | undefined;

/** Loaded at the first call. @throws Error when it is missing or broken */
export function windowsNative(): WindowsNative {
  loaded ??= createRequire(process.execPath)('./kortbro.node') as WindowsNative;
  return loaded;
}

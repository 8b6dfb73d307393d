// Keys of the registry. What decides anything stands below HKEY_LOCAL_MACHINE in its 64-bit view; the rest is read by doctor alone,
// since a user writes there. Windows.
import { addon } from './addon.ts';

/** One value as it stands: `type` is REG_SZ (1), REG_DWORD (4) and so on, `data` its bytes (text is UTF-16). */
export interface RegistryValue {
  readonly type: number;
  readonly data: Uint8Array;
}

/** A key: its values by name ('' is the default one) and the names of the keys below it. */
export interface RegistryKey {
  readonly values: Readonly<Record<string, RegistryValue>>;
  readonly subkeys: readonly string[];
}

/** A watch keeps the event loop alive until it is stopped. */
export interface RegistryWatch {
  /** No call comes after this returns. May be called again. */
  stop: () => void;
}

/** HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER. */
export type RegistryRoot = 'HKLM' | 'HKCU';

/** Which of two registries: that of 64-bit programs or that of 32-bit ones, where Windows keeps them apart. */
export type RegistryView = 64 | 32;

/** Reads a key ('SOFTWARE\\Policies\\Kortbro'); undefined when it is not there. Throws an Error with `code` EACCES, or E2BIG for more
 * than 1024 values or subkeys or 1 MiB in a value. */
export function readRegistry(root: RegistryRoot, key: string, view: RegistryView = 64): RegistryKey | undefined {
  return addon().readRegistry(key, root, view);
}

/**
 * Calls the listener once when it has begun to watch, so that what changed before is seen by reading then, and after each change of
 * the key or anything below it, the key's making and deletion included. Changes within 250 ms of one another are one, up to 2 s.
 */
export function watchRegistry(key: string, listener: () => void): RegistryWatch {
  const watch = addon().watchRegistry(key, listener);
  return {
    stop: () => {
      watch.stop();
    },
  };
}

// Registry keys for tests: values as Windows stores them, and a policy written as group policy would write it.
import { type RegistryKey, type RegistryValue } from '../../../agent/policy/policy-registry.ts';

/** REG_SZ, closing zero included. */
export function sz(text: string): RegistryValue {
  return { type: 1, data: new Uint8Array(Buffer.from(`${text}\0`, 'utf16le')) };
}

/** REG_DWORD. */
export function dword(number: number): RegistryValue {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(number);
  return { type: 4, data: new Uint8Array(data) };
}

/** A key of these values and subkeys. */
export function key(entries: Record<string, RegistryValue | RegistryKey>): RegistryKey {
  const values: Record<string, RegistryValue> = {};
  const keys: Record<string, RegistryKey> = {};
  for (const [name, entry] of Object.entries(entries)) {
    if ('data' in entry) values[name] = entry;
    else keys[name] = entry;
  }
  return { values, keys };
}

/** Writes settings in the registry's form. */
export function registryOf(settings: object): RegistryKey {
  return key(Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, entryOf(value)])));
}

function entryOf(value: unknown): RegistryValue | RegistryKey {
  if (typeof value === 'number') return dword(value);
  if (typeof value === 'boolean') return dword(value ? 1 : 0);
  if (typeof value === 'string') return sz(value);
  if (Array.isArray(value)) return listOf(value);
  return registryOf(value as object);
}

function listOf(list: readonly unknown[]): RegistryKey {
  if (list.length === 0) return key({ '1': sz('') });
  const texts = list.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));
  return key(Object.fromEntries(texts.map((text, index) => [String(index + 1), sz(text)])));
}

// Values of the registry as doctor reads them: texts, numbers, whole keys as a browser's policy. Pure. What is of another type counts as
// not there.
import { type RegistryKey as KeyTree, type RegistryValue } from '../../../policy/policy-registry.ts';
import { type RegistryKey, type RegistryRoot, type RegistryView } from '../../../native/registry.ts';

/** How keys are read; tests play it. @throws with `code` when a key is there and cannot be read */
export type ReadKey = (root: RegistryRoot, key: string, view: RegistryView) => RegistryKey | undefined;

const registryString = 1;
const registryExpandString = 2;
const registryDword = 4;

/** REG_SZ, or REG_EXPAND_SZ as it stands. */
export function textOf(value: RegistryValue | undefined): string | undefined {
  if (value?.type !== registryString && value?.type !== registryExpandString) return undefined;
  return new TextDecoder('utf-16le').decode(value.data).replace(/\0+$/, '');
}

/** REG_DWORD. */
export function numberOf(value: RegistryValue | undefined): number | undefined {
  if (value?.type !== registryDword || value.data.length !== 4) return undefined;
  return new DataView(value.data.buffer, value.data.byteOffset).getUint32(0, true);
}

/**
 * A browser's policies as Chromium makes them of a key (policy/core/common/registry_dict.cc): a list is a key with values 1, 2, ..., or
 * JSON; a dictionary is a key, or JSON; a boolean is a number.
 */
export function policyValues({ values, keys }: KeyTree): Record<string, unknown> {
  const own = Object.entries(values).map(([name, value]) => [name, policyValue(name, value)] as const);
  const below = Object.entries(keys).map(
    ([name, key]) => [name, isList(key) ? listOf(key) : policyValues(key)] as const,
  );
  return Object.fromEntries([...own, ...below]);
}

function policyValue(name: string, value: RegistryValue): unknown {
  const number = numberOf(value);
  if (number !== undefined) return name === 'NativeMessagingUserLevelHosts' ? number !== 0 : number;
  const text = textOf(value);
  if (text === undefined || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isList({ values, keys }: KeyTree): boolean {
  return Object.keys(keys).length === 0 && Object.keys(values).every((name) => /^\d+$/.test(name));
}

function listOf({ values }: KeyTree): unknown[] {
  return Object.entries(values)
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([, value]) => textOf(value));
}

// Where Windows keeps the machine's policy: below HKEY_LOCAL_MACHINE, and in the file that the installation names there. The agent and
// doctor look by this alone, so that both see the same.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileProblem } from '../tokens/trusted-file.ts';
import { type RegistryKey, type RegistryValue } from './policy-registry.ts';
import { loadWindowsPolicy, policyKey } from './windows-policy.ts';
import { type PolicyOutcome } from './policy-file.ts';

/** What the installation writes down about itself, below HKEY_LOCAL_MACHINE. */
export const installationKey = 'SOFTWARE\\Kortbro';

/** Levels of keys below the policy's: settings nest two deep, and a list is one more. */
const deepestKey = 4;

/** Reads one key below HKEY_LOCAL_MACHINE; undefined when there is none. @throws when it cannot be read */
export type ReadMachineKey = (key: string) => KeyAlone | undefined;

/** One key with the names of those below it. */
interface KeyAlone {
  readonly values: Readonly<Record<string, RegistryValue>>;
  readonly subkeys: readonly string[];
}

/** The policy in force, or why there is none. */
export function loadMachinePolicy(readKey: ReadMachineKey): PolicyOutcome {
  return loadWindowsPolicy({
    registry: () => keyTree(readKey, policyKey, deepestKey),
    file: () => namedPolicyFile(readKey),
    fileProblem: (path) => fileProblem(path, 'administrators'),
  });
}

const policyFileValue = 'PolicyFile';
const registryString = 1;

/**
 * The file that the installation names, else the one that may stand beside the programs; undefined: none. A value that is no text is
 * answered by its own name, which is no path and is refused as such.
 */
export function namedPolicyFile(readKey: ReadMachineKey): string | undefined {
  const values = Object.entries(readKey(installationKey)?.values ?? {});
  const [, value] = values.find(([name]) => name.toLowerCase() === policyFileValue.toLowerCase()) ?? [];
  if (value !== undefined && value.type !== registryString) return policyFileValue;
  const named = value === undefined ? '' : new TextDecoder('utf-16le').decode(value.data).replace(/\0+$/, '');
  if (named !== '') return named;
  const beside = join(dirname(process.execPath), 'policy.json');
  return existsSync(beside) ? beside : undefined;
}

/** A key with everything below it. @throws with `code` E2BIG when that is more than `depth` levels */
export function keyTree(readKey: ReadMachineKey, key: string, depth: number): RegistryKey | undefined {
  const found = readKey(key);
  if (found === undefined) return undefined;
  if (depth === 0 && found.subkeys.length > 0) throw Object.assign(new Error('too deep'), { code: 'E2BIG' });
  const below = found.subkeys.map((name) => [name, keyTree(readKey, `${key}\\${name}`, depth - 1)] as const);
  return {
    values: found.values,
    keys: Object.fromEntries(below.flatMap(([name, tree]) => (tree ? [[name, tree]] : []))),
  };
}

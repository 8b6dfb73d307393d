// The machine's policy on Windows: what group policy has written in the registry, over the file that the installation names. Both are
// the administrators' alone; a user's own part of the registry is never read.
import { type FileProblem } from '../tokens/file-problem.ts';
import { loadPolicy, noPolicy, type PolicyOutcome } from './policy-file.ts';
import { mergePolicies, policyFromRegistry, type RegistryKey } from './policy-registry.ts';

/** Where group policy writes, below HKEY_LOCAL_MACHINE. */
export const policyKey = 'SOFTWARE\\Policies\\Kortbro';

export interface WindowsPolicyPlaces {
  /** What stands below `policyKey`; undefined: nothing. @throws when it cannot be read */
  registry: () => RegistryKey | undefined;
  /** The file that the installation names; undefined: none. */
  file: () => string | undefined;
  /** Why a file is not to be used. */
  fileProblem: (path: string) => FileProblem | undefined;
}

/** Reads both. A file that is named must be there; one that is broken, or a value that is, refuses everything. */
export function loadWindowsPolicy(places: WindowsPolicyPlaces): PolicyOutcome {
  const below = fileOutcome(places);
  if (!below.ok) return below;
  const refused = (name: string, reason: string): PolicyOutcome => {
    const path = ['HKEY_LOCAL_MACHINE', policyKey, name].filter((part) => part !== '').join('\\');
    return { ok: false, path, line: 1, reason };
  };
  let key: RegistryKey | undefined;
  try {
    key = places.registry();
  } catch (error) {
    return refused('', `cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : ''})`);
  }
  if (key === undefined) return below;
  const outcome = policyFromRegistry(key);
  if (!outcome.ok) return refused(outcome.name, outcome.reason);
  if (Object.keys(outcome.settings).length === 0) return below;
  const settings = below.source === 'file' ? below.settings : {};
  return { ok: true, policy: mergePolicies(settings, outcome.settings), source: 'registry' };
}

function fileOutcome({ file, fileProblem }: WindowsPolicyPlaces): PolicyOutcome {
  const path = file();
  if (path === undefined) return noPolicy;
  const problem = fileProblem(path);
  if (problem === undefined) {
    const outcome = loadPolicy(path);
    if (!outcome.ok || outcome.source !== 'defaults') return outcome;
    return { ok: false, path, line: 1, reason: 'named and is not there' };
  }
  return { ok: false, path, line: 1, reason: `not only the administrators' (${problem.reason}: ${problem.at})` };
}

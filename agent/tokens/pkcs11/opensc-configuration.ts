// The file that OPENSC_CONF names is OpenSC's configuration as this build has it. It could keep PINs, and name libraries that OpenSC loads
// into the process. OpenSC reads it after this look at it: only administrators may write where it stands.
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';

/**
 * Why OpenSC must not be loaded; undefined when it may. Without our configuration it falls back to keeping PINs.
 * @param ours what the file must hold; default: what is in the executable. Elsewhere file and program stand side by side, and nothing is compared.
 */
export function openscConfigurationProblem(
  path: string | undefined,
  ours: Uint8Array | undefined = isSea() ? new Uint8Array(getAsset('opensc.conf')) : undefined,
): string | undefined {
  const found = contentOf(path ?? '');
  if (found === undefined) return 'opensc.conf is missing';
  return ours === undefined || found.equals(ours) ? undefined : 'opensc.conf has been changed';
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

// The version that Windows reads from a program or library (VS_FIXEDFILEINFO), as Windows Installer's File table wants it.
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';

/** Four numbers with dots; undefined when the file is no PE file or says no version. */
export function fileVersion(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x4d || bytes[1] !== 0x5a) return undefined; // MZ
  const executable = NtExecutable.from(bytes, { ignoreCert: true });
  const [info] = Resource.VersionInfo.fromEntries(NtExecutableResource.from(executable, true).entries);
  if (info === undefined) return undefined;
  const { fileVersionMS: high, fileVersionLS: low } = info.fixedInfo;
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join('.');
}

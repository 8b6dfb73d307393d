// Identifiers that follow from names (RFC 9562, version 5), so that the same component has the same one in every build.
import { createHash } from 'node:crypto';

/** Everything of Kortbro that has a GUID is named below this. */
const namespace = '0dd7a562-f90f-572c-a249-b9a0fdcc8dac';

/** The GUID of `name`, upper case, without braces: as Windows Installer wants it. */
export function guidOf(name: string): string {
  return versionFive(namespace, name).toUpperCase();
}

/** RFC 9562 5.5. */
export function versionFive(space: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(space.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

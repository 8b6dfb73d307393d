// The product's icon for Windows: the extension's pictures in one .ico file. Windows takes PNG within it since Vista.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { iconSizes } from '../../extension/icons/icon-sizes.ts';

/** The bytes of an .ico file with a picture of every size. */
export function productIcon(): Uint8Array {
  const pictures = iconSizes.map((size) => ({
    size,
    png: readFileSync(fileURLToPath(new URL(`../../extension/icons/kortbro-${size}.png`, import.meta.url))),
  }));
  const header = Buffer.from([0, 0, 1, 0, pictures.length, 0]);
  let offset = header.length + 16 * pictures.length;
  const entries = pictures.map(({ size, png }) => {
    const entry = Buffer.alloc(16);
    entry.writeUInt8(size, 0); // width, then height; 256 would be 0
    entry.writeUInt8(size, 1);
    entry.writeUInt16LE(1, 4); // planes
    entry.writeUInt16LE(32, 6); // bits of a pixel
    entry.writeUInt32LE(png.length, 8);
    entry.writeUInt32LE(offset, 12);
    offset += png.length;
    return entry;
  });
  return Buffer.concat([header, ...entries, ...pictures.map(({ png }) => png)]);
}

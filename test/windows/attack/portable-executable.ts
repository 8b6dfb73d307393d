// What the header of a Windows program or DLL says (PE/COFF specification): where memory may be written and run, and whose code it needs.

export interface PortableExecutable {
  /** The DLLs of the import directory, in lower case, sorted. */
  readonly imports: readonly string[];
  readonly sections: readonly { readonly name: string; readonly writable: boolean; readonly executable: boolean }[];
  /** IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE, _HIGH_ENTROPY_VA, _NX_COMPAT. */
  readonly dynamicBase: boolean;
  readonly highEntropy: boolean;
  readonly noExecute: boolean;
  /** Without them nothing can be moved, whatever the flags say. */
  readonly hasRelocations: boolean;
}

const memoryExecute = 0x2000_0000;
const memoryWrite = 0x8000_0000;

/** @throws Error for what is not a 64-bit one */
export function readPortableExecutable(bytes: Buffer): PortableExecutable {
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0' || bytes.readUInt16LE(optional) !== 0x20b)
    throw new Error('not a 64-bit program of Windows');
  const characteristics = bytes.readUInt16LE(header + 22);
  const dll = bytes.readUInt16LE(optional + 70);
  const count = bytes.readUInt16LE(header + 6);
  const table = optional + bytes.readUInt16LE(header + 20);
  const sections = Array.from({ length: count }, (_, index) => {
    const at = table + 40 * index;
    const rights = bytes.readUInt32LE(at + 36);
    return {
      name: bytes.toString('latin1', at, at + 8).replace(/\0+$/, ''),
      address: bytes.readUInt32LE(at + 12),
      size: bytes.readUInt32LE(at + 16),
      place: bytes.readUInt32LE(at + 20),
      writable: (rights & memoryWrite) !== 0,
      executable: (rights & memoryExecute) !== 0,
    };
  });
  const fileOffset = (address: number): number => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size);
    if (section === undefined) throw new Error('an address outside every section');
    return section.place + address - section.address;
  };
  const directory = (index: number) => bytes.readUInt32LE(optional + 112 + 8 * index);
  const imports: string[] = [];
  for (let at = fileOffset(directory(1)); bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    const name = fileOffset(bytes.readUInt32LE(at + 12));
    imports.push(bytes.toString('latin1', name, bytes.indexOf(0, name)).toLowerCase());
  }
  return {
    imports: imports.sort(),
    sections: sections.map(({ name, writable, executable }) => ({ name, writable, executable })),
    dynamicBase: (dll & 0x40) !== 0,
    highEntropy: (dll & 0x20) !== 0,
    noExecute: (dll & 0x100) !== 0,
    hasRelocations: (characteristics & 1) === 0 && directory(5) !== 0,
  };
}

// Looks for bytes in the whole readable memory of another process. Linux; needs to be root or the process's own dumpable parent.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const window = 4 << 20;

/** "name in [heap]" for every place where one of `needles` stands in the memory of process `pid`. */
export function findInMemory(pid: number, needles: Readonly<Record<string, Buffer>>): string[] {
  const longest = Math.max(...Object.values(needles).map(({ length }) => length));
  const found: string[] = [];
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(window + longest);
  try {
    for (const { start, end, name } of readableRegions(pid)) {
      for (let at = start; at < end; at += window) {
        const bytes = buffer.subarray(0, readAt(memory, buffer, Math.min(buffer.length, end - at), at));
        for (const [needle, value] of Object.entries(needles)) {
          const first = bytes.indexOf(value);
          if (first >= 0 && first < window) found.push(`${needle} in ${name}`);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

function readableRegions(pid: number): { start: number; end: number; name: string }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start = '', end = '', name = ''] = /^([\da-f]+)-([\da-f]+) r\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
      if (start === '' || name === '[vvar]' || name === '[vsyscall]') return [];
      return [{ start: parseInt(start, 16), end: parseInt(end, 16), name: name === '' ? 'anonymous memory' : name }];
    });
}

function readAt(file: number, buffer: Buffer, length: number, at: number): number {
  try {
    return readSync(file, buffer, 0, length, at);
  } catch {
    // Reserved and never touched, or a device.
    return 0;
  }
}

/** The forms in which a PIN of eight digits could lie about, and parts of it. */
export function pinNeedles(value: string): Record<string, Buffer> {
  const hex = [...Buffer.from(value)].map((byte) => byte.toString(16));
  return {
    text: Buffer.from(value),
    'UTF-16': Buffer.from(value, 'utf16le'),
    hex: Buffer.from(hex.join('')),
    'spaced hex': Buffer.from(hex.join(' ')),
    'all but its end': Buffer.from(value.slice(0, 7)),
    'all but its beginning': Buffer.from(value.slice(1)),
  };
}

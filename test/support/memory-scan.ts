// Looks for secrets where they must not be: in the memory of a process, in files, in any bytes. Knows the forms in which a
// PIN travels (text, UTF-16, and the hex that drivers write into their logs). Reading another process's memory needs root.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that was found. `place` says where, never what. */
export interface Sighting {
  readonly form: 'text' | 'utf-16le' | 'hex' | 'spaced hex' | 'base64';
  readonly place: string;
  /** What stands around it, the secret itself blanked out. */
  readonly around: string;
}

interface Pattern {
  form: Sighting['form'];
  bytes: Buffer;
}

const chunkSize = 4 * 1024 * 1024;

/** The forms of a secret that are looked for. */
function patternsOf(secret: string): Pattern[] {
  const hex = Buffer.from(secret).toString('hex');
  const pairs = hex.match(/../g) ?? [];
  return [
    { form: 'text', bytes: Buffer.from(secret) },
    { form: 'utf-16le', bytes: Buffer.from(secret, 'utf16le') },
    { form: 'hex', bytes: Buffer.from(hex) },
    { form: 'spaced hex', bytes: Buffer.from(pairs.join(' ')) },
    { form: 'spaced hex', bytes: Buffer.from(pairs.join(':')) },
    { form: 'base64', bytes: Buffer.from(Buffer.from(secret).toString('base64').replace(/=+$/, '')) },
  ];
}

/** Looks through bytes. */
export function scanBytes(bytes: Buffer, secrets: readonly string[], place: string): Sighting[] {
  return secrets.flatMap(patternsOf).flatMap(({ form, bytes: wanted }) => {
    const found: Sighting[] = [];
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
      const before = bytes.subarray(Math.max(0, at - 24), at).toString('latin1');
      const after = bytes.subarray(at + wanted.length, at + wanted.length + 24).toString('latin1');
      found.push({ form, place, around: `${before}[...]${after}`.replace(/[^\x20-\x7e]/g, '.') });
    }
    return found;
  });
}

/** Looks through every resident page that a process could have written to; one that has ended has none. @throws Error when it may not be read */
export function scanProcess(processId: number, secrets: readonly string[], name: string): Sighting[] {
  let memory: number | undefined;
  try {
    memory = openSync(`/proc/${processId}/mem`, 'r');
    return scanRegions(memory, processId, secrets, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return [];
    throw error;
  } finally {
    if (memory !== undefined) closeSync(memory);
  }
}

function scanRegions(memory: number, processId: number, secrets: readonly string[], name: string): Sighting[] {
  return writtenRegions(processId).flatMap(({ start, end, label }) => {
    const overlap = 64;
    const found: Sighting[] = [];
    for (let at = start; at < end; at += chunkSize) {
      const size = Math.min(chunkSize + overlap, end - at);
      found.push(...scanBytes(readRegion(memory, at, size), secrets, `${name} ${processId}: ${label}`));
    }
    return found;
  });
}

/** Looks through the files below a directory and at their names; `leaveOut` names paths (relative) that are not looked into. */
export function scanFiles(directory: string, secrets: readonly string[], leaveOut: readonly string[] = []): Sighting[] {
  return readdirSync(directory, { recursive: true }).flatMap((entry) => {
    const name = String(entry);
    if (leaveOut.some((left) => name === left || name.startsWith(`${left}/`))) return [];
    const path = join(directory, name);
    const inName = scanBytes(Buffer.from(name), secrets, `name of ${path}`);
    try {
      return lstatSync(path).isFile() ? [...inName, ...scanBytes(readFileSync(path), secrets, path)] : inName;
    } catch {
      return inName; // gone meanwhile
    }
  });
}

/** Regions with resident pages that can be written, or that belong to no file. */
function writtenRegions(processId: number): { start: number; end: number; label: string }[] {
  const regions: { start: number; end: number; label: string; readable: boolean; own: boolean; resident: number }[] =
    [];
  for (const line of readFileSync(`/proc/${processId}/smaps`, 'utf8').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line);
    const last = regions.at(-1);
    if (head !== null) {
      const [, start = '', end = '', rights = '', label = ''] = head;
      const own = rights.includes('w') || label === '' || label.startsWith('[');
      regions.push({
        start: Number.parseInt(start, 16),
        end: Number.parseInt(end, 16),
        label: label || 'anonymous memory',
        readable: rights.startsWith('r') && !label.startsWith('[v'),
        own,
        resident: 0,
      });
    } else if (last !== undefined && /^(?:Rss|Swap):/.test(line)) {
      last.resident += Number(/\d+/.exec(line)?.[0] ?? 0);
    }
  }
  return regions.filter(({ readable, own, resident }) => readable && own && resident > 0);
}

/** What cannot be read (freed meanwhile) is left out. */
function readRegion(memory: number, at: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    try {
      const length = readSync(memory, bytes, filled, size - filled, at + filled);
      if (length === 0) break;
      filled += length;
    } catch {
      filled += 4096 - ((at + filled) % 4096);
    }
  }
  return bytes;
}

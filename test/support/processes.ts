// The process table (Linux), for tests that must know what became of every process they caused.
import { readdirSync, readFileSync } from 'node:fs';

/** One process. `state` is the letter of proc(5): R, S, D, Z, T, ... */
export interface ProcessEntry {
  readonly processId: number;
  readonly parentId: number;
  readonly state: string;
  /** The command line, words separated by zeros; empty for a zombie. */
  readonly command: string;
}

/** Everything that runs, or has ended and nobody has asked how. */
export function processTable(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      // After the program's name, which may hold anything: state, parent.
      const [state = '', parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return [{ processId: Number(name), parentId: Number(parent), state, command }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

/** The children of a process, zombies too. */
export function childrenOf(processId: number): ProcessEntry[] {
  return processTable().filter(({ parentId }) => parentId === processId);
}

/** The children, their children, and so on. */
export function descendantsOf(processId: number): ProcessEntry[] {
  const table = processTable();
  const below = (parent: number): ProcessEntry[] =>
    table.filter(({ parentId }) => parentId === parent).flatMap((entry) => [entry, ...below(entry.processId)]);
  return below(processId);
}

/** The environment of a process, as it was started with. */
export function environmentOf(processId: number): Record<string, string> {
  const words = readFileSync(`/proc/${processId}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
}

/** Resident memory in bytes. */
export function residentMemory(processId: number): number {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

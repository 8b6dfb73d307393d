// What a process takes of the machine's memory (Linux, and what runs under Wine), in megabytes of 1024 x 1024.
import { readFileSync, writeFileSync } from 'node:fs';
import { rounded } from './figures.ts';

/** VmRSS: files that others map too are in it. */
export function residentMegabytes(processId: number | undefined): number {
  return fieldOf(processId, 'status', 'VmRSS');
}

/** Private_Dirty: what nobody else could use, and each further session costs again. */
export function privateMegabytes(processId: number | undefined): number {
  return fieldOf(processId, 'smaps_rollup', 'Private_Dirty');
}

function fieldOf(processId: number | undefined, file: string, field: string): number {
  const text = readFileSync(`/proc/${processId ?? 0}/${file}`, 'utf8');
  return rounded(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024);
}

/** Bytes by which a process's resident memory grows beyond what it was, at the most, while `action` runs (VmHWM, reset before). */
export async function growthOf(processId: number | undefined, action: () => Promise<unknown>): Promise<number> {
  // proc(5): 5 sets the peak to what it is now.
  writeFileSync(`/proc/${processId ?? 0}/clear_refs`, '5');
  const before = residentMegabytes(processId);
  await action();
  return (fieldOf(processId, 'status', 'VmHWM') - before) * 1024 * 1024;
}

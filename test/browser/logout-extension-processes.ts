// The processes of one browser profile, found by what the system tells of them (Linux).
import { readdirSync, readFileSync } from 'node:fs';

/** The process of the browser itself. */
export function browserProcess(profile: string): number {
  const found = running().find(
    ({ words }) => words.includes(`--user-data-dir=${profile}`) && !words.some((word) => word.startsWith('--type=')),
  );
  if (found === undefined) throw new Error('no browser process');
  return found.processId;
}

/** The process that runs the extension's worker. */
export function workerProcess(profile: string): number {
  const main = browserProcess(profile);
  const found = running().find(
    ({ processId, words }) => words.includes('--extension-process') && ancestors(processId).includes(main),
  );
  if (found === undefined) throw new Error('no extension process');
  return found.processId;
}

/** A process and all that it has started until now. One that has ended and was not waited for is not alive. */
export function family(main: number): { isAlive(): boolean } {
  const members = running().filter(({ processId }) => processId === main || ancestors(processId).includes(main));
  return { isAlive: () => members.some(({ processId }) => read(String(processId), 'cmdline') !== '') };
}

function running(): { processId: number; words: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ processId: Number(name), words: read(name, 'cmdline').split(/[\0 ]/) }));
}

function ancestors(processId: number): number[] {
  const parent = /^PPid:\s+(\d+)/m.exec(read(String(processId), 'status'))?.[1];
  return parent === undefined || parent === '0' ? [] : [Number(parent), ...ancestors(Number(parent))];
}

/** Empty for a process that has ended meanwhile. */
function read(processId: string, file: string): string {
  try {
    return readFileSync(`/proc/${processId}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

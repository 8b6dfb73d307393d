// The processes of one Windows under Wine as this machine sees them: those of its process namespace. Quicker than asking Windows, and
// changes nothing there.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { processTable } from '../../support/processes.ts';
import { type Wine } from './wine.ts';

/** Those whose command line has these words, by this machine's ids: the Windows programs, Wine's own, the screen. */
export function processesIn({ inside }: Wine, words = ''): number[] {
  const world = namespaceOf(inside);
  const all = processTable().filter(({ command, state }) => state !== 'Z' && command.includes(words));
  return all.map(({ processId }) => processId).filter((id) => namespaceOf(id) === world);
}

/** The TCP ports that any of these processes listens on. */
export function listeningPorts(processIds: readonly number[]): number[] {
  const sockets = new Set(processIds.flatMap(socketsOf));
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8'));
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      // proc(5): number, local address, remote address, state (0A: listening), ..., inode.
      const [, address = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      return state === '0A' && sockets.has(inode) ? [parseInt(address.slice(address.indexOf(':') + 1), 16)] : [];
    }),
  );
}

function namespaceOf(processId: number): string {
  try {
    return readlinkSync(`/proc/${processId}/ns/pid`);
  } catch {
    return ''; // ended meanwhile
  }
}

/** The inodes of a process's sockets. */
function socketsOf(processId: number): string[] {
  try {
    return readdirSync(`/proc/${processId}/fd`).flatMap((name) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${name}`)) ?? [];
      return inode ?? [];
    });
  } catch {
    return [];
  }
}

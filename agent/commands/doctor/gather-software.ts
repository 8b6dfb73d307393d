// Other programs that use smart cards: seen by their files or their running processes. For information; the list is not complete.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface CardProgram {
  name: string;
  files: readonly string[];
  /** As in /proc/PID/comm, which is cut to 15 characters. */
  processes: readonly string[];
}

const cardPrograms: readonly CardProgram[] = [
  {
    name: 'Net iD',
    files: ['/usr/lib/libiidp11.so', '/usr/lib64/libiidp11.so', '/usr/local/lib/libiidp11.so'],
    processes: ['iid', 'netid', 'netidclient'],
  },
  {
    name: 'SafeNet Authentication Client',
    files: [
      '/usr/lib/libeToken.so',
      '/usr/lib64/libeToken.so',
      '/usr/lib/libeToken.so.10',
      '/usr/lib64/libeToken.so.10',
    ],
    processes: ['SACSrv', 'SACMonitor'],
  },
  { name: 'SITHS eID', files: ['/opt/siths-eid', '/opt/SITHSeID'], processes: ['SITHSeID', 'siths-eid'] },
  { name: 'Web eID', files: ['/usr/bin/web-eid'], processes: ['web-eid'] },
  // Takes the card for itself unless it is told not to (pcsc-shared in scdaemon.conf).
  { name: 'GnuPG scdaemon', files: [], processes: ['scdaemon'] },
];

/** Names of those that are installed or running. */
export function gatherOtherSoftware(root: string): string[] {
  const running = runningProcesses();
  return cardPrograms
    .filter(
      ({ files, processes }) =>
        files.some((file) => existsSync(root + file)) || processes.some((name) => running.has(name)),
    )
    .map(({ name }) => name);
}

function runningProcesses(): Set<string> {
  const names = new Set<string>();
  try {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        names.add(readFileSync(`/proc/${entry}/comm`, 'utf8').trim());
      } catch {
        // It has ended meanwhile.
      }
    }
  } catch {
    // No /proc: the files have to do.
  }
  return names;
}

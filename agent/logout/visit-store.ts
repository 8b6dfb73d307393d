// Keeps the visits on disk, so that a logout that is owed outlives the agent. One file for each agent that runs, since one user
// may have several OS sessions; what an agent that has ended left behind is taken over by the next one. Never throws: a disk
// that is full or broken must not keep anybody from logging in or out.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '../../shared/strict-json.ts';
import { lockFile, type FileLock } from '../native/file-lock.ts';
import { agentsOfUser, visitsFile, type Visit } from './visit.ts';

/** The visits of this agent on disk. */
export interface VisitStore {
  /** What this place and those of agents that have ended held; each visit once. */
  readonly found: readonly Visit[];
  /** Files that could not be understood: set aside, never thrown away. */
  readonly broken: number;
  /** Replaces the file in one step. Whether that worked; not after `close`. */
  save(visits: readonly Visit[]): boolean;
  close(): void;
}

/** Every visit of one agent with every registration of the longest kind. */
const longestFile = 64_000_000;

interface Place {
  path: string;
  lock: FileLock;
}

/** Opens the first free place in `directory` (made 0700). */
export function openVisitStore(directory: string): VisitStore {
  const free = freePlaces(directory);
  const read = free.map(({ path }) => readVisits(path));
  // Who was killed between writing what he took over and removing where it had lain left it twice.
  const found = eachOnce(read.flatMap((visits) => visits ?? []));
  let own = free.shift();
  // Kept from others until all that was in them stands in our own.
  let inherited = free;
  const save = (visits: readonly Visit[]): boolean => {
    if (own === undefined || !write(own.path, visits)) return false;
    for (const place of inherited) leave(place, true);
    inherited = [];
    return true;
  };
  if (found.length > 0) save(found);
  else {
    for (const place of inherited) leave(place, false);
    inherited = [];
  }
  return {
    found,
    broken: read.filter((visits) => visits === undefined).length,
    save,
    close: () => {
      for (const place of [...inherited, ...(own === undefined ? [] : [own])]) leave(place, false);
      inherited = [];
      own = undefined;
    },
  };
}

/** The places that no agent has, locked. A lock that cannot be made is nobody's. */
function freePlaces(directory: string): Place[] {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch {
    return [];
  }
  const free: Place[] = [];
  for (let number = 1; number <= agentsOfUser; number++) {
    try {
      const lock = lockFile(join(directory, `visits-${number}.lock`));
      if (lock !== undefined) free.push({ path: join(directory, `visits-${number}.json`), lock });
    } catch {
      // The next place may be better.
    }
  }
  return free;
}

function eachOnce(visits: readonly Visit[]): Visit[] {
  const ids = new Set<string>();
  return visits.filter(({ id }) => !ids.has(id) && ids.add(id));
}

function leave({ path, lock }: Place, empty: boolean): void {
  try {
    if (empty) rmSync(path, { force: true });
  } catch {
    // It is found again, and known by its visits' ids.
  }
  lock.release();
}

/** Undefined for a file that is none of ours; it is moved aside. */
function readVisits(path: string): Visit[] | undefined {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return [];
    if (size > longestFile) throw new RangeError('too long');
    return visitsFile.parse(parseStrictJson(readFileSync(path, 'utf8'))).visits;
  } catch {
    try {
      renameSync(path, `${path}.broken`);
    } catch {
      // It cannot be read, nor moved: the next save replaces it.
    }
    return undefined;
  }
}

function write(path: string, visits: readonly Visit[]): boolean {
  try {
    writeFileSync(`${path}.new`, JSON.stringify({ version: 1, visits }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return true;
  } catch {
    return false;
  }
}

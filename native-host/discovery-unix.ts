// Finds the endpoint that this OS session's agent has written, and refuses one that anybody else could have touched.
// Synchronous on purpose: a handful of calls on a memory file system, without a thread pool. Says nothing of who listens.
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { endpointDirectories, parseEndpoint, type Endpoint, type EndpointPlace } from '../shared/endpoint.ts';
import { KortbroError } from '../shared/errors.ts';
import { endpointFileName } from '../shared/names.ts';
import { type Discovery } from './discovered.ts';

/** An endpoint file holds a path, a secret and a number. */
const endpointFileSize = 4096;

/** Looks once, at the one place where this session's endpoint stands. `passed`: sockets at which nobody was met. */
export function discoverOnUnix(place: EndpointPlace, passed: ReadonlySet<string>): Discovery {
  let text: string;
  try {
    text = readEndpointFile(place);
  } catch (error) {
    if (isMissing(error)) return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING') };
    return { kind: 'unsafe', error: new KortbroError('ERR_AGENT_ENDPOINT', { cause: error }) };
  }
  try {
    const endpoint = parseEndpoint(text);
    if (passed.has(endpoint.socket)) return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING') };
    return checkSocket(endpoint, place.userId);
  } catch (error) {
    const known = error instanceof KortbroError ? error : new KortbroError('ERR_AGENT_ENDPOINT', { cause: error });
    return { kind: 'outdated', error: known };
  }
}

function readEndpointFile(place: EndpointPlace): string {
  const directories = endpointDirectories(place);
  // From the outermost inward: below a directory that only this user can change, nothing can be swapped by another.
  for (const directory of directories) {
    const stats = lstatSync(directory);
    if (!stats.isDirectory() || !isPrivate(stats, place.userId)) throw new KortbroError('ERR_AGENT_ENDPOINT');
  }
  // O_NONBLOCK: a named pipe put there must not hold us.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = openSync(`${directories.at(-1) ?? ''}/${endpointFileName}`, flags);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || !isPrivate(stats, place.userId)) throw new KortbroError('ERR_AGENT_ENDPOINT');
    const bytes = new Uint8Array(endpointFileSize);
    const size = readSync(file, bytes, 0, bytes.length, 0);
    return new TextDecoder().decode(bytes.subarray(0, size));
  } finally {
    closeSync(file);
  }
}

function checkSocket(endpoint: Endpoint, userId: number): Discovery {
  let stats: Stats;
  try {
    stats = lstatSync(endpoint.socket);
  } catch (error) {
    // Left by an agent that was killed: its process id is not asked, since the browser may live in a namespace of its own.
    return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING', { cause: error }) };
  }
  if (stats.isSocket() && isPrivate(stats, userId)) return { kind: 'endpoint', endpoint };
  return { kind: 'unsafe', error: new KortbroError('ERR_AGENT_ENDPOINT') };
}

function isPrivate(stats: Stats, userId: number): boolean {
  return stats.uid === userId && (stats.mode & 0o077) === 0;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

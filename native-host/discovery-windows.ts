// Finds the endpoints that this user's agents have written on Windows, one for each session, and refuses those that anybody else
// could have touched. Files know users and not sessions: which agent is ours, the agents themselves say when they are met
// (agent/endpoint), and those of others are passed over.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, toNamespacedPath } from 'node:path';
import { parseEndpoint, windowsSessionsDirectory, type EndpointPlace } from '../shared/endpoint.ts';
import { KortbroError } from '../shared/errors.ts';
import { endpointFileName } from '../shared/names.ts';
import { administrators } from '../shared/windows-administrators.ts';
import { type Discovery } from './discovered.ts';
import { type WindowsNative, windowsNative } from './windows-native.ts';

/** An endpoint file holds a name, a secret and a number. */
const endpointFileSize = 4096;

/** A user has a session or two; what crashed long ago may have left a file or two more. */
const mostEndpoints = 64;

/** Looks once. `passed`: pipes at which no agent of this session was met. */
export function discoverOnWindows(
  environment: EndpointPlace['environment'],
  passed: ReadonlySet<string>,
  sessions: string = windowsSessionsDirectory(environment),
  native: () => Pick<WindowsNative, 'fileAccess' | 'ownIdentity'> = windowsNative,
): Discovery {
  const found = sessionsIn(sessions);
  try {
    const { fileAccess, ownIdentity } = native();
    const trusted = [ownIdentity().user, ...administrators];
    // From the outermost inward: below a directory that only this user can change, nothing can be swapped by another.
    const own = found.flatMap((session) => [`${sessions}/${session}`, `${sessions}/${session}/${endpointFileName}`]);
    for (const path of [dirname(sessions), sessions, ...own]) {
      const { owner, writers } = fileAccess(toNamespacedPath(path));
      if (![owner, ...writers].every((sid) => trusted.includes(sid))) throw new Error(`others may change ${path}`);
    }
  } catch (cause) {
    // Gone since it was listed, or never there: an agent makes it anew.
    if (isMissing(cause)) return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING') };
    return { kind: 'unsafe', error: new KortbroError('ERR_AGENT_ENDPOINT', { cause }) };
  }
  let outdated: KortbroError | undefined;
  for (const session of found) {
    const text = readBounded(`${sessions}/${session}/${endpointFileName}`);
    if (text === undefined) continue;
    try {
      const endpoint = parseEndpoint(text);
      // What is a Unix path elsewhere leads to anybody's pipe here, or to another machine's.
      if (!endpoint.socket.startsWith('\\\\.\\pipe\\')) throw new KortbroError('ERR_AGENT_ENDPOINT');
      if (!passed.has(endpoint.socket)) return { kind: 'endpoint', endpoint };
    } catch (error) {
      outdated = error instanceof KortbroError ? error : new KortbroError('ERR_AGENT_ENDPOINT', { cause: error });
    }
  }
  if (outdated !== undefined) return { kind: 'outdated', error: outdated };
  return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING') };
}

/** Those with an endpoint, the newest first. Numbers tell nothing: they begin anew when the machine does, and folders stay. */
function sessionsIn(directory: string): string[] {
  try {
    const found = readdirSync(directory).flatMap((name) => {
      const written = /^\d{1,10}$/.test(name) ? writtenAt(`${directory}/${name}/${endpointFileName}`) : undefined;
      return written === undefined ? [] : [{ name, written }];
    });
    found.sort((a, b) => b.written - a.written);
    return found.slice(0, mostEndpoints).map(({ name }) => name);
  } catch {
    return [];
  }
}

function writtenAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readBounded(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(endpointFileSize);
      return new TextDecoder().decode(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

// Finds the endpoints that this user's agents have written on Windows, one for each session. Files know users and not sessions:
// which agent is ours, the agents themselves say when they are met (agent/endpoint), and those of others are passed over.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { parseEndpoint, windowsSessionsDirectory, type EndpointPlace } from '../shared/endpoint.ts';
import { KortbroError } from '../shared/errors.ts';
import { endpointFileName } from '../shared/names.ts';
import { type Discovery } from './discovered.ts';

/** An endpoint file holds a name, a secret and a number. */
const endpointFileSize = 4096;

/** A user has a session or two; what crashed long ago may have left a file or two more. */
const mostSessions = 64;

/** Looks once. `passed`: pipes at which no agent of this session was met. */
export function discoverOnWindows(
  environment: EndpointPlace['environment'],
  passed: ReadonlySet<string>,
  sessions: string = windowsSessionsDirectory(environment),
): Discovery {
  let outdated: KortbroError | undefined;
  for (const session of sessionsIn(sessions)) {
    const text = readBounded(`${sessions}/${session}/${endpointFileName}`);
    if (text === undefined) continue;
    try {
      const endpoint = parseEndpoint(text);
      if (!passed.has(endpoint.socket)) return { kind: 'endpoint', endpoint };
    } catch (error) {
      outdated = error instanceof KortbroError ? error : new KortbroError('ERR_AGENT_ENDPOINT', { cause: error });
    }
  }
  if (outdated !== undefined) return { kind: 'outdated', error: outdated };
  return { kind: 'absent', error: new KortbroError('ERR_AGENT_NOT_RUNNING') };
}

/** Newest session first: numbers grow, and the one that somebody sits at is rarely an old one. */
function sessionsIn(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^\d{1,10}$/.test(name));
    return names.sort((a, b) => Number(b) - Number(a)).slice(0, mostSessions);
  } catch {
    return [];
  }
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

// Looks at this computer, once, and changes nothing (but that asking the agent starts it, as the browser would). Each look that
// fails says so in the picture; none ends the others, and all are bounded in time.
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { endpointDirectories, parseEndpoint, type EndpointPlace } from '../../../shared/endpoint.ts';
import { endpointFileName } from '../../../shared/names.ts';
import { defaultPolicy } from '../../../shared/policy.ts';
import { sessionUnavailable } from '../../native/session-events.ts';
import { findPinentry } from '../../pin/pinentry-program.ts';
import { loadPolicy } from '../../policy/policy-file.ts';
import { policyPlace } from '../../policy/policy-place.ts';
import { type AskOptions } from '../ask-agent.ts';
import { type Programs } from '../programs.ts';
import { type UserPlaces } from '../user-places.ts';
import { firstReaderPicture, gatherAgent } from './gather-agent.ts';
import { gatherAutostart, gatherBrowsers } from './gather-browsers.ts';
import { gatherDrivers } from './gather-drivers.ts';
import { gatherOtherSoftware } from './gather-software.ts';
import { type DirectorySight, type Picture } from './picture.ts';

export interface GatherOptions {
  place: EndpointPlace;
  places: UserPlaces;
  programs: Programs;
  ask: AskOptions;
  /** Stands before every path of the machine (/etc, /usr); '' but in tests. */
  root: string;
}

export async function gather({ place, places, programs, ask, root }: GatherOptions): Promise<Picture> {
  const { environment } = place;
  const ranBefore = agentRuns(place);
  const { path, owner } = policyPlace(environment);
  const outcome = loadPolicy(path, owner);
  const policy = outcome.ok ? outcome.policy : defaultPolicy;
  const socket = environment['PCSCLITE_CSOCK_NAME'] ?? `${root}/run/pcscd/pcscd.comm`;
  const [agent, readers] = await Promise.all([gatherAgent(ask, ranBefore), firstReaderPicture()]);
  return {
    environment,
    nodeVersion: process.version,
    missingParts: partsOf(programs).filter((program) => !existsSync(program)),
    agent,
    policy: { path, outcome },
    drivers: gatherDrivers(policy.tokens, `${places.stateHome}/kortbro/audit.jsonl`),
    cardService: {
      installed: ['/usr/sbin/pcscd', '/usr/local/sbin/pcscd'].some((program) => existsSync(root + program)),
      socket: { path: socket, exists: existsSync(socket) },
      readers,
    },
    pinProgram: { configured: policy.pin.program, found: pinProgram(policy.pin.program) },
    browsers: gatherBrowsers(places, root),
    autostart: gatherAutostart(places, environment, root),
    sessionWatch: sessionWatch(),
    // Looked at last: the agent makes them when it starts.
    runtimeDirectories: endpointDirectories(place).map((directory) => directorySight(directory, place.userId)),
    otherSoftware: gatherOtherSoftware(root),
  };
}

function partsOf({ node, nativeHost, agent, moduleHost, addon }: Programs): string[] {
  return [node, nativeHost, agent, moduleHost, addon];
}

/** Whether the process that wrote the endpoint file is alive. */
function agentRuns(place: EndpointPlace): boolean {
  try {
    const directory = endpointDirectories(place).at(-1) ?? '';
    const { processId } = parseEndpoint(readFileSync(`${directory}/${endpointFileName}`, 'utf8'));
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

function pinProgram(configured: string | undefined): string | undefined {
  try {
    return findPinentry(configured);
  } catch {
    return undefined;
  }
}

function sessionWatch(): Picture['sessionWatch'] {
  try {
    return sessionUnavailable() ?? 'available';
  } catch {
    return 'unknown';
  }
}

function directorySight(path: string, userId: number): DirectorySight {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return { path, state: 'missing' };
  if (!status.isDirectory()) return { path, state: 'not-a-directory' };
  if (status.uid !== userId) return { path, state: 'of-another-user' };
  return { path, state: (status.mode & 0o077) === 0 ? 'private' : 'open-to-others' };
}

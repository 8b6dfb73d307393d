// The agent's Windows: a named pipe, the user's local profile, group policy, the desktop's own proxies, authorities and lock.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tls from 'node:tls';
import { windowsSessionsDirectory } from '../shared/endpoint.ts';
import { KortbroError } from '../shared/errors.ts';
import { administrators } from '../shared/windows-administrators.ts';
import { pipeDoor } from './endpoint/pipe-door.ts';
import { lockWorkstation } from './native/desktop.ts';
import { fileAccess } from './native/file-access.ts';
import { ownIdentity } from './native/own-identity.ts';
import { startPipeServer } from './native/pipe-server.ts';
import { readRegistry, watchRegistry } from './native/registry.ts';
import { proxyFor } from './native/system-proxy.ts';
import { watchPolicyFile } from './policy/policy-file.ts';
import { policyKey } from './policy/windows-policy.ts';
import { installationKey, loadMachinePolicy, namedPolicyFile } from './policy/windows-places.ts';
import { type AgentSystem, type PolicySource } from './system.ts';

/** How old the system's list of authorities may be that is believed, in milliseconds: nothing tells of a change. */
const authoritiesAge = 3_600_000;

export function windowsSystem(environment: NodeJS.ProcessEnv): AgentSystem {
  const own = ownIdentity();
  const sessions = windowsSessionsDirectory(environment);
  return {
    sessionDirectory: () =>
      prepareDirectory([dirname(sessions), sessions, join(sessions, String(own.session))], own.user),
    stateDirectory: dirname(sessions),
    openDoor: pipeDoor(own, startPipeServer),
    // The pipe's own access list lets nobody else in, and the door has looked at each peer.
    isOwnUser: () => true,
    policy: machinePolicy(),
    systemProxy: async (url) => {
      const [first] = await proxyFor(url.href);
      return first === undefined ? undefined : new URL(first);
    },
    systemAuthorities: {
      version: () => String(Math.floor(Date.now() / authoritiesAge)),
      read: windowsAuthorities,
    },
    lockWorkstation: () => Promise.resolve(lockWorkstation()),
  };
}

/** Makes them, outermost first, and answers the last one. @throws KortbroError ERR_AGENT_ENDPOINT where others could write */
function prepareDirectory(directories: readonly string[], user: string): string {
  for (const directory of directories) {
    try {
      mkdirSync(directory, { recursive: true });
      const { owner, writers } = fileAccess(directory);
      if (![owner, ...writers].every((sid) => sid === user || administrators.includes(sid))) throw new Error(directory);
    } catch (error) {
      throw new KortbroError('ERR_AGENT_ENDPOINT', { cause: error });
    }
  }
  return directories.at(-1) ?? '';
}

function machinePolicy(): PolicySource {
  const readKey = (key: string) => readRegistry('HKLM', key);
  return {
    load: () => loadMachinePolicy(readKey),
    watch: (changed) => {
      const file = namedPolicyFile(readKey);
      const watches = [watchRegistry(policyKey, changed), watchRegistry(installationKey, changed)];
      if (file !== undefined) watches.push(watchPolicyFile(file, changed));
      return {
        stop: () => {
          for (const watch of watches) watch.stop();
        },
      };
    },
    trust: 'administrators',
  };
}

/** Windows' own list, and Node's beside it: Windows fetches a public authority only when one of its own programs meets it. */
function windowsAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => readonly string[] };
  return [...tls.rootCertificates, ...(getCACertificates?.('system') ?? [])];
}

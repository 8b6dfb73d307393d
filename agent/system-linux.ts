// The agent's Linux: Unix socket, XDG directories (Base Directory Specification 0.8), a policy file of root's, logind.
import { Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareEndpointDirectory } from './endpoint/endpoint-directory.ts';
import { openSocketDoor } from './endpoint/socket-door.ts';
import { lockWorkstation } from './logout/lock-workstation.ts';
import { environmentProxy } from './network/proxy.ts';
import { bundledAuthorities } from './network/trust-store.ts';
import { peerCredentialsOf } from './native/peer-credentials.ts';
import { loadPolicy, watchPolicyFile } from './policy/policy-file.ts';
import { policyPlace } from './policy/policy-place.ts';
import { type AgentSystem } from './system.ts';

export function linuxSystem(environment: NodeJS.ProcessEnv): AgentSystem {
  const userId = process.getuid?.() ?? 0;
  const state = environment['XDG_STATE_HOME'];
  const stateHome = state?.startsWith('/') === true ? state : join(homedir(), '.local/state');
  const { path, owner } = policyPlace(environment);
  return {
    sessionDirectory: () => prepareEndpointDirectory({ environment, userId, temporaryDirectory: tmpdir() }),
    stateDirectory: join(stateHome, 'kortbro'),
    openDoor: openSocketDoor,
    isOwnUser: (stream) => stream instanceof Socket && peerCredentialsOf(stream).uid === userId,
    policy: {
      load: () => loadPolicy(path, owner),
      watch: (changed) => watchPolicyFile(path, changed),
      trust: owner === 0 ? 'administrators' : undefined,
    },
    systemProxy: environmentProxy(environment),
    systemAuthorities: bundledAuthorities(),
    lockWorkstation: () => lockWorkstation(environment),
  };
}

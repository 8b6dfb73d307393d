// What the agent asks of the system beneath it where systems differ: system-linux.ts, system-windows.ts.
import { type IsOwnUser, type OpenDoor } from './endpoint/door.ts';
import { type SystemProxy } from './network/proxy.ts';
import { type SystemAuthorities } from './network/trust-store.ts';
import { type PolicyOutcome } from './policy/policy-file.ts';
import { type Trust } from './tokens/trusted-file.ts';

export interface AgentSystem {
  /** Where this OS session's endpoint lives: made, and nobody else's. @throws KortbroError ERR_AGENT_ENDPOINT */
  sessionDirectory: () => string;
  /** Where this user's audit log and visits are kept. */
  stateDirectory: string;
  openDoor: OpenDoor;
  isOwnUser: IsOwnUser;
  policy: PolicySource;
  /** For the agent's own calls to sites. */
  systemProxy: SystemProxy;
  systemAuthorities: SystemAuthorities;
  /** Whether the order to lock the screen was taken. */
  lockWorkstation: () => Promise<boolean>;
}

/** The machine's policy, wherever it stands. */
export interface PolicySource {
  load: () => PolicyOutcome;
  /** Calls `changed` after it may have changed. Best effort. */
  watch: (changed: () => void) => { stop: () => void };
  /** Who may have put there the files that policy names; undefined in development: anybody. */
  trust: Trust | undefined;
}

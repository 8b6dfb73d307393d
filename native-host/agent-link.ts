// Keeps one connection to this session's agent for as long as the process lives: finds it, starts it if none runs, and
// tries again after a pause that grows. One process start at most for each attempt; nothing that was sent is sent again.
import { type EndpointPlace } from '../shared/endpoint.ts';
import { KortbroError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import { type PeerRole } from '../shared/proof.ts';
import { converse, type AgentConnection } from './agent-connection.ts';
import { startAgent, type AgentCommand, type StartedAgent } from './agent-start.ts';
import { failuresAfter, pauseAfter } from './back-off.ts';
import { discoverEndpoint } from './discovery.ts';

/** Pause between two looks for an agent that is starting. */
const lookPause = 20;

/** What the link tells: any number of rounds of connecting, connected, messages, gone. */
export interface LinkListener {
  /** An attempt goes on; it ends with `connected` or `gone` within `limits.agentStartTime`. */
  connecting(): void;
  connected(connection: AgentConnection): void;
  message(message: Uint8Array): void;
  gone(error: KortbroError): void;
}

interface Seeker {
  place: EndpointPlace;
  role: PeerRole;
  /** What starts the agent: a program and its arguments. */
  agent: AgentCommand;
  listener: LinkListener;
}

/** Runs until the process ends. */
export async function keepConnected(seeker: Seeker): Promise<never> {
  for (let failures = 0; ;) {
    const { error, lived } = await attempt(seeker);
    seeker.listener.gone(error);
    failures = failuresAfter(failures, lived);
    await pause(pauseAfter(failures));
  }
}

/** One attempt, to the end of the connection if it comes to one. `lived` is in milliseconds. */
async function attempt({ place, role, agent, listener }: Seeker): Promise<{ error: KortbroError; lived: number }> {
  const deadline = now() + limits.agentStartTime;
  let started: StartedAgent | undefined;
  /** Sockets at which nobody of ours was met. */
  const passed = new Set<string>();
  for (;;) {
    const discovery = discoverEndpoint(place, passed);
    if (discovery.kind === 'unsafe') return { error: discovery.error, lived: 0 };
    listener.connecting();
    if (discovery.kind === 'endpoint') {
      let since: number | undefined;
      const patience = Math.min(limits.proofTime, deadline - now());
      const error = await converse(discovery.endpoint, role, patience, {
        opened: (connection) => {
          since = now();
          listener.connected(connection);
        },
        message: (message) => listener.message(message),
      });
      if (since !== undefined) return { error, lived: now() - since };
      if (error.code !== 'ERR_AGENT_NOT_RUNNING' || now() >= deadline) return { error, lived: 0 };
      passed.add(discovery.endpoint.socket);
      continue;
    }
    const { error } = discovery;
    started ??= startAgent(agent);
    if (started.ended instanceof KortbroError) return { error: started.ended, lived: 0 };
    // An agent runs, and what it wrote is of another version: it will not get better by waiting.
    if (started.ended !== undefined && discovery.kind === 'outdated') return { error, lived: 0 };
    if (now() + lookPause >= deadline) return { error, lived: 0 };
    await pause(lookPause);
  }
}

/** Milliseconds since the process began. Not `performance`, which loads a module of its own. */
function now(): number {
  return process.uptime() * 1000;
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, time);
  });
}

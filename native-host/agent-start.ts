// Starts the agent as a process of its own that outlives browser and native host. Whether it works is seen by connecting.
import { KortbroError } from '../shared/errors.ts';

/** An agent process that was started here. `ended` is undefined while it runs. */
export interface StartedAgent {
  readonly ended: KortbroError | 'another-runs' | undefined;
}

/** A program's path, then its arguments. */
export type AgentCommand = readonly [string, ...string[]];

/**
 * Starts the agent in a process group of its own, in our environment and without our standard streams, so that it outlives us
 * and the browser.
 * The agent is single-instance: one that finds another running exits with 0 at once.
 */
export function startAgent([program, ...words]: AgentCommand): StartedAgent {
  // Loaded only here: most native hosts find an agent running.
  const { spawn } = process.getBuiltinModule('node:child_process');
  let ended: StartedAgent['ended'];
  const agent = spawn(program, words, {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  agent.once('exit', (code) => (ended ??= code === 0 ? 'another-runs' : new KortbroError('ERR_AGENT_NOT_RUNNING')));
  agent.once('error', (cause) => (ended ??= new KortbroError('ERR_AGENT_NOT_RUNNING', { cause })));
  agent.unref();
  return {
    get ended() {
      return ended;
    },
  };
}

// The agent of one run: started here, found again wherever a native host has started another one, ended by its process id.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endpointDirectories, parseEndpoint } from '../shared/endpoint.ts';
import { endpointFileName } from '../shared/names.ts';

export interface DemoAgent {
  /** Starts an agent and waits until it can be reached. One that runs already is left to it. */
  start(): Promise<void>;
  /** The process id of the agent that can be reached now; undefined when none can. */
  readonly processId: number | undefined;
  /** Ends it as the end of an OS session does. */
  stop(): Promise<void>;
}

const startTime = 10_000;
const stopTime = 5_000;

/** @param program the agent's main file */
export function demoAgent(program: string, environment: Readonly<Record<string, string>>): DemoAgent {
  const place = { environment, userId: process.getuid?.() ?? 0, temporaryDirectory: '/tmp' };
  const endpointFile = join(endpointDirectories(place).at(-1) ?? '', endpointFileName);

  function running(): number | undefined {
    try {
      const { processId } = parseEndpoint(readFileSync(endpointFile, 'utf8'));
      return isAlive(processId) ? processId : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    start: async () => {
      const [command, ...words] = endedWithUs([process.execPath, program]);
      // A session of its own: Ctrl-C is for us, and we end it in order.
      const child = spawn(command, words, { env: environment, detached: true, stdio: 'ignore', cwd: '/' });
      child.on('error', () => undefined);
      child.unref();
      await until(() => running() !== undefined, startTime, 'the agent does not start');
    },
    get processId() {
      return running();
    },
    stop: async () => {
      const processId = running();
      if (processId === undefined) return;
      process.kill(processId, 'SIGTERM');
      await until(() => !isAlive(processId), stopTime, 'the agent does not end');
    },
  };
}

/** A run that is itself killed must leave no agent behind: util-linux asks the kernel to see to that, where it is there. */
function endedWithUs(command: [string, ...string[]]): [string, ...string[]] {
  const setpriv = '/usr/bin/setpriv';
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', '--', ...command] : command;
}

/** Whether a process of ours with this id runs. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    // One that has ended stays in the table until its parent looks.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for something in other processes that has no event. @throws Error with `complaint` when it does not come in time */
export async function until(
  isThere: () => boolean | Promise<boolean>,
  milliseconds: number,
  complaint: string,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await isThere())) {
    if (performance.now() > deadline) throw new Error(`${complaint} (${milliseconds} ms)`);
    await wait(20);
  }
}

// A client of the simulator's control socket, for tests: inserts, pulls and breaks simulated cards. Each command is a connection of
// its own, so that it works across restarts of the simulator; one that is just starting is waited for.
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { type TokenFailure } from '../token.ts';
import { type FaultCall } from './simulator-faults.ts';
import {
  controlSocketName,
  simulatorAnswer,
  type SimulatorCommand,
  type SimulatorState,
} from './simulator-protocol.ts';

export { type SimulatorState } from './simulator-protocol.ts';

/** How long a simulator that is not there yet is waited for, in milliseconds. */
const patience = 10_000;

export class SimulatorControl {
  readonly #path: string;

  /** @param directory the simulator's, as in the policy's token source */
  constructor(directory: string) {
    this.#path = join(directory, controlSocketName);
  }

  insert(card: string, reader = 0): Promise<SimulatorState> {
    return this.#command({ insert: card, reader });
  }

  remove(reader = 0): Promise<SimulatorState> {
    return this.#command({ remove: reader });
  }

  /** `unseen`: no event tells of it. `verified`: the new card answers as if its PIN had been given. */
  swap(card: string, how: { reader?: number; unseen?: boolean; verified?: boolean } = {}): Promise<SimulatorState> {
    return this.#command({ swap: card, reader: 0, ...how });
  }

  setMute(mute: boolean, reader = 0): Promise<SimulatorState> {
    return this.#command(mute ? { mute: reader } : { unmute: reader });
  }

  resetByOther(reader = 0): Promise<SimulatorState> {
    return this.#command({ reset: reader });
  }

  setTriesLeft(card: string, tries: number, pin: 'login' | 'signature' = 'login'): Promise<SimulatorState> {
    return this.#command({ tries, card, pin });
  }

  stopService(): Promise<SimulatorState> {
    return this.#command({ service: 'stop' });
  }

  startService(): Promise<SimulatorState> {
    return this.#command({ service: 'start' });
  }

  hangAt(call: FaultCall): Promise<SimulatorState> {
    return this.#command({ hang: call });
  }

  crashAt(call: FaultCall): Promise<SimulatorState> {
    return this.#command({ crash: call });
  }

  failAt(call: FaultCall, failure: TokenFailure): Promise<SimulatorState> {
    return this.#command({ fail: call, failure });
  }

  /** The next signature is wrong by one bit. */
  corruptSignature(call: 'sign' | 'signWithPin' = 'sign'): Promise<SimulatorState> {
    return this.#command({ corrupt: call });
  }

  state(): Promise<SimulatorState> {
    return this.#command({ state: true });
  }

  async #command(command: SimulatorCommand): Promise<SimulatorState> {
    const answer = simulatorAnswer.parse(JSON.parse(await this.#exchange(JSON.stringify(command))));
    if (!answer.ok) throw new Error(answer.error);
    return answer.state;
  }

  async #exchange(line: string): Promise<string> {
    const deadline = performance.now() + patience;
    for (;;) {
      try {
        return await exchangeOnce(this.#path, line);
      } catch (error) {
        // Only a connection that never came about is tried again: the command has not been heard.
        const absent = error instanceof Error && 'syscall' in error && error.syscall === 'connect';
        if (!absent || performance.now() > deadline) throw error;
        await wait(20);
      }
    }
  }
}

function exchangeOnce(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.write(`${line}\n`));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the simulator hung up')));
    // The lines tell the socket's errors on, and are to be heard too.
    const lines = createInterface({ input: socket }).on('error', reject);
    lines.once('line', (answer) => {
      resolve(answer);
      socket.destroy();
    });
  });
}

// A real dbus-daemon of the test's own on which everyone may own every name, and programs on it that play logind.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A program on the bus; see fake-logind.c for what it obeys. */
export interface BusProgram {
  /** Settles when the bus has processed what the line made the program send. */
  obey: (line: string) => Promise<void>;
  end: () => Promise<void>;
}

export interface PrivateBus {
  /** For DBUS_SYSTEM_BUS_ADDRESS. */
  readonly address: string;
  startProgram: () => BusProgram;
  stopDaemon: () => Promise<void>;
  startDaemon: () => Promise<void>;
  /** Ends every program and removes the directory. */
  end: () => Promise<void>;
}

const rules = `<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>`;

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function startProgram(binary: string, address: string): BusProgram {
  const child = spawn(binary, [address], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    obey: async (line) => {
      child.stdin.write(`${line}\n`);
      const answer = await answers.next();
      if (answer.value !== 'ok') throw new Error(`the program on the bus ended at: ${line}`);
    },
    end: () => ended(child),
  };
}

/** Starts the daemon and compiles the program (gcc and libsystemd-dev, which the addon needs as well). */
export async function startPrivateBus(): Promise<PrivateBus> {
  const directory = await mkdtemp(join(tmpdir(), 'kortbro-bus-'));
  const address = `unix:path=${join(directory, 'bus')}`;
  const configuration = join(directory, 'bus.conf');
  const binary = join(directory, 'fake-logind');
  await writeFile(
    configuration,
    `<busconfig><listen>${address}</listen><auth>EXTERNAL</auth><policy context="default">${rules}</policy></busconfig>`,
  );
  const source = fileURLToPath(new URL('./fake-logind.c', import.meta.url));
  await promisify(execFile)('gcc', ['-Wall', '-Wextra', '-Werror', '-O1', '-o', binary, source, '-lsystemd']);
  const programs: BusProgram[] = [];
  let daemon: ChildProcess | undefined;
  const bus: PrivateBus = {
    address,
    startProgram: () => {
      const program = startProgram(binary, address);
      programs.push(program);
      return program;
    },
    startDaemon: async () => {
      const command = ['dbus-daemon', `--config-file=${configuration}`, '--nofork', '--print-address'];
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
        // As root it complains that it cannot raise its limit of open files.
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      daemon = child;
      await once(child.stdout, 'data');
    },
    stopDaemon: async () => {
      if (daemon !== undefined) await ended(daemon);
    },
    end: async () => {
      for (const program of programs) await program.end();
      await bus.stopDaemon();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await bus.startDaemon();
  return bus;
}

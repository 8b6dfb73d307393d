// Serves the control socket of a running simulator (simulator-protocol.ts says what can be said).
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type SimulatedReaders } from './simulated-readers.ts';
import { type SimulatorFaults } from './simulator-faults.ts';
import {
  controlSocketName,
  longestLine,
  type SimulatorCommand,
  simulatorCommand,
  type SimulatorState,
} from './simulator-protocol.ts';

/** Settles when the socket takes connections. It does not keep the process alive. */
export async function serveSimulatorControl(
  directory: string,
  readers: SimulatedReaders,
  faults: SimulatorFaults,
): Promise<void> {
  const path = join(directory, controlSocketName);
  // One that was left behind by a simulator that was killed.
  rmSync(path, { force: true });
  const server = createServer((socket) => serveConnection(socket, readers, faults));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
}

function serveConnection(socket: Socket, readers: SimulatedReaders, faults: SimulatorFaults): void {
  socket.on('error', () => socket.destroy());
  socket.unref();
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => {
    if (line.length > longestLine) return void socket.destroy();
    socket.write(`${JSON.stringify(answer(line, readers, faults))}\n`);
  });
}

function answer(line: string, readers: SimulatedReaders, faults: SimulatorFaults): unknown {
  try {
    perform(simulatorCommand.parse(JSON.parse(line)), readers, faults);
    return { ok: true, state: stateOf(readers) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : 'unknown' };
  }
}

function perform(command: SimulatorCommand, readers: SimulatedReaders, faults: SimulatorFaults): void {
  if ('insert' in command) readers.insert(command.insert, command.reader);
  else if ('remove' in command) readers.remove(command.remove);
  else if ('swap' in command) {
    const { swap, reader, unseen = false, verified = false } = command;
    readers.swap(swap, reader, { unseen, verified });
  } else if ('mute' in command) readers.setMute(command.mute, true);
  else if ('unmute' in command) readers.setMute(command.unmute, false);
  else if ('reset' in command) readers.cardIn(command.reset)?.reset();
  else if ('tries' in command) readers.card(command.card).setTriesLeft(command.tries, command.pin ?? 'login');
  else if ('service' in command) readers.setService(command.service === 'stop' ? 'stopped' : 'running');
  else if ('hang' in command) faults.set(command.hang, { kind: 'hang' });
  else if ('crash' in command) faults.set(command.crash, { kind: 'crash' });
  else if ('corrupt' in command) faults.set(command.corrupt, { kind: 'corrupt' });
  else if ('fail' in command) faults.set(command.fail, { kind: 'fail', failure: command.failure });
}

function stateOf(readers: SimulatedReaders): SimulatorState {
  const { service, connection, cards } = readers;
  return {
    service,
    connection,
    readers: readers.readers.map((reader) => ({
      name: reader.name,
      card: reader.card?.name ?? null,
      eventState: readers.picture.readers.find(({ name }) => name === reader.name)?.eventState ?? 0,
    })),
    cards: Object.fromEntries([...cards].map(([name, card]) => [name, card.state])),
  };
}

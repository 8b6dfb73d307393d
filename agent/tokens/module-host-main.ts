// The module host: a process for one driver, so that vendor code hangs and crashes here and nowhere else. It speaks with the agent
// over fd 3 alone, and ends with it: by the channel's end, or killed by the kernel when a driver holds it up at that moment.
import { constants } from 'node:os';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { disableCoreDumps, restrictLibraries, setDumpable, setParentDeathSignal } from '../native/process-hardening.ts';
import { frameHead, HostFrameReader } from './module-host-frames.ts';
import { ModuleHostService } from './module-host-service.ts';
import { openBackend } from './open-backend.ts';

/** What forgetting the PINs may take when the agent is gone. */
const farewellTime = 2_000;

// Without a listener SIGUSR1 opens Node's inspector, which shows everything that this process holds.
process.on('SIGUSR1', () => undefined);
process.umask(0o077);
harden();

const received = Buffer.alloc(65_536);
const frames = new HostFrameReader();
const channelOptions: SocketConstructorOpts & ConnectOpts = {
  fd: 3,
  readable: true,
  writable: true,
  allowHalfOpen: true,
  // Read into memory of our own, so that a PIN leaves no copy in buffers that nobody can reach.
  onread: {
    buffer: received,
    callback: (length) => {
      take(received.subarray(0, length));
      return true;
    },
  },
};
const channel = new Socket(channelOptions);
const service = new ModuleHostService(openBackend, (answer, bytes) => {
  channel.cork();
  channel.write(frameHead(answer, bytes.length));
  if (bytes.length > 0) channel.write(bytes);
  channel.uncork();
});
let work = Promise.resolve();

channel.on('error', () => void finish());
channel.on('end', () => void finish());

function take(chunk: Buffer): void {
  try {
    for (const frame of frames.push(chunk)) {
      work = work.then(() => {
        return whileBusy(() => service.serve(frame));
      });
    }
    work.catch(() => process.exit(1));
  } catch {
    process.exit(1);
  } finally {
    chunk.fill(0);
  }
}

/** A driver may block this thread: then only the kernel can end the process when the agent dies. Idle, we do it ourselves. */
async function whileBusy(call: () => Promise<void>): Promise<void> {
  dieWithParent('SIGKILL');
  try {
    await call();
  } finally {
    dieWithParent('SIGTERM');
  }
}

process.on('SIGTERM', () => void finish());

let finishing = false;
async function finish(): Promise<void> {
  if (finishing) return;
  finishing = true;
  setTimeout(() => process.kill(process.pid, constants.signals.SIGKILL), farewellTime);
  await service.end().catch(() => undefined);
  process.exit(0);
}

function harden(): void {
  try {
    disableCoreDumps();
    setDumpable(false);
    restrictLibraries();
  } catch {
    // The addon was not built: the simulator runs without it, a real card needs it and says so.
  }
  dieWithParent('SIGTERM');
  // The agent may have died before we asked to be told.
  if (process.ppid !== Number(process.argv[2])) process.exit(0);
}

function dieWithParent(signal: 'SIGKILL' | 'SIGTERM'): void {
  try {
    setParentDeathSignal(signal);
  } catch {
    // As above; the channel's end ends us then.
  }
}

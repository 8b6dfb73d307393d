// An agent that hangs: whoever waits for it has to hear of it, and is told that and nothing worse.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { FakeAgent, sessionDirectory, writeEndpoint } from './fake-agent.ts';
import { hostBundle, HostProcess, newRuntimeDirectory } from './host-process.ts';
import { pause, waitUntil, within } from './within.ts';

/** Listens at its first argument, says so, and stands still: nobody is let in, and few may wait. */
const deafListener = `
  require('node:net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    require('node:fs').writeSync(1, 'listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

describe('a native host whose agent hangs', () => {
  let runtime: string;
  let host: HostProcess;
  before(async () => {
    await hostBundle();
  });
  beforeEach(() => {
    runtime = newRuntimeDirectory();
  });
  afterEach(() => host.clear());

  describe('after the proof', () => {
    let agent: FakeAgent;
    beforeEach(async () => {
      agent = await new FakeAgent(runtime).open();
      host = await HostProcess.start({ runtime });
      await host.untilPresence('connected');
    });
    afterEach(() => agent.die());

    it('says so when several pings were not answered, once it has asked', async () => {
      (await agent.peer()).pause();
      host.send({ type: 'request', id: 'r1' });
      const longest = limits.pulse * (limits.pulsesMissed + 1);
      assert.equal(await host.presence('gone', longest + 500), 'ERR_AGENT_STOPPED');
    });

    it('waits on when pings are answered, and sends none before it has asked', async () => {
      const pings: Buffer[] = [];
      (await agent.peer()).on('ping', (ping: Buffer) => pings.push(ping));
      await pause(limits.pulse + 300);
      assert.equal(pings.length, 0);
      host.send({ type: 'request', id: 'r1' });
      await waitUntil(() => pings.length > limits.pulsesMissed + 1, 'one ping more than may be missed');
      assert.equal(host.inbox.length, 0);
    });
  });

  it('and has left no room for more to wait: that is no fault of the proof', async () => {
    const socket = join(sessionDirectory(runtime), 'agent-deaf.sock');
    writeEndpoint(runtime, { protocol: 1, processId: 1, secret: randomBytes(32).toString('base64'), socket });
    const listener = spawn(process.execPath, ['-e', deafListener, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    let waiting: Socket[] = [];
    try {
      await within(5_000, new Promise((resolve) => listener.stdout.once('data', resolve)), 'the listener');
      chmodSync(socket, 0o600);
      waiting = await fillQueue(socket);
      host = await HostProcess.start({ runtime });
      await host.presence('connecting');
      assert.equal(await host.presence('gone'), 'ERR_AGENT_STOPPED');
      assert.deepEqual(host.agents(), []);
    } finally {
      for (const stream of waiting) stream.destroy();
      await ended(listener);
    }
  });
});

/** Connects until nobody else can. */
async function fillQueue(path: string): Promise<Socket[]> {
  const waiting: Socket[] = [];
  for (;;) {
    const stream = connect(path);
    waiting.push(stream);
    const code = await new Promise<string | undefined>((resolve) => {
      stream.once('connect', () => resolve(undefined));
      stream.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    if (code === 'EAGAIN') return waiting;
    assert.ok(code === undefined && waiting.length < 50, code);
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return exit;
}

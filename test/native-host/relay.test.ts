import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { limits } from '../../shared/limits.ts';
import { FakeAgent } from './fake-agent.ts';
import {
  extensionArgument,
  frame,
  hostBundle,
  HostProcess,
  newRuntimeDirectory,
  type HostOptions,
} from './host-process.ts';
import { pause, waitUntil, within } from './within.ts';

describe('the relay', () => {
  let runtime: string;
  let agent: FakeAgent;
  let host: HostProcess;

  async function connect(options: Partial<HostOptions> = {}): Promise<void> {
    agent = await new FakeAgent(runtime).open();
    host = await HostProcess.start({ runtime, ...options });
    await host.presence('connecting');
    await host.presence('connected');
    await agent.peer();
  }
  /** What the agent has heard after the handshake. */
  const heard = () => agent.heard.slice(2);

  before(async function () {
    this.timeout(20_000);
    await hostBundle();
  });
  beforeEach(() => {
    runtime = newRuntimeDirectory();
  });
  afterEach(async () => {
    await host.clear();
    await agent.die();
  });

  it('connects as native host, or as command for the command line', async () => {
    await connect();
    assert.deepEqual(agent.roles, ['native-host']);
    await host.clear();
    await agent.die();
    await connect({ argument: '--command' });
    assert.deepEqual(agent.roles, ['command']);
  });

  it('passes messages on byte by byte, in order, both ways', async () => {
    await connect();
    const bodies = [
      '{}',
      ' { "b" : 1, "a":"\\u00e5" } ',
      JSON.stringify({ text: 'åäö 𝒦 \u0000 \u2028' }),
      'no JSON',
      '\ufeff{}',
    ];
    for (const body of bodies) host.child.stdin.write(frame(body));
    await waitUntil(() => heard().length === bodies.length, 'every message');
    assert.deepEqual(heard(), bodies);
    const peer = await agent.peer();
    for (const body of bodies) peer.send(body);
    for (const body of bodies) assert.equal((await host.next()).toString(), body);
  });

  it('passes on the largest message of each way', async () => {
    await connect();
    const up = 'å'.repeat(limits.messageToHost / 2);
    host.child.stdin.write(frame(up));
    await waitUntil(() => heard().length === 1, 'the message');
    assert.ok(heard()[0] === up);
    const down = 'b'.repeat(limits.messageToBrowser);
    (await agent.peer()).send(down);
    assert.ok((await host.next()).toString() === down);
  });

  it('takes a stream in any pieces', async () => {
    await connect();
    const bodies = Array.from({ length: 300 }, (_, i) => `{"number":${i}}`);
    const stream = Buffer.concat(bodies.map((body) => frame(body)));
    for (let i = 0; i < 40; i++) {
      host.child.stdin.write(stream.subarray(i, i + 1));
      await pause(1);
    }
    host.child.stdin.write(stream.subarray(40));
    await waitUntil(() => heard().length === bodies.length, 'every message');
    assert.deepEqual(heard(), bodies);
  });

  it('works on the pipes that a browser gives, and ends with them', async () => {
    agent = await new FakeAgent(runtime).open();
    const { program } = await hostBundle();
    // `cat` on both sides: Node would give socket pairs.
    const shell = spawn('/bin/sh', ['-c', 'cat | "$0" "$1" "$2" | cat', process.execPath, program, extensionArgument], {
      env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => shell.on('close', resolve));
    const chunks: Buffer[] = [];
    shell.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const peer = await agent.peer();
    shell.stdin.write(frame('{"a":1}'));
    await waitUntil(() => heard().length === 1, 'the message');
    peer.send('x'.repeat(500_000));
    await waitUntil(() => Buffer.concat(chunks).length > 500_000, 'the answer');
    shell.stdin.end();
    await within(2_000, ended, 'the end of the native host');
  });

  it('is not blocked by a full pipe: it still sees that the browser has gone', async () => {
    agent = await new FakeAgent(runtime).open();
    const { program } = await hostBundle();
    const shell = spawn(
      '/bin/sh',
      ['-c', 'cat | "$0" "$1" "$2" | sleep 15', process.execPath, program, extensionArgument],
      {
        env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime },
        stdio: ['pipe', 'ignore', 'inherit'],
        detached: true,
      },
    );
    const peer = await agent.peer();
    const closed = new Promise((resolve) => peer.once('close', resolve));
    for (let i = 0; i < 8; i++) peer.send('x'.repeat(500_000));
    await waitUntil(() => peer.bufferedAmount > 0, 'back-pressure');
    await pause(100);
    shell.stdin.end();
    await within(2_000, closed, 'the end of the native host');
    process.kill(-shell.pid!, 'SIGKILL');
  });

  it('answers what comes while it connects as soon as it is connected, once and in order', async () => {
    agent = new FakeAgent(runtime);
    host = await HostProcess.start({ runtime, agent: 'another-runs' });
    const bodies = Array.from({ length: 10 }, (_, i) => ({ type: 'request', id: `r${i}` }));
    for (const body of bodies) host.send(body);
    await host.presence('connecting');
    await agent.open();
    await host.presence('connected');
    await waitUntil(() => heard().length >= bodies.length, 'every message');
    await pause(50);
    assert.deepEqual(
      heard().map((text) => JSON.parse(text) as unknown),
      bodies,
    );
    assert.equal(host.agents().length, 1);
  }).timeout(10_000);

  it('drops an agent that sends more than the browser takes, says so, and connects anew', async () => {
    await connect();
    (await agent.peer()).send('b'.repeat(limits.messageToBrowser + 1));
    assert.equal(await host.presence('gone'), 'ERR_AGENT_INTERNAL');
    await host.untilPresence('connected');
    (await agent.peer(2)).send('{"still":"usable"}');
    assert.deepEqual(await host.nextMessage(), { still: 'usable' });
  });

  for (const [what, message] of [
    ['a binary message', Buffer.from('{}')],
    ['an empty message', ''],
  ] as const) {
    it(`drops an agent that sends ${what}`, async () => {
      await connect();
      (await agent.peer()).send(message);
      assert.equal(await host.presence('gone'), 'ERR_AGENT_INTERNAL');
      await host.untilPresence('connected');
    });
  }

  it('drops an agent that sends invalid UTF-8', async () => {
    await connect();
    (await agent.peer()).send(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), { binary: false });
    assert.equal(await host.presence('gone'), 'ERR_AGENT_INTERNAL');
    await host.untilPresence('connected');
  });

  it('tells by which code the agent has closed', async () => {
    await connect();
    (await agent.peer()).close(4006);
    assert.equal(await host.presence('gone'), 'ERR_REQUEST_TOO_MANY');
    await host.untilPresence('connected');
    (await agent.peer(2)).close(4002);
    assert.equal(await host.presence('gone'), 'ERR_AGENT_VERSION');
  });

  it('drops an agent that reads nothing, instead of keeping what it is sent', async () => {
    await connect();
    const peer = await agent.peer();
    peer.pause();
    const message = frame('m'.repeat(limits.messageToHost));
    for (let i = 0; i < 60; i++) host.child.stdin.write(message);
    assert.equal(await host.presence('gone'), 'ERR_AGENT_STOPPED');
    await host.untilPresence('connected');
    assert.ok(heard().length < 40);
  });
});

import assert from 'node:assert/strict';
import { AgentConnection, type Reach } from '../../extension/background/agent-connection.ts';
import { type ErrorCode } from '../../shared/errors.ts';
import { type ClientMessage } from '../../shared/messages.ts';
import { agentState } from './agent-states.ts';
import { FakeClock } from './fake-clock.ts';

interface OpenPort {
  receive(message: unknown): void;
  disconnected(lastError?: string): void;
  sent: ClientMessage[];
  closed: boolean;
}

function connection() {
  const clock = new FakeClock();
  const ports: OpenPort[] = [];
  const heard: unknown[] = [];
  const reaches: Reach[] = [];
  const losses: (ErrorCode | undefined)[] = [];
  const made = new AgentConnection(
    {
      profile: () => 'profile-1',
      connect: (receive, disconnected) => {
        const port: OpenPort = { receive, disconnected, sent: [], closed: false };
        ports.push(port);
        return { post: (message) => port.sent.push(message), close: () => (port.closed = true) };
      },
      now: clock.now,
      later: clock.later,
    },
    {
      message: (message) => heard.push(message),
      reach: (reach) => reaches.push(reach),
      lost: (code) => losses.push(code),
    },
  );
  clock.advance(60_000);
  made.open();
  return { clock, ports, heard, reaches, losses, connection: made };
}

const hello = { type: 'hello', protocol: 1, version: '0.1.0', profile: 'profile-1' };
const connected = { type: 'agent', state: 'connected' };

describe('the port to the native host', () => {
  it('is one, however often it is asked for', () => {
    const { ports, connection: made } = connection();
    made.open();
    made.open();
    assert.equal(ports.length, 1);
  });

  it('says hello first to every agent that the host reaches', () => {
    const { ports, reaches } = connection();
    const port = ports[0]!;
    port.receive({ type: 'agent', state: 'connecting' });
    assert.deepEqual(port.sent, []);
    port.receive(connected);
    assert.deepEqual(port.sent, [hello]);
    port.receive({ type: 'agent', state: 'gone' });
    port.receive(connected);
    assert.deepEqual(port.sent, [hello, hello]);
    assert.deepEqual(reaches, [
      { state: 'connected' },
      { state: 'gone', code: 'ERR_AGENT_NOT_RUNNING' },
      { state: 'connected' },
    ]);
  });

  it('hands on what parses', () => {
    const { ports, heard } = connection();
    const snapshot = { type: 'snapshot', sequence: 1, state: agentState() };
    ports[0]?.receive(snapshot);
    assert.deepEqual(heard, [snapshot]);
  });

  for (const garbage of [
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { type: 'response' },
    { type: 'snapshot', sequence: -1 },
  ]) {
    it(`is closed after ${JSON.stringify(garbage)}, everything sent has failed, and a new one is opened`, () => {
      const { clock, ports, heard, losses, reaches } = connection();
      ports[0]!.receive(connected);
      ports[0]!.receive(garbage);
      assert.ok(ports[0]!.closed);
      assert.deepEqual([losses, reaches.at(-1)], [[undefined], { state: 'gone', code: 'ERR_AGENT_NOT_RUNNING' }]);
      ports[0]!.receive(connected);
      ports[0]!.disconnected();
      assert.deepEqual(heard, []);
      clock.advance(100);
      assert.equal(ports.length, 2);
    });
  }

  it('tells the reason of an agent that is gone', () => {
    const { ports, losses, reaches } = connection();
    ports[0]?.receive({ type: 'agent', state: 'gone', error: { code: 'ERR_AGENT_VERSION', message: 'x' } });
    assert.deepEqual(losses, ['ERR_AGENT_VERSION']);
    assert.deepEqual(reaches, [{ state: 'gone', code: 'ERR_AGENT_VERSION' }]);
  });

  it('is opened again after pauses that grow while hosts die young', () => {
    const { clock, ports } = connection();
    const times: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = clock.now();
      ports.at(-1)?.disconnected('Native host has exited.');
      while (ports.length === i + 1) clock.advance(1);
      times.push(clock.now() - before);
    }
    assert.deepEqual(times, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    clock.advance(10_000);
    ports.at(-1)?.disconnected('Native host has exited.');
    clock.advance(100);
    assert.equal(ports.length, 10);
  });

  it('gives up on a host that is not installed, until somebody asks', () => {
    const { clock, ports, connection: made } = connection();
    for (let i = 0; i < 5; i++) {
      ports.at(-1)?.disconnected('Specified native messaging host not found.');
      clock.advance(5_000);
    }
    assert.equal(ports.length, 5);
    assert.equal(clock.waiting, 0);
    made.open();
    assert.equal(ports.length, 6);
  });

  it('is opened sooner when somebody asks, but not more than once a second', () => {
    const { clock, ports, connection: made } = connection();
    for (let i = 0; i < 6; i++) {
      ports.at(-1)?.disconnected('Native host has exited.');
      clock.advance(5_000);
    }
    const count = ports.length;
    ports.at(-1)?.disconnected('Native host has exited.');
    made.open();
    assert.equal(ports.length, count + 1);
    ports.at(-1)?.disconnected('Native host has exited.');
    made.open();
    made.open();
    clock.advance(999);
    assert.equal(ports.length, count + 1);
    clock.advance(1);
    assert.equal(ports.length, count + 2);
  });
});

// The native host against the agent's own endpoint, in this process, without cards: that both speak the same protocol.
import assert from 'node:assert/strict';
import { startEndpoint, type EndpointServer } from '../../agent/endpoint/endpoint-server.ts';
import { openSocketDoor } from '../../agent/endpoint/socket-door.ts';
import { prepareEndpointDirectory } from '../../agent/endpoint/endpoint-directory.ts';
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type AgentMessage, type AgentState } from '../../shared/messages.ts';
import { hostBundle, HostProcess, newRuntimeDirectory } from './host-process.ts';
import { pause } from './within.ts';

const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};
const state: AgentState = { version: '0.1.0', service: 'running', session: 'active', readers: [] };
const snapshot: AgentMessage = { type: 'snapshot', sequence: 0, state };
const hello = { type: 'hello', protocol: 1, version: '0.1.0' };
const status = { type: 'request', id: 'r1', language: 'sv', verb: 'status', caller: { kind: 'user' } };

describe("the native host and the agent's endpoint", () => {
  let runtime: string;
  let endpoint: EndpointServer;
  let host: HostProcess;

  const open = () => {
    const userId = process.getuid?.() ?? 0;
    const place = { environment: { XDG_RUNTIME_DIR: runtime }, userId, temporaryDirectory: runtime };
    return startEndpoint(prepareEndpointDirectory(place), clock, {
      answer: (_peer, request) => Promise.resolve({ type: 'response', id: request.id, result: { agent: '0.1.0' } }),
      greet: () => [snapshot],
      logoutStep: () => undefined,
      openDoor: openSocketDoor,
      isOwnUser: () => true,
      audit: () => undefined,
      lost: () => undefined,
    });
  };

  before(async () => {
    await hostBundle();
  });
  beforeEach(async () => {
    runtime = newRuntimeDirectory();
    endpoint = await open();
    host = await HostProcess.start({ runtime, agent: 'another-runs' });
    await host.presence('connecting');
    await host.presence('connected');
  });
  afterEach(async () => {
    await host.clear();
    await endpoint.stop();
  });

  it('agree on the proof, the greeting, a request and its answer, and an event', async () => {
    host.send(hello);
    assert.deepEqual(await host.nextMessage(), snapshot);
    host.send(status);
    assert.deepEqual(await host.nextMessage(), { type: 'response', id: 'r1', result: { agent: '0.1.0' } });
    endpoint.broadcast({ type: 'event', sequence: 1, name: 'changed', origins: [], state });
    assert.equal((await host.nextMessage())['name'], 'changed');
  });

  it('stay connected past the time that the proof may take', async () => {
    await pause(limits.proofTime + 300);
    host.send(status);
    assert.equal((await host.nextMessage())['type'], 'response');
  });

  it('part with a code when a message makes no sense', async () => {
    host.send({ type: 'request', id: 'r1', verb: 'open-sesame' });
    assert.equal(await host.presence('gone'), 'ERR_REQUEST_INVALID');
    await host.untilPresence('connected');
  });

  it('find each other again after the agent has stopped and started', async () => {
    await endpoint.stop();
    assert.equal(await host.presence('gone'), 'ERR_AGENT_STOPPED');
    endpoint = await open();
    await host.untilPresence('connected');
    host.send(status);
    assert.equal((await host.nextMessage())['type'], 'response');
  });
});

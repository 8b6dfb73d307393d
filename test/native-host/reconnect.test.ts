import assert from 'node:assert/strict';
import { limits } from '../../shared/limits.ts';
import { FakeAgent, writeEndpoint } from './fake-agent.ts';
import { hostBundle, HostProcess, newRuntimeDirectory } from './host-process.ts';
import { pause, waitUntil } from './within.ts';

describe('a native host whose agent goes', () => {
  let runtime: string;
  let host: HostProcess;
  const agents: FakeAgent[] = [];

  const openAgent = async () => {
    const agent = await new FakeAgent(runtime).open();
    agents.push(agent);
    return agent;
  };
  before(async () => {
    await hostBundle();
  });
  beforeEach(() => {
    runtime = newRuntimeDirectory();
  });
  afterEach(async () => {
    await host.clear();
    for (const agent of agents.splice(0)) await agent.die();
  });

  it('says gone, then connects to the next agent; nothing is sent twice', async () => {
    const first = await openAgent();
    host = await HostProcess.start({ runtime, agent: 'another-runs' });
    await host.untilPresence('connected');
    host.send({ type: 'request', id: 'in-flight' });
    await waitUntil(() => first.heard.length === 3, 'the request');
    await first.die();
    assert.equal(await host.presence('gone'), 'ERR_AGENT_STOPPED');
    const second = await openAgent();
    await host.presence('connecting');
    await host.presence('connected');
    host.send({ type: 'request', id: 'new' });
    await waitUntil(() => second.heard.length === 3, 'the request');
    await pause(100);
    assert.equal(second.heard.length, 3);
    assert.deepEqual(JSON.parse(second.heard[2]!), { type: 'request', id: 'new' });
  });

  it('starts a new agent when the old one was killed, and only one', async () => {
    host = await HostProcess.start({ runtime, agent: 'serve' });
    await host.untilPresence('connected');
    assert.equal(host.agents().length, 1);
    process.kill(host.agents()[0]!.processId, 'SIGKILL');
    const since = performance.now();
    assert.equal(await host.presence('gone'), 'ERR_AGENT_STOPPED');
    await host.presence('connecting');
    await host.presence('connected');
    assert.ok(performance.now() - since < 5_000);
    await pause(300);
    assert.equal(host.agents().length, 2);
  });

  it('takes a stale file, whose socket nobody serves, for no agent and starts one', async () => {
    const dead = await openAgent();
    await dead.die();
    writeEndpoint(runtime, {
      protocol: 1,
      processId: 4_194_304,
      secret: dead.secret.toString('base64'),
      socket: dead.socketPath,
    });
    host = await HostProcess.start({ runtime, agent: 'serve' });
    await host.presence('connecting');
    await host.presence('connected');
    assert.equal(host.agents().length, 1);
  });

  it('starts no agent where one runs, even when many native hosts start at once', async () => {
    const agent = await openAgent();
    const hosts = await Promise.all(Array.from({ length: 6 }, () => HostProcess.start({ runtime, agent: 'serve' })));
    host = hosts[0]!;
    try {
      await Promise.all(hosts.map((each) => each.untilPresence('connected')));
      assert.equal(agent.peers.length, 6);
      assert.deepEqual(host.agents(), []);
    } finally {
      await Promise.all(hosts.map((each) => each.clear()));
    }
  });

  it('starts one process for each attempt, with growing pauses, when the agent cannot start', async () => {
    host = await HostProcess.start({ runtime, agent: 'fail' });
    const attempts: number[] = [];
    const since = performance.now();
    while (attempts.length < 5) {
      await host.untilPresence('gone');
      attempts.push(performance.now() - since);
      assert.equal(host.agents().length, attempts.length);
    }
    const floor = limits.reconnectPause * (1 + 2 + 4 + 8);
    assert.ok(attempts[4]! >= floor, `${attempts[4]} ms`);
  });
});

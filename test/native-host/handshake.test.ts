import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { FakeAgent, sessionDirectory, writeEndpoint, type Behaviour } from './fake-agent.ts';
import { HostProcess, hostBundle, newRuntimeDirectory } from './host-process.ts';

describe('the handshake of the native host', () => {
  let agent: FakeAgent;
  let host: HostProcess;

  async function meet(behaviour: Behaviour): Promise<string | undefined> {
    const runtime = newRuntimeDirectory();
    agent = await new FakeAgent(runtime, behaviour).open();
    host = await HostProcess.start({ runtime });
    await host.presence('connecting');
    return host.presence('gone', limits.proofTime + 1_500);
  }
  /** Whether anything but greetings has been said to the agent. */
  const onlyGreetings = () =>
    agent.heard.every((text) => {
      const message = JSON.parse(text) as object;
      return (
        Object.keys(message).sort().join() === 'nonce,protocol,role' && !text.includes(agent.secret.toString('base64'))
      );
    });

  before(async () => {
    await hostBundle();
  });
  afterEach(async () => {
    await host.clear();
    await agent.die();
    assert.deepEqual(host.agents(), [], 'whoever sits on the socket, no agent is started beside it');
  });

  const nonce = randomBytes(32).toString('base64');
  for (const [what, behaviour] of [
    ['proves another secret', { wrongProof: true }],
    ['proves another direction', { wrongDirection: true }],
    ['says no JSON', { challenge: 'hello' }],
    ['says nothing in an empty message', { challenge: '' }],
    ['says it in a binary message', { challenge: Buffer.from(JSON.stringify({ nonce, proof: nonce })) }],
    ['leaves out the proof', { challenge: JSON.stringify({ nonce }) }],
    ['adds a key', { challenge: JSON.stringify({ nonce, proof: nonce, more: 1 }) }],
    ['gives a short proof', { challenge: JSON.stringify({ nonce, proof: 'AAAA' }) }],
    ['says a megabyte', { challenge: 'x'.repeat(1_000_000) }],
    ['closes at once', { closeCode: 1000 }],
  ] as const) {
    it(`ends when the agent ${what}, before its own proof is sent`, async () => {
      assert.equal(await meet(behaviour), 'ERR_AGENT_PROOF');
      assert.ok(agent.heard.length > 0);
      assert.ok(onlyGreetings());
    });
  }

  it('says busy when the agent closes as busy', async () => {
    assert.equal(await meet({ closeCode: 4003 }), 'ERR_AGENT_BUSY');
  });

  it('says that a message was too large when the agent closes for that', async () => {
    assert.equal(await meet({ closeCode: 1009 }), 'ERR_REQUEST_TOO_LARGE');
  });

  for (const silentAt of ['upgrade', 'greeting'] as const) {
    it(`waits for an agent that is silent at the ${silentAt} no longer than the limit`, async () => {
      const since = performance.now();
      assert.equal(await meet({ silentAt }), 'ERR_AGENT_STOPPED');
      assert.ok(performance.now() - since > limits.proofTime - 100);
      assert.ok(onlyGreetings());
    });
  }

  it('uses a new nonce for each connection', async () => {
    await meet({ wrongProof: true });
    await host.untilPresence('gone');
    const nonces = agent.heard.map((text) => (JSON.parse(text) as { nonce: string }).nonce);
    assert.ok(nonces.length >= 2);
    assert.equal(new Set(nonces).size, nonces.length);
  });

  it('is refused by code when the agent does not accept its proof', async () => {
    const runtime = newRuntimeDirectory();
    agent = await new FakeAgent(runtime).open();
    // The socket is the agent's, the secret in the file is not: what a client with an old file would do.
    writeEndpoint(runtime, { protocol: 1, processId: 1, secret: nonce, socket: agent.socketPath });
    host = await HostProcess.start({ runtime });
    await host.presence('connecting');
    assert.equal(await host.presence('gone'), 'ERR_AGENT_PROOF');
  });

  it('ends when something else than a web socket listens', async () => {
    const runtime = newRuntimeDirectory();
    agent = new FakeAgent(runtime);
    const path = join(sessionDirectory(runtime), 'other.sock');
    writeEndpoint(runtime, { protocol: 1, processId: 1, secret: nonce, socket: path });
    const server = createServer((stream) => {
      stream.on('error', () => undefined);
      stream.end('220 mail.example.se ESMTP\r\n');
    });
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    host = await HostProcess.start({ runtime });
    await host.presence('connecting');
    assert.equal(await host.presence('gone'), 'ERR_AGENT_PROOF');
    server.close();
  });
});

// What a browser hears from the native host when there is no agent behind it.
import assert from 'node:assert/strict';
import { HostProcess, hostBundle, newRuntimeDirectory, type HostOptions } from './host-process.ts';
import { sessionDirectory, writeEndpoint } from './fake-agent.ts';
import { chmodSync, mkdirSync } from 'node:fs';
import { heldNumber } from '../../native-host/held-messages.ts';
import { presenceMessage, refusalOf } from '../../native-host/refusal.ts';
import { KortbroError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { parseAgentMessage } from '../../shared/messages.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const parsed = (message: Uint8Array | undefined) =>
  message === undefined ? undefined : parseAgentMessage(JSON.parse(Buffer.from(message).toString()));

describe('a refusal', () => {
  it('answers a request by its id, in its language', () => {
    const request = { type: 'request', id: 'a-1', language: 'en', verb: 'status', caller: { kind: 'user' } };
    const answer = parsed(refusalOf(bytes(request), 'ERR_AGENT_NOT_RUNNING'));
    const message = new KortbroError('ERR_AGENT_NOT_RUNNING').message;
    assert.deepEqual(answer, { type: 'error', id: 'a-1', error: { code: 'ERR_AGENT_NOT_RUNNING', message } });
    const swedish = parsed(refusalOf(bytes({ ...request, language: 'sv' }), 'ERR_AGENT_NOT_RUNNING'));
    assert.ok(swedish?.type === 'error' && swedish.error.message.includes('inte igång'));
  });

  for (const message of [
    { type: 'cancel', id: 'a-1' },
    { type: 'hello', protocol: 1, version: '0.1.0' },
    { type: 'request' },
    { type: 'request', id: 7 },
    { type: 'request', id: '' },
    { type: 'request', id: 'x'.repeat(65) },
    { type: 'request', id: 'a b' },
    '{"type":"request","id":"a","id":"b"}',
    '{"type":"request","id":"a","__proto__":{}}',
    '{"type":"request","id":"a"',
    '"request"',
    'null',
  ]) {
    it(`is not given to ${typeof message === 'string' ? message : JSON.stringify(message).slice(0, 60)}`, () => {
      assert.equal(refusalOf(bytes(message), 'ERR_AGENT_NOT_RUNNING'), undefined);
    });
  }

  it('is in the form that the extension reads, as is the presence', () => {
    for (const state of ['connecting', 'connected'] as const) {
      assert.deepEqual(parsed(presenceMessage(state)), { type: 'agent', state });
    }
    const gone = parsed(presenceMessage('gone', new KortbroError('ERR_AGENT_STOPPED')));
    assert.ok(gone?.type === 'agent' && gone.error?.code === 'ERR_AGENT_STOPPED');
  });
});

describe('a native host without an agent', () => {
  let host: HostProcess;

  async function start(options: HostOptions): Promise<void> {
    host = await HostProcess.start(options);
  }
  before(async () => {
    await hostBundle();
  });
  afterEach(() => host.clear());

  it('answers a request at once with ERR_AGENT_NOT_RUNNING, and nothing twice', async () => {
    await start({ runtime: newRuntimeDirectory() });
    await host.presence('connecting');
    assert.equal(await host.presence('gone'), 'ERR_AGENT_NOT_RUNNING');
    // Three attempts later the pause is long enough to be met by chance.
    for (let i = 0; i < 3; i++) await host.untilPresence('gone');
    const since = performance.now();
    host.send({ type: 'request', id: 'r1', language: 'sv', verb: 'status', caller: { kind: 'user' } });
    const answer = await host.nextMessage();
    assert.ok(performance.now() - since < 500);
    assert.equal(answer['type'], 'error');
    assert.equal(answer['id'], 'r1');
    assert.equal((answer['error'] as { code: string }).code, 'ERR_AGENT_NOT_RUNNING');
    await host.untilPresence('gone');
    assert.ok(!host.inbox.some((message) => message.toString().includes('r1')));
  });

  it('refuses an endpoint that others can touch by its own code, starts nothing, and says it once', async () => {
    const runtime = newRuntimeDirectory();
    mkdirSync(sessionDirectory(runtime), { recursive: true, mode: 0o700 });
    chmodSync(sessionDirectory(runtime), 0o755);
    await start({ runtime, agent: 'serve' });
    assert.equal(await host.presence('gone'), 'ERR_AGENT_ENDPOINT');
    host.send({ type: 'request', id: 'r1' });
    const answer = await host.nextMessage();
    assert.equal((answer['error'] as { code: string }).code, 'ERR_AGENT_ENDPOINT');
    // By now it has looked again several times (100, 200, 400 ms).
    await assert.rejects(host.next(900));
    assert.deepEqual(host.agents(), []);
  });

  it('starts one agent, holds no more than it may until that answers, and then refuses everything held', async () => {
    const runtime = newRuntimeDirectory();
    await start({ runtime, agent: 'hang' });
    await host.presence('connecting');
    const since = performance.now();
    for (let i = 0; i < heldNumber + 3; i++) host.send({ type: 'request', id: `r${i}` });
    for (const id of [heldNumber, heldNumber + 1, heldNumber + 2]) {
      const refused = await host.nextMessage();
      assert.equal(refused['id'], `r${id}`);
      assert.equal((refused['error'] as { code: string }).code, 'ERR_REQUEST_TOO_MANY');
    }
    assert.equal(await host.presence('gone'), 'ERR_AGENT_NOT_RUNNING');
    const took = performance.now() - since;
    assert.ok(took > limits.agentStartTime - 500 && took < limits.agentStartTime + 500, `${took} ms`);
    assert.equal(host.agents().length, 1);
    for (let i = 0; i < heldNumber; i++) assert.equal((await host.nextMessage())['id'], `r${i}`);
  });

  it('says which version the endpoint of an old agent has', async () => {
    const runtime = newRuntimeDirectory();
    const secret = Buffer.alloc(32).toString('base64');
    writeEndpoint(runtime, { protocol: 2, processId: 1, secret, socket: '/nowhere' });
    await start({ runtime, agent: 'another-runs' });
    await host.presence('connecting');
    assert.equal(await host.presence('gone'), 'ERR_AGENT_VERSION');
  });
});

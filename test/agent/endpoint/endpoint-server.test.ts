// The endpoint on a real socket, with a clock of its own: who gets in, what is bounded, and that answers find their asker.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../../agent/audit/audit-event.ts';
import { startEndpoint, type EndpointCallbacks, type EndpointServer } from '../../../agent/endpoint/endpoint-server.ts';
import { closeCodes, parseEndpoint, type Endpoint } from '../../../shared/endpoint.ts';
import { errorTexts } from '../../../shared/error-texts.ts';
import { limits } from '../../../shared/limits.ts';
import { parseAgentMessage, type AgentMessage, type AgentState, type Request } from '../../../shared/messages.ts';
import { waitUntil, within } from '../../native-host/within.ts';
import { RawPeer, RawSocket } from '../../support/raw-peer.ts';
import { FakeClock, settle } from '../fake-clock.ts';

const state: AgentState = { version: '0.1.0', service: 'running', session: 'active', readers: [] };
const hello = JSON.stringify({ type: 'hello', protocol: 1, version: '0.1.0' });
const request = (id: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({ type: 'request', id, language: 'sv', verb: 'status', caller: { kind: 'user' }, ...changes });
const cancel = (id: string) => JSON.stringify({ type: 'cancel', id });

interface Asked {
  peer: number;
  request: Request;
  signal: AbortSignal;
  answer: (message?: AgentMessage) => void;
}

describe('The endpoint', () => {
  let directory: string;
  let clock: FakeClock;
  let server: EndpointServer;
  let endpoint: Endpoint;
  let asked: Asked[];
  let log: AuditEvent[];
  let callbacks: EndpointCallbacks;
  let peers: (RawPeer | RawSocket)[];

  const open = async () => {
    server = await startEndpoint(directory, clock, callbacks);
    endpoint = parseEndpoint(readFileSync(join(directory, 'endpoint.json'), 'utf8'));
  };
  const connect = () => {
    const peer = new RawPeer(endpoint);
    peers.push(peer);
    return peer;
  };
  const connectRaw = () => {
    const peer = new RawSocket(endpoint);
    peers.push(peer);
    return peer;
  };
  /** A peer that has proved itself and said hello. */
  const proven = async () => {
    const peer = await connect().prove(endpoint.secret);
    peer.say(hello);
    assert.equal(parseAgentMessage(JSON.parse(await peer.heard(1))).type, 'snapshot');
    return peer;
  };
  /** What a peer was told after its snapshot. */
  const answers = (peer: RawPeer) => peer.received.slice(2).map((text) => JSON.parse(text) as Record<string, unknown>);
  const told = async (peer: RawPeer, count: number) => {
    await waitUntil(() => answers(peer).length >= count, `${count} answers`);
    return answers(peer);
  };
  const seen = (count: number) => waitUntil(() => asked.length >= count, `${count} requests`);
  const events = () => log.map((event) => ('code' in event ? `${event.event} ${event.code}` : event.event));

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-endpoint-'));
    clock = new FakeClock();
    asked = [];
    log = [];
    peers = [];
    callbacks = {
      answer: (peer, one, signal) =>
        new Promise((resolve) => {
          const honest: AgentMessage = { type: 'response', id: one.id, result: { agent: '0.1.0' } };
          asked.push({ peer, request: one, signal, answer: (message = honest) => resolve(message) });
        }),
      snapshot: () => ({ type: 'snapshot', sequence: 5, state }),
      isOwnUser: () => true,
      audit: (event) => log.push(event),
    };
    await open();
  });
  afterEach(async () => {
    for (const peer of peers) peer.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  describe('can be found', () => {
    it('by its file, behind a socket for its user alone', () => {
      assert.equal(statSync(endpoint.socket).mode & 0o777, 0o600);
      assert.equal(endpoint.processId, process.pid);
      assert.ok(endpoint.socket.startsWith(`${directory}/agent-`));
    });

    it('under another name and with another secret at each start, and nothing old is left', async () => {
      const before = endpoint;
      await server.stop();
      assert.deepEqual(readdirSync(directory), []);
      for (const name of ['agent-dead.sock', 'endpoint.json', 'endpoint.json.7'])
        writeFileSync(join(directory, name), 'x');
      await open();
      assert.notEqual(endpoint.socket, before.socket);
      assert.notDeepEqual(endpoint.secret, before.secret);
      assert.equal(readdirSync(directory).length, 2);
      const late = await connect().prove(before.secret);
      assert.equal((await late.ended()).code, closeCodes.ERR_AGENT_PROOF);
    });
  });

  describe('tells nothing and asks nothing', () => {
    it('of a peer before its proof', async () => {
      const peer = await connect().opened();
      peer.say(hello);
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_PROOF);
      assert.deepEqual([peer.received, asked, server.peers], [[], [], 0]);
    });

    it('of a peer that proved itself and has not said hello: no event', async () => {
      const silent = await connect().prove(endpoint.secret);
      const polite = await proven();
      await waitUntil(() => server.peers === 2, 'both peers');
      server.broadcast({ type: 'event', sequence: 6, name: 'changed', origins: [], state });
      assert.equal((await told(polite, 1))[0]?.['type'], 'event');
      assert.equal(silent.received.length, 1);
    });

    const wrong: [string, (peer: RawPeer) => Promise<unknown>, number, string][] = [
      ['with another secret', (peer) => peer.prove(new Uint8Array(32)), closeCodes.ERR_AGENT_PROOF, 'ERR_AGENT_PROOF'],
      [
        'with the agent\u2019s own proof',
        (peer) => peer.prove(endpoint.secret, { direction: 'agent-to-client' }),
        closeCodes.ERR_AGENT_PROOF,
        'ERR_AGENT_PROOF',
      ],
      [
        'of another version',
        async (peer) => (await peer.opened()).greet('native-host', 2),
        closeCodes.ERR_AGENT_VERSION,
        'ERR_AGENT_VERSION',
      ],
    ];
    for (const [name, behave, closeCode, code] of wrong) {
      it(`of a peer ${name}: it is closed with ${code}, and that is written down`, async () => {
        const peer = connect();
        await behave(peer);
        assert.equal((await peer.ended()).code, closeCode);
        assert.deepEqual([events(), asked, server.peers], [[`peer-refused ${code}`], [], 0]);
      });
    }

    it('of a peer whose first proof was wrong, though the second is right', async () => {
      const peer = await connect().opened();
      peer.greet();
      const challenge = await peer.heard(0);
      peer.say(JSON.stringify({ proof: peer.proofFor(challenge, new Uint8Array(32)) }));
      peer.say(JSON.stringify({ proof: peer.proofFor(challenge, endpoint.secret) }));
      peer.say(hello);
      peer.say(request('1'));
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_PROOF);
      assert.deepEqual([peer.received.length, asked, events()], [1, [], ['peer-refused ERR_AGENT_PROOF']]);
    });

    it('of a peer of another user, or whose user cannot be told', async () => {
      await server.stop();
      let answer: () => boolean = () => false;
      callbacks = { ...callbacks, isOwnUser: () => answer() };
      await open();
      await within(2_000, connectRaw().end, 'the end');
      answer = () => {
        throw new Error('EBADF');
      };
      await within(2_000, connectRaw().end, 'the end');
      assert.deepEqual(events(), ['peer-refused ERR_AGENT_PROOF', 'peer-refused ERR_AGENT_PROOF']);
      answer = () => true;
      await proven();
    });
  });

  describe('drops a peer', () => {
    const slow: [string, (peer: RawPeer) => Promise<void>][] = [
      ['says nothing', async (peer) => void (await peer.opened())],
      [
        'greets and says no more',
        async (peer) => {
          (await peer.opened()).greet();
          await peer.heard(0);
        },
      ],
      ['sends half a frame', async (peer) => (await peer.opened()).write(Buffer.from([0x81, 0xfe, 0x01]))],
    ];
    for (const [name, behave] of slow) {
      it(`that ${name} when the time for the proof is over`, async () => {
        const peer = connect();
        await behave(peer);
        await waitUntil(() => clock.pending === 1, 'its deadline');
        clock.advance(limits.proofTime - 1);
        await settle();
        assert.equal(peer.isOpen, true);
        clock.advance(1);
        await peer.ended(2_000);
        await waitUntil(() => clock.pending === 0, 'nothing left over');
      });
    }

    it('that opens a connection and does not even speak HTTP', async () => {
      const peer = connectRaw();
      await waitUntil(() => clock.pending === 1, 'its deadline');
      clock.advance(limits.proofTime);
      await within(2_000, peer.end, 'the end');
    });

    it('that speaks something else', async () => {
      for (const words of [
        '\x16\x03\x01\x02\x00\x01',
        'SSH-2.0-x\r\n',
        `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      ]) {
        const peer = connectRaw();
        await waitUntil(() => clock.pending > 0, 'its deadline');
        peer.socket.write(words, 'latin1');
        await within(2_000, peer.end, 'the end');
        await waitUntil(() => clock.pending === 0, 'nothing left over');
      }
    });

    it('not when it has proved itself in time: it may stay', async () => {
      const peer = await proven();
      clock.advance(100 * limits.proofTime);
      await settle();
      peer.say(request('1'));
      await seen(1);
      asked[0]?.answer();
      assert.equal((await told(peer, 1))[0]?.['id'], '1');
    });

    it('whose frame is too large, before it has come', async () => {
      const peer = await proven();
      peer.say('x'.repeat(limits.messageToHost + 1));
      assert.equal((await peer.ended()).code, 1009);
      const other = await proven();
      // A frame of 2^40 bytes: only its head is ever sent.
      other.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
      await other.ended(2_000);
      assert.equal(asked.length, 0);
    });

    it('that sends a binary frame, before and after its proof', async () => {
      const early = await connect().opened();
      early.socket.send(Buffer.from(hello), { binary: true });
      assert.equal((await early.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      const late = await proven();
      late.socket.send(Buffer.from(request('1')), { binary: true });
      assert.equal((await late.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      assert.equal(asked.length, 0);
    });

    it('that breaks the rules of the WebSocket: no mask, bad UTF-8, a reserved bit', async () => {
      for (const bytes of [
        [0x81, 0x02, 0x7b, 0x7d],
        [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
        [0xf1, 0x80, 0, 0, 0, 0],
      ]) {
        const peer = await proven();
        peer.write(Buffer.from(bytes));
        await peer.ended(2_000);
      }
      await proven();
    });

    it('that does not close in its turn, soon', async () => {
      const peer = await proven();
      peer.socket.pause();
      peer.say('no JSON');
      await waitUntil(() => server.peers === 0, 'its place', limits.proofTime + 3_000);
    });

    it('that does not read what it is told', async () => {
      const peer = await proven();
      peer.socket.pause();
      const readers = Array.from({ length: 32 }, () => ({ name: 'x'.repeat(300), card: 'empty' as const, tokens: [] }));
      const event: AgentMessage = {
        type: 'event',
        sequence: 6,
        name: 'changed',
        origins: Array.from({ length: 500 }, () => 'y'.repeat(255)),
        state: { ...state, readers },
      };
      for (let i = 0; i < 60 && server.peers > 0; i++) {
        server.broadcast(event);
        await settle();
      }
      await waitUntil(() => server.peers === 0, 'its end', 3_000);
    });
  });

  it('has room for a number of connections, and tells who is one too many', async () => {
    const many = Array.from({ length: limits.connections }, () => connectRaw());
    await waitUntil(() => clock.pending === limits.connections, 'all of them');
    await within(2_000, connectRaw().end, 'the end of the last');
    assert.deepEqual(events(), ['peer-refused ERR_AGENT_BUSY']);
    many[0]?.close();
    await waitUntil(() => clock.pending === limits.connections - 1, 'a place');
    await proven();
  });

  describe('to a peer that has proved itself', () => {
    it('gives a snapshot when it says hello, and events from then on', async () => {
      const peer = await proven();
      const event: AgentMessage = { type: 'event', sequence: 6, name: 'card-inserted', origins: [], state };
      server.broadcast(event);
      assert.deepEqual(await told(peer, 1), [event]);
      assert.deepEqual(log[0], { event: 'peer-connected', role: 'native-host', peer: 1 });
    });

    it('answers each request once, in the order in which answers come', async () => {
      const peer = await proven();
      for (const id of ['1', '2', '3']) peer.say(request(id));
      await seen(3);
      for (const index of [2, 0, 1]) {
        asked[index]?.answer();
        await settle();
      }
      const got = await told(peer, 3);
      assert.deepEqual(
        got.map(({ id }) => id),
        ['3', '1', '2'],
      );
      asked[0]?.answer();
      await settle();
      assert.equal(answers(peer).length, 3);
    });

    it('refuses an id that is in use, and still answers the first', async () => {
      const peer = await proven();
      peer.say(request('1'));
      peer.say(request('1', { language: 'en' }));
      const [refusal] = await told(peer, 1);
      assert.deepEqual(refusal, {
        type: 'error',
        id: '1',
        error: { code: 'ERR_REQUEST_DUPLICATE', message: errorTexts.ERR_REQUEST_DUPLICATE.en },
      });
      assert.equal(asked.length, 1);
      asked[0]?.answer();
      assert.equal((await told(peer, 2))[1]?.['type'], 'response');
      peer.say(request('1'));
      await seen(2);
    });

    it('refuses more than it may have open, and takes more when one is done', async () => {
      const peer = await proven();
      for (let i = 0; i <= limits.openRequestsPerConnection; i++) peer.say(request(`r${i}`));
      const [refusal] = await told(peer, 1);
      assert.deepEqual(
        [refusal?.['id'], (refusal?.['error'] as { code: string }).code],
        [`r${limits.openRequestsPerConnection}`, 'ERR_REQUEST_TOO_MANY'],
      );
      assert.equal(asked.length, limits.openRequestsPerConnection);
      asked[0]?.answer();
      await told(peer, 2);
      peer.say(request('one more'.replace(/ /g, '-')));
      await seen(limits.openRequestsPerConnection + 1);
    });

    it('closes when it asks too often', async () => {
      const peer = await proven();
      for (let i = 0; i < limits.requestBurst; i++) peer.say(cancel('none'));
      assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_TOO_MANY);
    });

    it('does not close when it asks often, but not too often', async () => {
      const peer = await proven();
      for (let second = 1; second <= 5; second++) {
        for (let i = 1; i < limits.requestsPerSecond; i++) peer.say(cancel('none'));
        peer.say(request(`r${second}`));
        await seen(second);
        clock.advance(1000);
      }
      assert.equal(peer.isOpen, true);
    });

    const malformed: [string, string][] = [
      ['no JSON', '{'],
      ['nothing', ''],
      ['an unknown verb', request('1', { verb: 'sign' })],
      ['an unknown type', JSON.stringify({ type: 'proof' })],
      ['a key more', request('1', { x: 1 })],
      ['no language', request('1', { language: undefined })],
      [
        'a page that lists certificates',
        request('1', { verb: 'certificates', caller: { kind: 'page', origin: 'https://a.se' } }),
      ],
      [
        'a page that forgets the PIN',
        request('1', { verb: 'forget-pin', caller: { kind: 'page', origin: 'https://a.se' } }),
      ],
      ['a user who logs in to nowhere', request('1', { verb: 'authenticate', nonce: 'x' })],
      ['an id with other letters', request('a b')],
      ['an id that is too long', request('x'.repeat(65))],
      ['an origin that is too long', request('1', { caller: { kind: 'page', origin: 'x'.repeat(256) } })],
      ['__proto__', `{"__proto__":{},${request('1').slice(1)}`],
      ['a key twice', `{"id":"2",${request('1').slice(1)}`],
      ['levels without end', '['.repeat(60_000)],
      ['a lone surrogate', request('1', { x: 'y' }).replace('"y"', '"\\ud800"')],
      ['an answer', JSON.stringify({ type: 'response', id: '1', result: {} })],
    ];
    for (const [name, text] of malformed) {
      it(`closes at ${name}, and calls off what it had open`, async () => {
        const peer = await proven();
        peer.say(request('open'));
        await seen(1);
        peer.say(text);
        peer.say(request('late'));
        assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_INVALID);
        assert.deepEqual([asked.length, asked[0]?.signal.aborted], [1, true]);
        asked[0]?.answer();
        await settle();
        assert.deepEqual(answers(peer), []);
      });
    }

    it('closes at a hello of another version', async () => {
      const peer = await connect().prove(endpoint.secret);
      peer.say(JSON.stringify({ type: 'hello', protocol: 2, version: '9.0.0' }));
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_VERSION);
    });

    it('calls off the request that is cancelled, and no other; its answer is its end', async () => {
      const peer = await proven();
      for (const id of ['1', '2']) peer.say(request(id));
      await seen(2);
      peer.say(cancel('1'));
      peer.say(cancel('unknown'));
      await waitUntil(() => asked[0]?.signal.aborted === true, 'the cancel');
      assert.equal((asked[0]?.signal.reason as { code: string }).code, 'ERR_REQUEST_CANCELLED');
      assert.equal(asked[1]?.signal.aborted, false);
      asked[0]?.answer({ type: 'error', id: '1', error: { code: 'ERR_REQUEST_CANCELLED', message: 'x' } });
      assert.equal((await told(peer, 1))[0]?.['id'], '1');
      peer.say(cancel('1'));
      asked[1]?.answer();
      assert.equal((await told(peer, 2)).length, 2);
    });
  });

  describe('keeps connections apart', () => {
    it('an answer goes to its asker and to nobody else, though the ids are the same', async () => {
      const [anna, bertil] = [await proven(), await proven()];
      anna.say(request('1'));
      await seen(1);
      bertil.say(request('1'));
      await seen(2);
      assert.deepEqual(
        asked.map(({ peer }) => peer),
        [1, 2],
      );
      asked[1]?.answer({ type: 'response', id: '1', result: 'for the second' });
      assert.equal((await told(bertil, 1))[0]?.['result'], 'for the second');
      asked[0]?.answer({ type: 'response', id: '1', result: 'for the first' });
      assert.equal((await told(anna, 1))[0]?.['result'], 'for the first');
      assert.deepEqual([answers(anna).length, answers(bertil).length], [1, 1]);
    });

    it('a cancel reaches only what the same connection asked', async () => {
      const [anna, bertil] = [await proven(), await proven()];
      anna.say(request('1'));
      await seen(1);
      bertil.say(cancel('1'));
      bertil.say(request('2'));
      await seen(2);
      assert.equal(asked[0]?.signal.aborted, false);
    });

    it('one that ends calls off its own requests; its answers go nowhere', async () => {
      const [anna, bertil] = [await proven(), await proven()];
      anna.say(request('1'));
      await seen(1);
      bertil.say(request('1'));
      await seen(2);
      anna.close();
      await waitUntil(() => asked[0]?.signal.aborted === true, 'the end');
      assert.equal(asked[1]?.signal.aborted, false);
      asked[0]?.answer();
      asked[1]?.answer();
      assert.equal((await told(bertil, 1)).length, 1);
      await waitUntil(() => events().includes('peer-gone'), 'the note');
      assert.equal(server.peers, 1);
    });
  });

  it('ends everything when it stops', async () => {
    const peer = await proven();
    const waiting = connectRaw();
    peer.say(request('1'));
    await seen(1);
    await within(2_000, server.stop(), 'the end');
    await Promise.all([peer.ended(2_000), within(2_000, waiting.end, 'the end')]);
    assert.equal(asked[0]?.signal.aborted, true);
    assert.ok(!existsSync(endpoint.socket) && readdirSync(directory).length === 0);
    await within(2_000, connectRaw().end, 'nobody there');
  });
});

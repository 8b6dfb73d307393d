// The endpoint on a real socket: who gets in, who is dropped, and what is bounded.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeEndpointFile } from '../../../agent/endpoint/endpoint-directory.ts';
import { closeCodes, parseEndpoint } from '../../../shared/endpoint.ts';
import { limits } from '../../../shared/limits.ts';
import { waitUntil, within } from '../../native-host/within.ts';
import { type RawPeer } from '../../support/raw-peer.ts';
import { settle } from '../fake-clock.ts';
import { EndpointWorld, hello, request, state, told } from './endpoint-world.ts';

describe('The endpoint', () => {
  let world: EndpointWorld;
  beforeEach(async () => {
    world = await new EndpointWorld().open();
  });
  afterEach(() => world.close());

  describe('can be found', () => {
    it('by its file, behind a socket for its user alone', () => {
      assert.equal(statSync(world.endpoint.socket).mode & 0o777, 0o600);
      assert.equal(world.endpoint.processId, process.pid);
      assert.ok(world.endpoint.socket.startsWith(`${world.directory}/agent-`));
    });

    it('under another name and with another secret at each start, and nothing old is left', async () => {
      const before = world.endpoint;
      await world.server.stop();
      assert.deepEqual(readdirSync(world.directory), []);
      for (const name of ['agent-dead.sock', 'endpoint.json', 'endpoint.json.7'])
        writeFileSync(join(world.directory, name), 'x');
      await world.open();
      assert.notEqual(world.endpoint.socket, before.socket);
      assert.notDeepEqual(world.endpoint.secret, before.secret);
      assert.equal(readdirSync(world.directory).length, 2);
      const late = await world.connect().prove(before.secret);
      assert.equal((await late.ended()).code, closeCodes.ERR_AGENT_PROOF);
    });
  });

  describe('tells nothing and asks nothing', () => {
    it('of a peer before its proof', async () => {
      const peer = await world.connect().opened();
      peer.say(hello);
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_PROOF);
      assert.deepEqual([peer.received, world.asked, world.server.peers], [[], [], 0]);
    });

    it('of a peer that proved itself and has not said hello: no event', async () => {
      const silent = await world.connect().prove(world.endpoint.secret);
      const polite = await world.proven();
      await waitUntil(() => world.server.peers === 2, 'both peers');
      world.server.broadcast({ type: 'event', sequence: 6, name: 'changed', origins: [], state });
      assert.equal((await told(polite, 1))[0]?.['type'], 'event');
      assert.equal(silent.received.length, 1);
    });

    const wrong: [string, (peer: RawPeer) => Promise<unknown>, number, string][] = [
      ['with another secret', (peer) => peer.prove(new Uint8Array(32)), closeCodes.ERR_AGENT_PROOF, 'ERR_AGENT_PROOF'],
      [
        'with the agent\u2019s own proof',
        (peer) => peer.prove(world.endpoint.secret, { direction: 'agent-to-client' }),
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
        const peer = world.connect();
        await behave(peer);
        assert.equal((await peer.ended()).code, closeCode);
        assert.deepEqual([world.events, world.asked, world.server.peers], [[`peer-refused ${code}`], [], 0]);
      });
    }

    it('of a peer whose first proof was wrong, though the second is right', async () => {
      const peer = await world.connect().opened();
      peer.greet();
      const challenge = await peer.heard(0);
      peer.say(JSON.stringify({ proof: peer.proofFor(challenge, new Uint8Array(32)) }));
      peer.say(JSON.stringify({ proof: peer.proofFor(challenge, world.endpoint.secret) }));
      peer.say(hello);
      peer.say(request('1'));
      assert.equal((await peer.ended()).code, closeCodes.ERR_AGENT_PROOF);
      assert.deepEqual([peer.received.length, world.asked, world.events], [1, [], ['peer-refused ERR_AGENT_PROOF']]);
    });

    it('of a peer of another user, or whose user cannot be told', async () => {
      world.isOwnUser = () => false;
      await within(2_000, world.connectRaw().end, 'the end');
      world.isOwnUser = () => {
        throw new Error('EBADF');
      };
      await within(2_000, world.connectRaw().end, 'the end');
      assert.deepEqual(world.events, ['peer-refused ERR_AGENT_PROOF', 'peer-refused ERR_AGENT_PROOF']);
      world.isOwnUser = () => true;
      await world.proven();
    });
  });

  it('has room for a number of connections, tells a few more that it is full, and drops the next', async () => {
    const many = Array.from({ length: limits.connections }, () => world.connectRaw());
    await waitUntil(() => world.clock.pending === limits.connections, 'all of them');
    const late = world.connect();
    assert.equal((await late.ended(2_000)).code, closeCodes.ERR_AGENT_BUSY);
    assert.deepEqual([late.received, world.events], [[], ['peer-refused ERR_AGENT_BUSY']]);
    await waitUntil(() => world.clock.pending === limits.connections, 'its end');
    const crowd = Array.from({ length: 50 }, () => world.connectRaw());
    await waitUntil(() => world.events.length > 20, 'the end of most of them');
    assert.ok(world.clock.pending < 2 * limits.connections);
    for (const peer of [...crowd, ...many]) peer.close();
    await waitUntil(() => world.clock.pending === 0, 'room');
    await world.proven();
  });

  describe('can be found again', () => {
    it('when its file was removed', async () => {
      const file = join(world.directory, 'endpoint.json');
      rmSync(file);
      await waitUntil(() => (world.clock.advance(100), existsSync(file)), 'the file');
      assert.deepEqual(parseEndpoint(readFileSync(file, 'utf8')), world.endpoint);
      assert.equal(world.lost, 0);
    });

    it('by another agent when its socket was removed: it says so, once', async () => {
      rmSync(world.endpoint.socket);
      await waitUntil(() => (world.clock.advance(100), world.lost > 0), 'the loss');
      writeFileSync(join(world.directory, 'x'), '');
      await settle();
      assert.equal(world.lost, 1);
    });

    it('by another agent that has taken its place: its end leaves that one alone', async () => {
      const file = join(world.directory, 'endpoint.json');
      const theirs = { socket: join(world.directory, 'agent-theirs.sock'), secret: new Uint8Array(32), processId: 1 };
      writeFileSync(theirs.socket, '');
      writeEndpointFile(world.directory, theirs);
      await world.server.stop();
      assert.deepEqual(parseEndpoint(readFileSync(file, 'utf8')), theirs);
      assert.ok(existsSync(theirs.socket) && !existsSync(world.endpoint.socket));
      assert.equal(world.lost, 0);
    });
  });

  it('ends everything when it stops', async () => {
    const peer = await world.proven();
    const waiting = world.connectRaw();
    peer.say(request('1'));
    await world.seen(1);
    await within(2_000, world.server.stop(), 'the end');
    await Promise.all([peer.ended(2_000), within(2_000, waiting.end, 'the end')]);
    assert.equal(world.asked[0]?.signal.aborted, true);
    assert.ok(!existsSync(world.endpoint.socket) && readdirSync(world.directory).length === 0);
    await within(2_000, world.connectRaw().end, 'nobody there');
  });
});

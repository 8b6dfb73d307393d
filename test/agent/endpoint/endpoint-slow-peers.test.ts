// Peers that are slow, or say what nobody understands: dropped, in time, and nobody else is.
import assert from 'node:assert/strict';
import { closeCodes } from '../../../shared/endpoint.ts';
import { limits } from '../../../shared/limits.ts';
import { type AgentMessage } from '../../../shared/messages.ts';
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

  describe('drops a peer', () => {
    const slow: [string, (peer: RawPeer) => Promise<void>][] = [
      [
        'says nothing',
        async (peer) => {
          await peer.opened();
        },
      ],
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
        const peer = world.connect();
        await behave(peer);
        await waitUntil(() => world.clock.pending === 1, 'its deadline');
        world.clock.advance(limits.proofTime - 1);
        await settle();
        assert.equal(peer.isOpen, true);
        world.clock.advance(1);
        await peer.ended(2_000);
        await waitUntil(() => world.clock.pending === 0, 'nothing left over');
      });
    }

    it('that opens a connection and does not even speak HTTP', async () => {
      const peer = world.connectRaw();
      await waitUntil(() => world.clock.pending === 1, 'its deadline');
      world.clock.advance(limits.proofTime);
      await within(2_000, peer.end, 'the end');
    });

    it('that speaks something else', async () => {
      for (const words of [
        '\x16\x03\x01\x02\x00\x01',
        'SSH-2.0-x\r\n',
        `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      ]) {
        const peer = world.connectRaw();
        await waitUntil(() => world.clock.pending > 0, 'its deadline');
        peer.socket.write(words, 'latin1');
        await within(2_000, peer.end, 'the end');
        await waitUntil(() => world.clock.pending === 0, 'nothing left over');
      }
    });

    it('not when it has proved itself in time: it may stay', async () => {
      const peer = await world.proven();
      world.clock.advance(100 * limits.proofTime);
      await settle();
      peer.say(request('1'));
      await world.seen(1);
      world.asked[0]?.answer();
      assert.equal((await told(peer, 1))[0]?.['id'], '1');
    });

    it('whose frame is too large, before it has come', async () => {
      const peer = await world.proven();
      peer.say('x'.repeat(limits.messageToHost + 1));
      assert.equal((await peer.ended()).code, closeCodes.ERR_REQUEST_TOO_LARGE);
      const other = await world.proven();
      // A frame of 2^40 bytes: only its head is ever sent.
      other.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
      assert.equal((await other.ended(2_000)).code, closeCodes.ERR_REQUEST_TOO_LARGE);
      assert.equal(world.asked.length, 0);
    });

    it('that sends a binary frame, before and after its proof', async () => {
      const early = await world.connect().opened();
      early.socket.send(Buffer.from(hello), { binary: true });
      assert.equal((await early.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      const late = await world.proven();
      late.socket.send(Buffer.from(request('1')), { binary: true });
      assert.equal((await late.ended()).code, closeCodes.ERR_REQUEST_INVALID);
      assert.equal(world.asked.length, 0);
    });

    it('that breaks the rules of the WebSocket: no mask, bad UTF-8, a reserved bit', async () => {
      for (const bytes of [
        [0x81, 0x02, 0x7b, 0x7d],
        [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
        [0xf1, 0x80, 0, 0, 0, 0],
      ]) {
        const peer = await world.proven();
        peer.write(Buffer.from(bytes));
        await peer.ended(2_000);
      }
      await world.proven();
    });

    it('that does not close in its turn, soon', async () => {
      const peer = await world.proven();
      peer.socket.pause();
      peer.say('no JSON');
      await waitUntil(() => world.server.peers === 0, 'its place', limits.proofTime + 3_000);
    });

    it('that does not read what it is told', async () => {
      const peer = await world.proven();
      peer.socket.pause();
      const readers = Array.from({ length: 32 }, () => ({ name: 'x'.repeat(300), card: 'empty' as const, tokens: [] }));
      const event: AgentMessage = {
        type: 'event',
        sequence: 6,
        name: 'changed',
        origins: Array.from({ length: 500 }, () => 'y'.repeat(255)),
        state: { ...state, readers },
      };
      for (let i = 0; i < 60 && world.server.peers > 0; i++) {
        world.server.broadcast(event);
        await settle();
      }
      await waitUntil(() => world.server.peers === 0, 'its end', 3_000);
    });
  });
});

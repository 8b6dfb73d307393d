// 06: lengths that lie. At the native host's stdin (native messaging) and at the agent's endpoint (HTTP, WebSocket), before and
// after the proof: refused before anything is kept, and everybody else is served on.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { residentMemory } from '../support/processes.ts';
import { type HostClient } from '../support/host-client.ts';
import { RawPeer, RawSocket } from '../support/raw-peer.ts';
import { honestLogin, journal, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

/** Bytes that a process may have grown by after it has refused something large: collections and caches, no message. */
const growth = 24 * 1024 * 1024;

describe('06 lying and oversize frames', function () {
  this.timeout(30_000);
  let target: Target;
  let honest: HostClient;

  before(async () => {
    target = await startTarget();
    honest = await target.agent.host();
  });
  after(async () => target.agent.stop());
  afterEach(async () => {
    await honestLogin(target, honest);
  });

  describe('at the native host', () => {
    const length = (value: number): Buffer => {
      const header = Buffer.alloc(4);
      header.writeUInt32LE(value);
      return header;
    };
    const request = (more: object = {}) => ({
      type: 'request',
      id: 'x',
      language: 'en',
      verb: 'authenticate',
      caller: { kind: 'page', origin: journal },
      nonce: newNonce(),
      ...more,
    });
    const body = Buffer.from(JSON.stringify(request()));

    for (const [what, bytes, exit, code] of [
      ['a length of 4 GB', length(0xffffffff), 4, 'ERR_REQUEST_TOO_LARGE'],
      ['a length of 2 GB', length(0x80000000), 4, 'ERR_REQUEST_TOO_LARGE'],
      ['one byte more than allowed', length(limits.messageToHost + 1), 4, 'ERR_REQUEST_TOO_LARGE'],
      [
        'a length in the wrong byte order',
        Buffer.concat([length(body.length).reverse(), body]),
        4,
        'ERR_REQUEST_TOO_LARGE',
      ],
      ['no length at all', Buffer.concat([length(0), body]), 5, 'ERR_REQUEST_INVALID'],
      [
        'bytes that are no text',
        Buffer.concat([length(4), Buffer.from('{"\xff\xfe', 'latin1')]),
        6,
        'ERR_REQUEST_INVALID',
      ],
      [
        'a length that is short by one, so that the rest is taken for the next',
        Buffer.concat([length(body.length - 1), body]),
        7,
        undefined,
      ],
    ] as const) {
      it(`${what}: the host says so and ends, and the agent hears of no login`, async () => {
        await withoutKeyUse(target, async () => {
          const attacker = target.agent.rawHost();
          await attacker.until((message) => message.type === 'agent' && message.state === 'connected');
          attacker.sendBytes(bytes);
          if (exit === 7) attacker.child.stdin.end();
          assert.deepEqual(await attacker.exit.then(({ code, signal }) => [code, signal]), [exit, null]);
          assert.equal(attacker.presence?.error?.code, code);
        });
      });
    }

    it('a frame that is cut off by the end of the stream is not acted upon', async () => {
      await withoutKeyUse(target, async () => {
        const attacker = await target.agent.host();
        attacker.sendBytes(Buffer.concat([length(body.length), body.subarray(0, -1)]));
        assert.equal((await attacker.end()).exit.code, 7);
      });
    });

    it('a frame of the largest size is read, and padding does not make it a request', async () => {
      await withoutKeyUse(target, async () => {
        const attacker = await target.agent.host();
        const padded = JSON.stringify(request({ padding: '' })).replace(
          '""',
          `"${'x'.repeat(limits.messageToHost - 250)}"`,
        );
        attacker.sendText(padded);
        const gone = await attacker.until((message) => message.type === 'agent' && message.state === 'gone');
        assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_REQUEST_INVALID');
      });
    });
  });

  describe('at the endpoint', () => {
    /** A WebSocket frame with the header that is wanted, not the one that is true. Masked with zeros unless told. */
    function frame(
      opcode: number,
      payload: Uint8Array,
      lie: { length?: bigint; fin?: boolean; rsv?: number; masked?: boolean } = {},
    ): Buffer {
      const { length = BigInt(payload.length), fin = true, rsv = 0, masked = true } = lie;
      const header = Buffer.alloc(10);
      header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
      header[1] = (masked ? 0x80 : 0) | 127;
      header.writeBigUInt64BE(length, 2);
      return Buffer.concat([header, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
    }
    const text = Buffer.from('{"type":"cancel","id":"x"}');
    const lies: [string, (send: (bytes: Uint8Array) => void) => void][] = [
      ['2^63 bytes', (send) => send(frame(1, text, { length: 1n << 63n }))],
      ['2^53 bytes', (send) => send(frame(1, text, { length: 1n << 53n }))],
      ['one byte more than allowed', (send) => send(frame(1, text, { length: BigInt(limits.messageToHost + 1) }))],
      [
        'more than allowed in many fragments',
        (send) => {
          const part = Buffer.alloc(60_000, 0x20);
          send(frame(1, part, { fin: false }));
          for (let sent = part.length; sent <= limits.messageToHost; sent += part.length)
            send(frame(0, part, { fin: false }));
        },
      ],
      [
        'fragments without end',
        (send) => {
          send(frame(1, Buffer.alloc(1, 0x20), { fin: false }));
          const one = frame(0, Buffer.alloc(1, 0x20), { fin: false });
          send(Buffer.concat(Array.from({ length: 70_000 }, () => one)));
        },
      ],
      ['a frame without a mask', (send) => send(frame(1, text, { masked: false }))],
      ['reserved bits', (send) => send(frame(1, text, { rsv: 4 }))],
      ['a continuation of nothing', (send) => send(frame(0, text))],
      ['an opcode that does not exist', (send) => send(frame(3, text))],
      ['a ping of 126 bytes', (send) => send(frame(9, Buffer.alloc(126)))],
      ['a close frame of one byte', (send) => send(frame(8, Buffer.alloc(1)))],
      ['text that is no UTF-8', (send) => send(frame(1, Buffer.from([0x22, 0xc3, 0x28, 0x22])))],
      ['a binary message', (send) => send(frame(2, text))],
      ['no WebSocket at all', (send) => send(randomBytes(4096))],
    ];

    for (const proven of [false, true]) {
      it(`${proven ? 'after' : 'before'} the proof, each lie ends its own connection: ${lies.map(([what]) => what).join('; ')}`, async () => {
        const { agent } = target;
        const { processId = -1, endpoint } = agent;
        const before = residentMemory(processId);
        await withoutKeyUse(target, async () => {
          const ends = lies.map(async ([what, lie]) => {
            const peer = proven ? await new RawPeer(endpoint).prove(endpoint.secret) : new RawSocket(endpoint);
            if (peer instanceof RawSocket) peer.upgrade();
            lie((bytes) => peer.write(bytes));
            await peer.ended().catch(() => assert.fail(`${what}: the connection stays open`));
          });
          await Promise.all(ends);
        });
        assert.equal(agent.processId, processId, 'the agent is another one');
        assert.ok(residentMemory(processId) - before < growth, `grew by ${residentMemory(processId) - before} bytes`);
      });
    }

    it('HTTP that lies or does not end is closed, and tells nothing', async () => {
      const { endpoint } = target.agent;
      const lying = [
        'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n',
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n',
        `GET / HTTP/1.1\r\nX: ${'a'.repeat(100_000)}\r\n`,
        `GET /${'a'.repeat(100_000)}`,
        'CONNECT evil:443 HTTP/1.1\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
        '\0'.repeat(1000),
      ];
      await withoutKeyUse(target, async () => {
        const ends = lying.map(async (bytes) => {
          const peer = new RawSocket(endpoint);
          peer.write(bytes);
          await peer.ended();
          assert.match(peer.text, /^(HTTP\/1\.1 4\d\d[^]*)?$/, 'something else than a refusal was said');
          assert.ok(!/kortbro|agent|node|stack|\//i.test(peer.text.replaceAll('HTTP/1.1', '')), peer.text);
        });
        await Promise.all(ends);
      });
    });

    it('a WebSocket that asks for compression gets none', async () => {
      const peer = new RawSocket(target.agent.endpoint);
      peer.upgrade('Sec-WebSocket-Extensions: permessage-deflate\r\n');
      await peer.ended();
      assert.match(peer.text, /^HTTP\/1\.1 101 /);
      assert.ok(!/extensions/i.test(peer.text), peer.text);
    });
  });
});

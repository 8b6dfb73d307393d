// Servers that are not who they should be, and servers that hang, flood or lie.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { createTestPki } from '../../../demo/pki/pki.ts';
import { limits } from '../../../shared/limits.ts';
import { waitUntil } from '../../native-host/within.ts';
import { settle } from '../fake-clock.ts';
import { CallWorld, answering, type Received, type Running } from './call-world.ts';

describe('A server that is not the site', () => {
  let world: CallWorld;
  const received: Received[] = [];
  beforeEach(async () => {
    world = await CallWorld.create();
    received.length = 0;
  });
  afterEach(() => world.end());

  const assertUnheard = async (site: Running, host = 'journal.localhost'): Promise<void> => {
    assert.deepEqual(await world.call(`https://${host}:${site.port}/`), { outcome: 'failed' });
    assert.equal(site.connections, 1);
    assert.deepEqual(received, []);
  };

  it('hears nothing when its certificate is for another name', async () => {
    await assertUnheard(await world.site(answering(200, received), { names: ['recept.localhost'] }));
  });

  it('hears nothing when its certificate is for a name and not for the address that was called', async () => {
    await assertUnheard(await world.site(answering(200, received)), '127.0.0.1');
  });

  it('hears nothing when its certificate has expired', async () => {
    const issued = await world.expired(['journal.localhost']);
    await assertUnheard(await world.site(answering(200, received), { issued }));
  });

  it('hears nothing when nobody who is trusted has issued its certificate', async () => {
    const issued = await (await createTestPki({ keyKind: 'ec-p256' })).issueServer(['journal.localhost']);
    await assertUnheard(await world.site(answering(200, received), { issued }));
  });

  it('hears nothing when policy names no authority of its own', async () => {
    world.policy = {};
    await assertUnheard(await world.site(answering(200, received)));
  });

  it('hears nothing even where the environment says that certificates do not matter', async () => {
    const issued = await world.expired(['journal.localhost']);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await assertUnheard(await world.site(answering(200, received), { issued }));
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, 'NODE_TLS_REJECT_UNAUTHORIZED');
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('hears nothing when it speaks no TLS', async () => {
    const plain = await world.plainSite(answering(200, received));
    await assertUnheard(plain);
  });

  it('is the site, though, when its certificate is for the address that was called', async () => {
    const { port } = await world.site(answering(200, received), { names: ['127.0.0.1'] });
    assert.deepEqual(await world.call(`https://127.0.0.1:${port}/`), { outcome: 'done' });
  });
});

describe('A server that wastes time or memory', () => {
  let world: CallWorld;
  beforeEach(async () => {
    world = await CallWorld.create();
  });
  afterEach(() => world.end());

  /** A TLS server that does what it likes once it has been spoken to. */
  const wild = async (act: (socket: TLSSocket) => void): Promise<Running> => {
    const server = createTlsServer(await world.identity(['journal.localhost']), (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => act(socket));
    });
    return world.run(server);
  };
  const endless = (socket: TLSSocket, piece: string): void => {
    const write = () => {
      while (socket.writable && socket.write(piece));
    };
    socket.on('drain', write);
    write();
  };
  /** Calls, waits until `begun`, and lets the time of a call pass. */
  const outOfTime = async (site: Running, begun: () => boolean) => {
    const outcome = world.call(`https://journal.localhost:${site.port}/`);
    await waitUntil(begun, 'the server is being called');
    await settle();
    let early = false;
    void outcome.then(() => (early = true));
    world.clock.advance(limits.callTime - 1);
    await settle();
    assert.equal(early, false, 'it waits for as long as it may');
    world.clock.advance(1);
    const ended = await outcome;
    await waitUntil(() => site.open.size === 0, 'the connection is closed');
    return ended;
  };

  it('fails when it takes the connection and never begins TLS', async () => {
    const site = await world.run(createServer((socket) => socket.resume()));
    assert.deepEqual(await outOfTime(site, () => site.connections === 1), { outcome: 'failed' });
  });

  it('fails when it reads the request and never answers', async () => {
    let called = false;
    const site = await wild(() => (called = true));
    assert.deepEqual(await outOfTime(site, () => called), { outcome: 'failed' });
  });

  it('fails when its headers come in drops and never end', async () => {
    let called = false;
    const site = await wild((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: a');
      called = true;
    });
    assert.deepEqual(await outOfTime(site, () => called), { outcome: 'failed' });
  });

  it('is done when it has said so and lets the body drip', async () => {
    let called = false;
    const site = await wild((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na');
      called = true;
    });
    assert.deepEqual(await outOfTime(site, () => called), { outcome: 'done' });
  });

  it('fails when it goes on announcing an answer', async () => {
    let called = false;
    const site = await wild((socket) => {
      called = true;
      endless(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100));
    });
    assert.deepEqual(await outOfTime(site, () => called), { outcome: 'failed' });
  });

  for (const [what, head, piece] of [
    ['an endless body', 'HTTP/1.1 200 OK\r\n\r\n', 'a'.repeat(10_000)],
    ['an oversize body', 'HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n', 'a'.repeat(10_000)],
    ['endless chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'.repeat(1_000)],
  ] as const) {
    it(`is heard no further than its first word when it sends ${what}`, async () => {
      let sent = 0;
      const site = await wild((socket) => {
        socket.write(head);
        endless(socket, piece);
        socket.on('close', () => (sent = socket.bytesWritten));
      });
      assert.deepEqual(await world.call(`https://journal.localhost:${site.port}/`), { outcome: 'done' });
      await waitUntil(() => sent > 0 && site.open.size === 0, 'the connection is closed');
      assert.ok(sent < 20_000_000, `${sent} bytes were taken`);
    });
  }

  for (const [what, answer] of [
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Much: more\r\n'.repeat(3_000)}`],
    ['one endless header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}`],
    ['no HTTP', '\0\0\0\0'],
    ['a strange status', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ] as const) {
    it(`fails at once when it answers with ${what}`, async () => {
      const site = await wild((socket) => socket.write(answer));
      assert.deepEqual(await world.call(`https://journal.localhost:${site.port}/`), { outcome: 'failed' });
      await waitUntil(() => site.open.size === 0, 'the connection is closed');
    });
  }

  it('fails when it closes without a word', async () => {
    const site = await wild((socket) => socket.end());
    assert.deepEqual(await world.call(`https://journal.localhost:${site.port}/`), { outcome: 'failed' });
  });

  it('is done when it has answered and the connection breaks', async () => {
    const site = await wild((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na', () => socket.destroy());
    });
    assert.deepEqual(await world.call(`https://journal.localhost:${site.port}/`), { outcome: 'done' });
  });
});

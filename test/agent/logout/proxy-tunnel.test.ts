// Calls through real proxies. Nothing that a proxy says may pass for the site's answer: that would end a logout or a lease.
import assert from 'node:assert/strict';
import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer } from 'node:net';
import { type Duplex } from 'node:stream';
import { limits } from '../../../shared/limits.ts';
import { waitUntil } from '../../native-host/within.ts';
import { CallWorld, answering, logoutBody, renewBody, type Received, type Running } from './call-world.ts';

const names = ['journal.example.se'];
const url = 'https://journal.example.se/ut';

describe('A call through a proxy', () => {
  let world: CallWorld;
  let site: Running;
  const received: Received[] = [];
  /** What the proxy was asked, without what went through it. */
  const asked: { line: string; rawHeaders: string[] }[] = [];

  beforeEach(async () => {
    world = await CallWorld.create();
    site = await world.site(answering(200, received), { names });
    received.length = 0;
    asked.length = 0;
  });
  afterEach(() => world.end());

  /** A proxy that leads every tunnel to the site, or does as `act` says. */
  const proxy = async (
    act: (tunnel: Duplex) => void = forward,
    server: Server = createPlainServer(),
  ): Promise<Running> => {
    server.on('connect', (request: IncomingMessage, tunnel: Duplex) => {
      asked.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, rawHeaders: request.rawHeaders });
      tunnel.on('error', () => undefined);
      // Node's own server leaves the other half open when the caller has hung up.
      tunnel.on('end', () => tunnel.destroy()).resume();
      act(tunnel);
    });
    const running = await world.run(server);
    world.environment = { https_proxy: `http://127.0.0.1:${running.port}` };
    return running;
  };
  const forward = (tunnel: Duplex, to = site): void => {
    const onward = connect(to.port, '127.0.0.1', () => {
      tunnel.write('HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n');
      tunnel.pipe(onward).pipe(tunnel);
    });
    onward.on('error', () => undefined);
    onward.on('close', () => tunnel.destroy());
    tunnel.on('close', () => onward.destroy());
  };
  const assertClosed = (running: Running): Promise<void> =>
    waitUntil(() => running.open.size === 0, 'every connection to the proxy is closed');

  it('reaches the site, and tells the proxy its name and port and no more', async () => {
    const running = await proxy();
    assert.deepEqual(await world.call(url), { outcome: 'done' });
    assert.deepEqual(await world.call('https://journal.example.se:8443/ut'), { outcome: 'done' });
    assert.deepEqual(
      received.map(({ url: path, body }) => [path, body]),
      Array(2).fill(['/ut', JSON.stringify(logoutBody)]),
    );
    assert.deepEqual(asked, [
      { line: 'CONNECT journal.example.se:443', rawHeaders: ['Host', 'journal.example.se:443', 'Connection', 'close'] },
      {
        line: 'CONNECT journal.example.se:8443',
        rawHeaders: ['Host', 'journal.example.se:8443', 'Connection', 'close'],
      },
    ]);
    await assertClosed(running);
  });

  it("takes policy's proxy before the environment's", async () => {
    const running = await proxy();
    world.policy = { logout: { authorities: world.authorities, proxy: `http://127.0.0.1:${running.port}` } };
    world.environment = { https_proxy: 'http://127.0.0.1:9', no_proxy: '*' };
    assert.deepEqual(await world.call(url), { outcome: 'done' });
  });

  it('is made directly to the machine itself', async () => {
    const running = await proxy();
    const here = await world.site(answering(200, received));
    world.policy = { logout: { authorities: world.authorities, proxy: `http://127.0.0.1:${running.port}` } };
    assert.deepEqual(await world.call(`https://journal.localhost:${here.port}/`), { outcome: 'done' });
    assert.equal(running.connections, 0);
  });

  it('shows a password of the environment to the proxy alone', async () => {
    const { port } = await proxy();
    world.environment = { https_proxy: `http://anna:hem%20ligt@127.0.0.1:${port}` };
    assert.deepEqual(await world.call(url), { outcome: 'done' });
    const expected = `Basic ${Buffer.from('anna:hem ligt').toString('base64')}`;
    assert.deepEqual(asked[0]?.rawHeaders.slice(2, 4), ['Proxy-Authorization', expected]);
    assert.doesNotMatch(JSON.stringify(received), /authorization/i);
  });

  it('goes through a proxy that speaks TLS, if its certificate is good', async () => {
    const good = createSecureServer(await world.identity(['proxy.localhost']));
    const { port } = await proxy(forward, good);
    world.environment = { https_proxy: `https://proxy.localhost:${port}` };
    assert.deepEqual(await world.call(url), { outcome: 'done' });

    const bad = createSecureServer(await world.identity([], await world.expired(['proxy.localhost'])));
    world.environment = { https_proxy: `https://proxy.localhost:${(await proxy(forward, bad)).port}` };
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
    assert.equal(received.length, 1);
  });

  it('fails when the proxy leads to another server', async () => {
    const other = await world.site(answering(200, received), { names: ['recept.example.se'] });
    const running = await proxy((tunnel) => forward(tunnel, other));
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
    assert.deepEqual(received, []);
    await assertClosed(running);
  });

  for (const [what, answer] of [
    ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
    ['does not know the site', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
    ['says that the site is gone', 'HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n'],
    ['wants a password', 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n'],
    ['sends elsewhere', 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n'],
    ['cannot reach the site', 'HTTP/1.1 502 Bad Gateway\r\n\r\nsorry'],
    ['answers in the place of the site', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['sends too many headers', `HTTP/1.1 200 OK\r\n${'X-Much: more\r\n'.repeat(3_000)}`],
  ] as const) {
    it(`fails when the proxy ${what}`, async () => {
      const running = await proxy((tunnel) => tunnel.write(answer));
      for (const body of [logoutBody, renewBody]) assert.deepEqual(await world.call(url, body), { outcome: 'failed' });
      assert.equal(asked.length, 2);
      await assertClosed(running);
    });
  }

  it('fails when the proxy agrees and then answers itself', async () => {
    const running = await proxy((tunnel) => {
      tunnel.once('data', () => tunnel.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      tunnel.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
    await assertClosed(running);
  });

  it('fails when the proxy agrees and hangs up', async () => {
    await proxy((tunnel) => tunnel.end('HTTP/1.1 200 OK\r\n\r\n'));
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
  });

  it('fails when the proxy cannot be reached or is none for HTTP', async () => {
    const running = await proxy();
    await new Promise((closed) => running.server.close(closed));
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
    running.server.listen();
    const secure = await proxy(forward, createSecureServer(await world.identity(['proxy.localhost'])));
    const socks = `socks5://proxy.localhost:${secure.port}`;
    for (const https_proxy of [socks, 'file:///etc/passwd', 'http://', 'http://%@127.0.0.1:9']) {
      world.environment = { https_proxy };
      assert.deepEqual(await world.call(url), { outcome: 'failed' }, https_proxy);
    }
    assert.equal(secure.connections, 0);
  });

  it('gives a hanging proxy the time of a call, and keeps no connection to it', async () => {
    for (const act of [() => undefined, (tunnel: Duplex) => tunnel.write('HTTP/1.1 200 OK\r\nX: a')]) {
      const before = asked.length;
      const running = await proxy(act);
      const outcome = world.call(url);
      await waitUntil(() => asked.length > before, 'the proxy is asked');
      world.clock.advance(limits.callTime);
      assert.deepEqual(await outcome, { outcome: 'failed' });
      await assertClosed(running);
    }
  });

  it('gives a proxy that agrees and leads nowhere the time of a call, and keeps no connection to it', async () => {
    let hello = false;
    const running = await proxy((tunnel) => {
      tunnel.once('data', () => (hello = true));
      tunnel.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    const outcome = world.call(url);
    await waitUntil(() => hello, 'TLS has begun');
    world.clock.advance(limits.callTime);
    assert.deepEqual(await outcome, { outcome: 'failed' });
    await assertClosed(running);
  });

  it('takes no more than the headers of a flooding proxy', async () => {
    const piece = `X-Much: ${'more'.repeat(1_000)}\r\n`;
    const running = await world.run(
      createServer((socket) => {
        const flood = () => {
          while (socket.writable && socket.write(piece));
        };
        socket.on('drain', flood);
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\n');
          flood();
        });
      }),
    );
    world.environment = { https_proxy: `http://127.0.0.1:${running.port}` };
    assert.deepEqual(await world.call(url), { outcome: 'failed' });
    await assertClosed(running);
  });
});

import assert from 'node:assert/strict';
import { type TLSSocket } from 'node:tls';
import { outcomeOf } from '../../../agent/logout/site-call.ts';
import { productVersion } from '../../../shared/names.ts';
import { CallWorld, answering, logoutBody, renewBody, type Received } from './call-world.ts';

describe('A call to a site', () => {
  let world: CallWorld;
  beforeEach(async () => {
    world = await CallWorld.create();
  });
  afterEach(() => world.end());

  it('posts the token and the reason as JSON, with these headers and no others', async () => {
    const received: Received[] = [];
    const { port } = await world.site(answering(204, received));
    assert.deepEqual(await world.call(`https://journal.localhost:${port}/ut?from=kortbro#here`), { outcome: 'done' });
    const [{ rawHeaders, body, ...request } = { rawHeaders: [], body: '' }] = received;
    assert.deepEqual(request, { method: 'POST', url: '/ut?from=kortbro' });
    assert.equal(body, JSON.stringify({ token: 'A'.repeat(22), event: 'logout', reason: 'card-removed' }));
    const headers = rawHeaders.flatMap((text, index) =>
      index % 2 === 0 ? [`${text}: ${rawHeaders[index + 1] ?? ''}`] : [],
    );
    assert.deepEqual(headers.sort(), [
      'Connection: close',
      `Content-Length: ${body.length}`,
      'Content-Type: application/json',
      `Host: journal.localhost:${port}`,
      `User-Agent: Kortbro/${productVersion}`,
    ]);
  });

  it('renews a lease by the seconds of the lease', async () => {
    const received: Received[] = [];
    const { port } = await world.site(answering(200, received));
    assert.deepEqual(await world.call(`https://journal.localhost:${port}/`, renewBody), { outcome: 'done' });
    assert.deepEqual(
      received.map(({ body }) => body),
      [JSON.stringify({ token: 'A'.repeat(22), event: 'renew', seconds: 60 })],
    );
  });

  it('follows no redirect', async () => {
    const elsewhere = await world.site(answering(200), { names: ['elsewhere.localhost'] });
    const location = `https://elsewhere.localhost:${elsewhere.port}/`;
    for (const status of [301, 302, 303, 307, 308]) {
      const { port } = await world.site(answering(status, [], { location }));
      assert.deepEqual(await world.call(`https://journal.localhost:${port}/`), { outcome: 'refused', status });
    }
    assert.equal(elsewhere.connections, 0);
  });

  it('brings back no cookie, resumes no TLS session and shows no certificate', async () => {
    const received: Received[] = [];
    const shown: unknown[] = [];
    const { server, port } = await world.site(
      answering(200, received, { 'Set-Cookie': 'session=1; Secure', Connection: 'keep-alive' }),
      { requestCert: true, rejectUnauthorized: false },
    );
    server.on('secureConnection', (socket: TLSSocket) => {
      shown.push({ resumed: socket.isSessionReused(), certificate: socket.getPeerCertificate() });
    });
    for (let count = 0; count < 3; count++) await world.call(`https://journal.localhost:${port}/`);
    assert.doesNotMatch(JSON.stringify(received), /cookie/i);
    assert.deepEqual(shown, Array(3).fill({ resumed: false, certificate: {} }));
  });

  it('names the site to a server of many, but never an address', async () => {
    const named: unknown[] = [];
    const { server, port } = await world.site(answering(200), { names: ['journal.localhost', '127.0.0.1'] });
    server.on('secureConnection', (socket: TLSSocket & { servername: unknown }) => named.push(socket.servername));
    for (const host of ['journal.localhost', '127.0.0.1'])
      assert.deepEqual(await world.call(`https://${host}:${port}/`), { outcome: 'done' });
    assert.deepEqual(named, ['journal.localhost', false]);
  });

  it('reaches http://localhost only where policy lets it, and no other plain address ever', async () => {
    const site = await world.plainSite(answering(200));
    const { port } = site;
    assert.deepEqual(await world.call(`http://localhost:${port}/`), { outcome: 'refused', status: 0 });
    world.policy = { allowLocalhost: true };
    assert.deepEqual(await world.call(`http://localhost:${port}/`), { outcome: 'done' });
    for (const host of ['127.0.0.1', 'journal.localhost', '[::1]']) {
      assert.deepEqual(await world.call(`http://${host}:${port}/`), { outcome: 'refused', status: 0 }, host);
    }
    assert.equal(site.connections, 1);
  });

  it('ends at once with its signal, and does not begin after it', async () => {
    const site = await world.site(() => ending.abort());
    const ending = new AbortController();
    const url = `https://journal.localhost:${site.port}/`;
    assert.deepEqual(await world.call(url, logoutBody, ending.signal), { outcome: 'failed' });
    assert.deepEqual(await world.call(url, logoutBody, ending.signal), { outcome: 'failed' });
    assert.equal(site.connections, 1);
    assert.equal(world.clock.pending, 0, 'no timer is left');
  });

  it('fails where nobody listens', async () => {
    const site = await world.plainSite(answering(200));
    await new Promise((closed) => site.server.close(closed));
    assert.deepEqual(await world.call(`https://journal.localhost:${site.port}/`), { outcome: 'failed' });
    site.server.listen();
  });
});

describe('The meaning of an answer', () => {
  const cases: [status: number, logout: string, renewal: string][] = [
    [200, 'done', 'done'],
    [202, 'done', 'done'],
    [204, 'done', 'done'],
    [299, 'done', 'done'],
    [300, 'refused', 'failed'],
    [302, 'refused', 'failed'],
    [304, 'refused', 'failed'],
    [400, 'refused', 'failed'],
    [401, 'refused', 'failed'],
    [403, 'refused', 'failed'],
    [404, 'refused', 'over'],
    [408, 'failed', 'failed'],
    [410, 'refused', 'over'],
    [425, 'failed', 'failed'],
    [429, 'failed', 'failed'],
    [499, 'refused', 'failed'],
    [500, 'failed', 'failed'],
    [502, 'failed', 'failed'],
    [503, 'failed', 'failed'],
    [599, 'failed', 'failed'],
    [999, 'failed', 'failed'],
    [199, 'failed', 'failed'],
  ];
  for (const [status, logout, renewal] of cases) {
    it(`${status} is "${logout}" to a logout and "${renewal}" to a renewal`, () => {
      const expected = logout === 'refused' ? { outcome: logout, status } : { outcome: logout };
      assert.deepEqual(outcomeOf('logout', status), expected);
      assert.deepEqual(outcomeOf('renew', status), { outcome: renewal });
    });
  }
});

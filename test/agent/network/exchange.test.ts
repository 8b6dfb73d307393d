// Exchanges without TLS, as with the servers of revocation lists: through a plain proxy, which gets the whole address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { exchange, type Network } from '../../../agent/network/exchange.ts';
import { TrustStore } from '../../../agent/network/trust-store.ts';

describe('An exchange without TLS', () => {
  let proxy: Server;
  let asked: IncomingMessage[];
  let address: string;

  beforeEach(async () => {
    asked = [];
    proxy = createServer((request, response) => {
      asked.push(request);
      response.end('a revocation list');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(() => proxy.close());

  const through = (systemProxy: string): Network => ({
    trust: new TrustStore({ system: { version: () => '', read: () => [] }, unreadable: () => undefined }),
    authorities: undefined,
    proxy: undefined,
    systemProxy: () => new URL(systemProxy),
  });
  const list = new URL('http://crl.example.se/list.crl');
  const fetchList = (most: number, network = through(`http://${address}`)) =>
    exchange(list, { method: 'GET', most }, network, new AbortController().signal);

  it('goes through a proxy, which gets the whole address', async () => {
    const { status, body, whole } = await fetchList(100);
    assert.deepEqual([status, body.toString(), whole], [200, 'a revocation list', true]);
    const asks = asked.map(({ url, headers }) => [url, headers.host, headers['proxy-authorization']]);
    assert.deepEqual(asks, [[list.href, 'crl.example.se', undefined]]);
  });

  it("gives the proxy the environment's password", async () => {
    await fetchList(100, through(`http://anna:hem%20ligt@${address}`));
    const expected = `Basic ${Buffer.from('anna:hem ligt').toString('base64')}`;
    assert.deepEqual(
      asked.map(({ headers }) => headers['proxy-authorization']),
      [expected],
    );
  });

  it('reads no more of an answer than was said', async () => {
    const { body, whole } = await fetchList(4);
    assert.deepEqual([body.length, whole], [0, false]);
  });
});

// The user's own settings, as WinHTTP reads them. They are changed here, and so only under Wine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { proxyFor } from '../../../agent/native/system-proxy.ts';

const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections';
const flags = { direct: 1, byHand: 2, script: 4 };

/** The value that the settings' own dialog writes: version, count, flags, and three texts with their lengths. */
function set(kind: number, proxy = '', bypass = '', script = ''): void {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const texts = [proxy, bypass, script].flatMap((text) => [number(text.length), Buffer.from(text)]);
  const value = Buffer.concat([number(0x46), number(1), number(kind), ...texts, Buffer.alloc(32)]);
  const words = ['/v', 'DefaultConnectionSettings', '/t', 'REG_BINARY', '/d', value.toString('hex'), '/f'];
  execFileSync('reg', ['add', key, ...words], { stdio: 'ignore' });
}

describe("the system's proxy", () => {
  before(function () {
    if (process.env['KORTBRO_WINE'] === undefined) this.skip();
  });
  afterEach(() => set(flags.direct));

  it('is none where the user has set none', async () => {
    assert.deepEqual(await proxyFor('https://vard.example.se/'), []);
  });

  it('is the one that is written by hand, but for what is excepted', async () => {
    set(flags.direct | flags.byHand, 'http=one:8080;https=two:8443', '*.lokal.example.se;<local>');
    assert.deepEqual(await proxyFor('https://vard.example.se/'), ['http://two:8443']);
    assert.deepEqual(await proxyFor('https://vard.lokal.example.se/'), []);
    assert.deepEqual(await proxyFor('https://intranet/'), []);
  });

  it('is what a script says', async () => {
    const script = `function FindProxyForURL(url, host) {
      return host == 'vard.example.se' ? 'PROXY proxy.example.se:3128; DIRECT' : 'DIRECT';
    }`;
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/x-ns-proxy-autoconfig').end(script);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    set(flags.direct | flags.script, '', '', `http://127.0.0.1:${port}/proxy.pac`);
    assert.deepEqual(await proxyFor('https://vard.example.se/'), ['http://proxy.example.se:3128']);
    assert.deepEqual(await proxyFor('https://annan.example.se/'), []);
    server.close();
  });

  it('is the one by hand when the script cannot be had', async () => {
    set(flags.direct | flags.byHand | flags.script, 'proxy:80', '', 'http://127.0.0.1:1/proxy.pac');
    assert.deepEqual(await proxyFor('https://vard.example.se/'), ['http://proxy:80']);
  });
});

import assert from 'node:assert/strict';
import { environmentProxy, proxyFor } from '../../../agent/network/proxy.ts';

const configured = 'http://proxy.example.se:8080';

const chosen = async (url: string, environment: NodeJS.ProcessEnv, policy?: string): Promise<string | undefined> =>
  (await proxyFor(new URL(url), policy, environmentProxy(environment)))?.href;

describe('The proxy for a call', () => {
  it('is none where nothing is configured', async () => {
    assert.equal(await chosen('https://journal.example.se/', {}), undefined);
    assert.equal(await chosen('https://journal.example.se/', { https_proxy: '', no_proxy: '' }), undefined);
    assert.equal(
      await chosen('https://journal.example.se/', { http_proxy: configured, all_proxy: configured }),
      undefined,
    );
  });

  it("is policy's, whatever the environment says", async () => {
    const environment = { https_proxy: 'http://other.example.se:1', no_proxy: '*' };
    assert.equal(await chosen('https://journal.example.se/', environment, configured), `${configured}/`);
  });

  it("is the environment's where policy names none, the lower-case name first", async () => {
    assert.equal(
      await chosen('https://journal.example.se/', { https_proxy: configured, HTTPS_PROXY: 'http://x' }),
      `${configured}/`,
    );
    assert.equal(await chosen('https://journal.example.se/', { HTTPS_PROXY: configured }), `${configured}/`);
  });

  it('is spoken to without TLS where its address names no scheme', async () => {
    assert.equal(
      await chosen('https://journal.example.se/', { https_proxy: 'proxy.example.se:8080' }),
      `${configured}/`,
    );
    assert.equal(
      await chosen('https://journal.example.se/', { https_proxy: 'https://proxy.example.se' }),
      'https://proxy.example.se/',
    );
  });

  it('is never used for the machine itself', async () => {
    const hosts = [
      'localhost',
      'localhost:8443',
      'journal.localhost',
      '127.0.0.1',
      '127.1.2.3:8443',
      '[::1]',
      '[::1]:8443',
    ];
    for (const host of hosts) {
      assert.equal(await chosen(`https://${host}/`, { https_proxy: configured }), undefined, host);
      assert.equal(await chosen(`https://${host}/`, {}, configured), undefined, host);
    }
  });

  it('that is no address is an error, never a way around it', async () => {
    for (const https_proxy of ['http://', 'http://a b', 'http://proxy:99999', '://'])
      await assert.rejects(chosen('https://journal.example.se/', { https_proxy }), TypeError, https_proxy);
  });

  const exempt: [list: string, host: string][] = [
    ['*', 'journal.example.se'],
    ['example.se', 'example.se'],
    ['example.se', 'journal.example.se'],
    ['.example.se', 'journal.example.se'],
    ['*.example.se', 'journal.example.se'],
    ['EXAMPLE.SE', 'journal.example.se'],
    ['a.test, example.se ,b.test', 'journal.example.se'],
    ['a.test example.se', 'journal.example.se'],
    ['journal.example.se:443', 'journal.example.se'],
    ['journal.example.se:8443', 'journal.example.se:8443'],
    ['example.se', 'journal.example.se.'],
    ['10.1.2.3', '10.1.2.3'],
    ['[fd00::1]', '[fd00::1]'],
    ['fd00::1', '[fd00::1]'],
    ['[fd00::1]:8443', '[fd00::1]:8443'],
  ];
  for (const [no_proxy, host] of exempt) {
    it(`is none for ${host} with no_proxy=${no_proxy}`, async () => {
      assert.equal(await chosen(`https://${host}/`, { https_proxy: configured, no_proxy }), undefined);
      assert.equal(await chosen(`https://${host}/`, { HTTPS_PROXY: configured, NO_PROXY: no_proxy }), undefined);
    });
  }

  const kept: [list: string, host: string][] = [
    ['ample.se', 'journal.example.se'],
    ['journal.example.se', 'example.se'],
    ['example.se.test', 'journal.example.se'],
    ['journal.example.se:8443', 'journal.example.se'],
    ['10.1.2.3', '10.1.2.30'],
    ['[fd00::1]:443', '[fd00::1]:8443'],
    [',, ,', 'journal.example.se'],
    ['.', 'journal.example.se'],
  ];
  for (const [no_proxy, host] of kept) {
    it(`is used for ${host} with no_proxy=${no_proxy}`, async () => {
      assert.equal(await chosen(`https://${host}/`, { https_proxy: configured, no_proxy }), `${configured}/`);
    });
  }
});

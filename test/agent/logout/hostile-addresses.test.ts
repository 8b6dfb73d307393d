// What a page could register, or a file on disk could hold, to make the agent call somebody else or say something else.
import assert from 'node:assert/strict';
import { isLoopback, lookupSite } from '../../../agent/network/connection.ts';
import { limits } from '../../../shared/limits.ts';
import { CallWorld, answering, logoutBody, type Received } from './call-world.ts';

describe('An address that may not be called', () => {
  let world: CallWorld;
  beforeEach(async () => {
    world = await CallWorld.create();
  });
  afterEach(() => world.end());

  it('is refused without a connection', async () => {
    const site = await world.site(answering(200));
    const host = `journal.localhost:${site.port}`;
    const addresses = [
      '',
      'journal.localhost',
      `//${host}/`,
      `http://${host}/`,
      `https://anna:hemligt@${host}/`,
      `https://anna@${host}/`,
      `https://${host}/a b`,
      `https://${host}/\r\nX-Injected: 1`,
      `https://${host}/\n`,
      ` https://${host}/`,
      `https://${host}/\0`,
      `https://${host}/å`,
      `https://${host}/\u2028`,
      `https://jöurnal.localhost:${site.port}/`,
      `HTTPS://${host}/${'a'.repeat(limits.logoutUrlLength)}`,
      `ws://${host}/`,
      `wss://${host}/`,
      `file:///etc/passwd`,
      `unix:/run/kortbro.sock`,
      'data:application/json,1',
      'javascript:0',
      'https://',
      'https://:443/',
      'https://journal.localhost:99999/',
    ];
    for (const url of addresses) {
      assert.deepEqual(await world.call(url), { outcome: 'refused', status: 0 }, JSON.stringify(url.slice(0, 80)));
    }
    assert.equal(site.connections, 0);
  });

  it('is not made of one that is allowed: what looks like a header stays in the path', async () => {
    const received: Received[] = [];
    const { port } = await world.site(answering(200, received));
    await world.call(`https://journal.localhost:${port}/%0d%0aX-Injected:%201/..%2f`);
    assert.equal(received[0]?.url, '/%0d%0aX-Injected:%201/..%2f');
    assert.doesNotMatch(received[0].rawHeaders.join(), /inject/i);
  });

  it('is not made by a token: it stays one JSON string', async () => {
    const received: Received[] = [];
    const { port } = await world.site(answering(200, received));
    const token = '"}\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n\ud800å';
    await world.call(`https://journal.localhost:${port}/`, { ...logoutBody, token });
    assert.equal(received.length, 1);
    assert.deepEqual(JSON.parse(received[0]!.body), { ...logoutBody, token });
  });
});

describe('The machine itself', () => {
  it('is every name below localhost and every loopback address, and nothing that only looks like it', () => {
    const here = [
      'localhost',
      'localhost.',
      'journal.localhost',
      'a.b.localhost.',
      '127.0.0.1',
      '127.8.8.8',
      '::1',
      '[::1]',
    ];
    const elsewhere = [
      'notlocalhost',
      'localhost.example.se',
      '127.0.0.1.example.se',
      '10.0.0.1',
      '[::2]',
      '128.0.0.1',
      '',
    ];
    assert.deepEqual(here.filter(isLoopback), here);
    assert.deepEqual(elsewhere.filter(isLoopback), []);
  });

  it('is found without asking a resolver', () => {
    const answers: unknown[] = [];
    lookupSite('journal.localhost', { all: true }, (...answer) => answers.push(answer));
    lookupSite('journal.localhost', {}, (...answer) => answers.push(answer));
    assert.deepEqual(answers, [
      [
        null,
        [
          { address: '127.0.0.1', family: 4 },
          { address: '::1', family: 6 },
        ],
      ],
      [null, '127.0.0.1', 4],
    ]);
  });
});

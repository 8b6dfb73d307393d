import assert from 'node:assert/strict';
import { clearCookies, isSentTo } from '../../../extension/background/logout/cookies.ts';

type Cookie = Pick<chrome.cookies.Cookie, 'name' | 'domain' | 'hostOnly' | 'path' | 'storeId' | 'partitionKey'>;

/** chrome.cookies over a list; removes by name and host as Chromium does. `stubborn` ones come back. */
function withCookies(jar: Cookie[], stubborn = false) {
  const removed: chrome.cookies.CookieDetails[] = [];
  const cookies = {
    getAllCookieStores: () => Promise.resolve([{ id: '0' }, { id: '1' }]),
    getAll: ({ storeId, partitionKey }: chrome.cookies.GetAllDetails) =>
      Promise.resolve(
        jar.filter(
          (cookie) => cookie.storeId === storeId && (partitionKey !== undefined || cookie.partitionKey === undefined),
        ),
      ),
    remove: (details: chrome.cookies.CookieDetails) => {
      removed.push(details);
      const { hostname } = new URL(details.url);
      if (stubborn) return Promise.resolve();
      const leaving = jar.filter(
        (cookie) =>
          cookie.name === details.name &&
          cookie.storeId === details.storeId &&
          JSON.stringify(cookie.partitionKey) === JSON.stringify(details.partitionKey) &&
          isSentTo(cookie, hostname),
      );
      for (const cookie of leaving) jar.splice(jar.indexOf(cookie), 1);
      return Promise.resolve();
    },
  };
  Object.assign(globalThis, { chrome: { cookies } });
  return removed;
}

const cookie = (domain: string, changes: Partial<Cookie> = {}): Cookie => ({
  name: 'session',
  domain,
  hostOnly: !domain.startsWith('.'),
  path: '/',
  storeId: '0',
  ...changes,
});

describe('the cookies of one host', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'chrome'));

  it('are its own and those of parent domains that are sent to it', () => {
    for (const [domain, host, sent] of [
      ['journal.region.example', 'journal.region.example', true],
      ['.journal.region.example', 'journal.region.example', true],
      ['.region.example', 'journal.region.example', true],
      ['region.example', 'journal.region.example', false],
      ['.journal.region.example', 'region.example', false],
      ['sub.journal.region.example', 'journal.region.example', false],
      ['.nal.region.example', 'journal.region.example', false],
      ['localhost', 'localhost', true],
    ] as const) {
      assert.equal(isSentTo(cookie(domain), host), sent, `${domain} ${host}`);
    }
  });

  it('go from every store, path and partition, and nobody else loses one of the same name', async () => {
    const partitionKey = { topLevelSite: 'https://region.example' };
    const kept = [cookie('region.example'), cookie('sibling.region.example'), cookie('.sub.journal.region.example')];
    const jar = [
      ...kept,
      cookie('journal.region.example'),
      cookie('journal.region.example', { path: '/deep', name: 'deep' }),
      cookie('journal.region.example', { storeId: '1' }),
      cookie('.region.example'),
      cookie('journal.region.example', { partitionKey }),
    ];
    const removed = withCookies(jar);
    await clearCookies('journal.region.example');
    assert.deepEqual(jar, kept);
    assert.ok(removed.some(({ url }) => url === 'https://journal.region.example/deep'));
    assert.ok(removed.every(({ url }) => new URL(url).hostname === 'journal.region.example'));
  });

  it('that cannot be taken away are an error, and not a silence', async () => {
    withCookies([cookie('journal.region.example')], true);
    await assert.rejects(clearCookies('journal.region.example'));
  });
});

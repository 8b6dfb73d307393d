// Logging out in Chromium, with a scripted native host: what is cleared, what is not, and what the pages are told.
import assert from 'node:assert/strict';
import { type Page } from 'playwright-core';
import { type ClientMessage, type OwedVisit } from '../../shared/messages.ts';
import { LogoutBrowser, navigated, owedVisit, removedPage } from './logout-extension-browser.ts';
import { workerProcess } from './logout-extension-processes.ts';
import { cookieNames } from './logout-extension-sites.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';

/** Writes to every kind of storage. */
async function fill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    localStorage.setItem('draft', 'secret');
    sessionStorage.setItem('draft', 'secret');
    await (await caches.open('cache')).put('/kept', new Response('secret'));
    await new Promise<void>((resolve) => {
      const opening = indexedDB.open('database', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('store');
      opening.onsuccess = () => {
        opening.result.close();
        resolve();
      };
    });
    await navigator.serviceWorker.register('/worker.js');
    await navigator.serviceWorker.ready;
  });
}

/** How much of what `fill` wrote is there. */
function filled(page: Page): Promise<Record<string, number>> {
  return page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    caches: (await caches.keys()).length,
    databases: (await indexedDB.databases()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
}

const everything = { local: 1, session: 1, caches: 1, databases: 1, workers: 1 };
const nothing = { local: 0, session: 0, caches: 0, databases: 0, workers: 0 };

describe('a logout in Chromium', function () {
  this.timeout(60_000);
  let build: ExtensionBuild;
  let browser: LogoutBrowser;

  before(async () => {
    build = buildExtension();
    browser = await LogoutBrowser.start(build.extension);
    browser.sites.pages.set('/worker.js', 'addEventListener("fetch", () => undefined)');
  });
  after(async () => {
    await browser.stop();
    build.remove();
  });
  beforeEach(async () => {
    await browser.tidy();
  });

  it('says hello with an id of this profile', () => {
    const [hello] = browser.agent.received;
    assert.ok(hello?.type === 'hello');
    assert.match(hello.profile ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('clears every kind of cookie and storage of the site', async () => {
    const { journal } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await fill(page);
    assert.deepEqual(await browser.cookiesOf(journal), cookieNames);
    assert.deepEqual(await filled(page), everything);
    const milliseconds = await browser.logOut(owedVisit(journal));
    assert.ok(milliseconds < 5_000, `${milliseconds} ms`);
    assert.deepEqual(await browser.cookiesOf(journal), []);
    assert.deepEqual(await filled(await browser.open(`${journal}/`)), nothing);
    assert.deepEqual(browser.sites.requests.at(-1)?.cookies, []);
  });

  it('leaves other sites of the same registrable domain, and elsewhere, as they are', async () => {
    const { journal, sibling, parent, elsewhere } = browser.sites;
    const others = [sibling, parent, elsewhere];
    const pages = await Promise.all(others.map(async (origin) => browser.open(`${origin}/login`)));
    await Promise.all(pages.map(fill));
    await browser.open(`${journal}/login`);
    await browser.logOut(owedVisit(journal));
    assert.deepEqual(await browser.cookiesOf(journal), []);
    for (const [index, origin] of others.entries()) {
      assert.deepEqual(await browser.cookiesOf(origin), cookieNames, origin);
      assert.deepEqual(await filled(pages[index]!), everything, origin);
    }
  });

  it('takes a cookie that the site shares with its parent domain, for it would be sent to the site', async () => {
    const { journal, parent } = browser.sites;
    await browser.open(`${parent}/login`);
    await browser.open(`${journal}/login-shared`);
    assert.ok((await browser.cookiesOf(journal)).includes('shared'));
    await browser.logOut(owedVisit(journal));
    assert.deepEqual(await browser.cookiesOf(journal), []);
    assert.deepEqual(await browser.cookiesOf(parent), cookieNames);
  });

  it('tells the pages first, with the reason, and lets them save what was being written', async () => {
    const { journal, requests } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await page.evaluate(() => {
      window.kortbro?.on('loggedout', ({ reason, waitUntil }) => {
        waitUntil(
          new Promise((resolve) => setTimeout(resolve, 200)).then(() => fetch(`/save/${reason}`, { method: 'POST' })),
        );
      });
    });
    await listening(page);
    await browser.logOut(owedVisit(journal));
    const saved = requests.filter(({ path }) => path === '/save/card-removed');
    assert.equal(saved.length, 1);
    assert.ok(saved[0]?.cookies.includes('session'), 'the page is still logged in when it saves');
    assert.deepEqual(browser.agent.steps(browser.agent.received.findLast(isStep)?.visit ?? ''), ['told', 'done']);
  });

  it('waits for no page longer than half a second, and for one that does not answer still less', async () => {
    const { journal } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await page.evaluate(() => {
      window.kortbro?.on('loggedout', ({ waitUntil }) => waitUntil(new Promise(() => undefined)));
    });
    await listening(page);
    const visit = owedVisit(journal);
    const since = performance.now();
    const done = browser.logOut(visit);
    await browser.agent.until(() => browser.agent.steps(visit.id).includes('told'));
    const milliseconds = performance.now() - since;
    assert.ok(milliseconds >= 490 && milliseconds < 2_000, `${milliseconds} ms`);
    await done;
    assert.deepEqual(await browser.cookiesOf(journal), []);
  });

  it('takes every tab of the site away from it: of thirty, none is left and none asks again', async () => {
    const { journal, elsewhere } = browser.sites;
    await browser.open(`${elsewhere}/`);
    for (let i = 0; i < 30; i++) await listening(await browser.open(`${journal}/login`));
    browser.sites.requests.length = 0;
    const milliseconds = await browser.logOut(owedVisit(journal));
    // Half a second or so; a wait for each tab after the other would be fifteen.
    assert.ok(milliseconds < 10_000, `${milliseconds} ms`);
    const tabs = await browser.tabs();
    assert.equal(tabs.filter((url) => url.startsWith(journal)).length, 0);
    assert.equal(tabs.filter((url) => url === removedPage(journal)).length, 30);
    assert.ok(tabs.includes(`${elsewhere}/`));
    assert.equal(browser.sites.count(journal), 0);
  });

  const stubborn: [string, (page: Page) => Promise<unknown>][] = [
    [
      'asks before it is left',
      async (page) => {
        await page.evaluate(() => {
          addEventListener('beforeunload', (event) => {
            event.preventDefault();
          });
        });
        await page.mouse.click(10, 10);
      },
    ],
    ['shows an alert', (page) => page.evaluate(() => void setTimeout(() => alert('x')))],
    [
      'runs for ever',
      (page) =>
        page.evaluate(() => {
          setTimeout(() => {
            for (;;);
          }, 50);
        }),
    ],
  ];
  for (const [words, hold] of stubborn) {
    it(`is not held up by a page that ${words}`, async () => {
      const { journal } = browser.sites;
      const page = await browser.open(`${journal}/login`);
      page.on('dialog', () => undefined);
      await listening(page);
      await hold(page);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const milliseconds = await browser.logOut(owedVisit(journal));
      assert.ok(milliseconds < 5_000, `${milliseconds} ms`);
      assert.deepEqual(await browser.cookiesOf(journal), []);
      assert.deepEqual(
        (await browser.tabs()).filter((url) => url.startsWith(journal)),
        [],
      );
    });
  }

  it('leaves no page behind that the back button shows', async () => {
    const { journal, elsewhere } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await page.evaluate(() => (document.title = 'secret'));
    await page.goto(`${elsewhere}/`);
    await browser.logOut(owedVisit(journal));
    browser.sites.requests.length = 0;
    await page.goBack();
    assert.notEqual(await page.title(), 'secret');
    assert.deepEqual(browser.sites.requests[0]?.cookies, []);
  });

  it('fetches the address that policy names, with the cookies, before they are cleared', async () => {
    const { journal, requests } = browser.sites;
    await browser.open(`${journal}/login`);
    await browser.logOut(owedVisit(journal, { url: `${journal}/bye` }));
    const bye = requests.filter(({ path }) => path === '/bye');
    assert.equal(bye.length, 1);
    assert.deepEqual(
      bye[0]?.cookies,
      cookieNames.filter((name) => name !== 'deep' && name !== 'partitioned'),
    );
    assert.deepEqual(await browser.cookiesOf(journal), []);
  });

  it('closes tabs where policy says so, but no window', async () => {
    const { journal, elsewhere } = browser.sites;
    const other = await browser.open(`${elsewhere}/`);
    await browser.open(`${journal}/login`);
    const actions: OwedVisit['actions'] = ['event', 'clear', 'close'];
    await browser.logOut(owedVisit(journal, { actions }));
    assert.equal((await browser.tabs()).length, 2, 'with the empty one');
    assert.ok((await browser.tabs()).includes(`${elsewhere}/`));
    for (const page of browser.context.pages()) if (page !== other) await page.close();
    await other.goto(`${journal}/login`);
    await browser.logOut(owedVisit(journal, { actions }));
    await navigated(browser, journal, 'card-removed');
    assert.equal((await browser.tabs()).length, 1);
  });

  it("shows the site's own page where policy names one", async () => {
    const { journal } = browser.sites;
    await browser.open(`${journal}/login`);
    await browser.until(() => browser.sites.requests.some(({ path }) => path === '/favicon.ico'));
    browser.sites.requests.length = 0;
    await browser.logOut(owedVisit(journal, { page: `${journal}/goodbye` }));
    await browser.until(async () => (await browser.tabs()).includes(`${journal}/goodbye`));
    await browser.until(() => browser.sites.requests.some(({ path }) => path === '/goodbye'));
    assert.deepEqual(
      browser.sites.requests.filter(({ path }) => path !== '/favicon.ico').map(({ path, cookies }) => [path, cookies]),
      [['/goodbye', []]],
    );
  });

  it('is carried out once: a repeated order is acknowledged, and the next holder stays logged in', async () => {
    const { journal } = browser.sites;
    await browser.open(`${journal}/login`);
    const visit = owedVisit(journal);
    await browser.logOut(visit);
    const next = await browser.open(`${journal}/login`);
    browser.agent.list({ owed: [visit] });
    await browser.agent.until(() => browser.agent.steps(visit.id).length === 4);
    assert.deepEqual(browser.agent.steps(visit.id), ['told', 'done', 'told', 'done']);
    assert.deepEqual(await browser.cookiesOf(journal), cookieNames);
    assert.equal(next.url(), `${journal}/login`);
    browser.agent.list({ owed: [] });
  });

  it('goes on at several sites at once', async () => {
    const { journal, sibling, elsewhere } = browser.sites;
    const visits = [journal, sibling, elsewhere].map((origin) => owedVisit(origin));
    for (const { origin } of visits) {
      const page = await browser.open(`${origin}/login`);
      await page.evaluate(() => {
        window.kortbro?.on('loggedout', ({ waitUntil }) => waitUntil(new Promise(() => undefined)));
      });
      await listening(page);
    }
    const since = performance.now();
    browser.agent.list({ owed: visits });
    await browser.agent.until(() => visits.every(({ id }) => browser.agent.steps(id).includes('done')));
    const milliseconds = performance.now() - since;
    assert.ok(milliseconds < 1_400, `${milliseconds} ms`);
    for (const { origin } of visits) assert.deepEqual(await browser.cookiesOf(origin), []);
    browser.agent.list({ owed: [] });
  });

  it('logs out what the agent has forgotten', async () => {
    const { journal } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    const told = page.evaluate(
      () => new Promise((resolve) => window.kortbro?.on('loggedout', ({ reason }) => resolve(reason))),
    );
    await listening(page);
    browser.agent.list({ open: [{ id: 'forgotten', origin: journal, guarded: false }] });
    browser.agent.list({ open: [] });
    assert.equal(await told, 'unknown');
    await navigated(browser, journal, 'unknown');
    assert.deepEqual(await browser.cookiesOf(journal), []);
    assert.deepEqual(browser.agent.steps('forgotten'), []);
  });

  it('is carried out anew when the worker dies in the middle of it, and no page is told twice', async () => {
    const { journal, requests } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await page.evaluate(() => {
      window.kortbro?.on('loggedout', ({ waitUntil }) =>
        waitUntil(fetch('/told', { method: 'POST', keepalive: true }).then(() => new Promise(() => undefined))),
      );
    });
    await listening(page);
    const visit = owedVisit(journal);
    const done = browser.logOut(visit);
    await browser.until(() => requests.some(({ path }) => path === '/told'));
    process.kill(workerProcess(browser.profile), 'SIGKILL');
    await done;
    assert.equal(requests.filter(({ path }) => path === '/told').length, 1);
    assert.equal(browser.agent.hosts.length, 2);
    assert.deepEqual(await browser.cookiesOf(journal), []);
    assert.deepEqual(
      (await browser.tabs()).filter((url) => url.startsWith(journal)),
      [],
    );
  });
});

/** Waits until the page's subscription has reached the background: an answer comes after it. */
async function listening(page: Page): Promise<void> {
  await page.evaluate(async () => {
    window.kortbro?.on('cardinserted', () => undefined);
    await window.kortbro?.status();
  });
}

const isStep = (message: ClientMessage): message is Extract<ClientMessage, { type: 'logout' }> =>
  message.type === 'logout';

// 17: pages that do not want to go when the card is pulled. Whatever they try, the site's server is called once, nothing of hers is
// left in the browser, no tab shows her, and the next holder's login carries nothing of hers. An endless loop, an alert, a question
// before leaving, thirty tabs, the back button and a worker that dies stand in test/browser/logout-extension; sleeping workers,
// frozen tabs, dying browsers and agents in test/removal.
import assert from 'node:assert/strict';
import { describeStubbornSites } from './stubborn-sites.ts';
import { writeEverywhere } from './stubborn-site.ts';

describeStubbornSites('pages that stay', (now) => {
  const visits = (): number => now().browser.requests.filter(({ path }) => path === '/').length;

  it('a page that opens itself anew, again and again, from the moment it is told', async () => {
    const { site } = now();
    const { token } = await site.logIn(`
      const again = () => open(location.href, 'window' + Math.floor(Math.random() * 8));
      kortbro.on('loggedout', ({ waitUntil }) => {
        waitUntil(new Promise(() => undefined));
        setInterval(again, 20);
      });
      if (opener) again();`);
    const before = visits();
    await site.pull(token);
    assert.ok(visits() > before, 'it has not opened anything');
    await site.assertNothingLeft(token);
  });

  it('a page, and a worker of it, that write at every chance and at their very end', async () => {
    const { browser, site } = now();
    browser.pages.set('/writer.js', {
      html: `setInterval(() => { caches.open('cache'); indexedDB.open('database'); }, 1)`,
    });
    const { token } = await site.logIn(`
      const write = () => {${writeEverywhere}};
      for (const name of ['pagehide', 'beforeunload', 'unload', 'visibilitychange', 'freeze', 'resume'])
        for (const target of [window, document])
          target.addEventListener(name, () => { for (let i = 0; i < 50; i++) write(); });
      kortbro.on('loggedout', write);
      setInterval(write, 1);
      new Worker('/writer.js');`);
    await site.pull(token);
    await site.assertNothingLeft(token);
  });

  it('a tab that is asleep, and would write when it is woken', async () => {
    const { browser, site } = now();
    const { page, token } = await site.logIn(`document.addEventListener('resume', () => {${writeEverywhere}})`);
    await page.evaluate(writeEverywhere);
    const session = await browser.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await site.pull(token);
    await session.send('Page.setWebLifecycleState', { state: 'active' }).catch(() => undefined);
    await site.assertNothingLeft(token);
  });

  it('a service worker that answers in the place of the site', async () => {
    const { browser, site } = now();
    browser.pages.set('/worker.js', {
      html: `
        const kept = () => new Response('<h1>${site.holder}</h1>', { headers: { 'content-type': 'text/html' } });
        const keep = async () => (await caches.open('cache')).put('/', kept());
        addEventListener('install', (event) => { skipWaiting(); event.waitUntil(keep()); });
        addEventListener('activate', (event) => event.waitUntil(clients.claim()));
        addEventListener('fetch', (event) =>
          event.respondWith(caches.match('/').then((found) => { event.waitUntil(keep()); return found ?? kept(); })));`,
    });
    const { page, token } = await site.logIn();
    await page.evaluate(`new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve);
      navigator.serviceWorker.register('/worker.js');
    }).then(() => undefined)`);
    await page.reload();
    assert.equal(await page.innerText('body'), site.holder);
    await site.pull(token);
    await site.assertNothingLeft(token);
  });

  it("a tab that another site's page has opened, and takes back to the site again and again", async () => {
    const { browser, site } = now();
    const evil = await browser.open(`${browser.origin('evil')}/`);
    const { page, token } = await site.logIn();
    await page.evaluate(writeEverywhere);
    const [popup] = await Promise.all([
      evil.waitForEvent('popup'),
      evil.evaluate(`void (opened = open('${site.origin}/'))`),
    ]);
    await popup.waitForLoadState();
    await evil.evaluate(`void setInterval(() => (opened.location = '${site.origin}/?' + Math.random()), 30)`);
    await site.pull(token);
    await site.assertNothingLeft(token);
  });
});

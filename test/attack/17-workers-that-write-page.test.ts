// 17: workers of a site that are writing when the card is pulled, and go on until they are ended: what they write is cleared, too.
// In a browser without a debugger, which would keep a service worker alive.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser } from './attack-browser.ts';
import { type Ending } from './page-scripts.ts';
import { isOf } from './registered-site.ts';
import { findEverywhere } from './stubborn-site.ts';
import { describePulls } from './stubborn-sites.ts';
import { newNonce, withoutKeyUse } from './target.ts';
import { said, sayScript, startUnwatchedBrowser } from './unwatched-browser.ts';

const writing = `setInterval(() => { caches.open('cache'); indexedDB.open('database'); }, 1);`;
const service = `${writing}
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('message', (event) => event.waitUntil(new Promise(() => undefined)));`;

const workers = {
  'a service worker': `
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
    navigator.serviceWorker.register('/service.js');
    await controlled;
    navigator.serviceWorker.controller.postMessage('work');`,
  'a shared worker': `new SharedWorker('/shared.js');`,
} as const;

let count = 0;

describePulls('workers that write', 90_000, (browser) => {
  for (const [what, work] of Object.entries(workers)) {
    it(`nothing that ${what} has written is left, in five tries of five`, async () => {
      for (let attempt = 0; attempt < 5; attempt++) await pullDuring(browser(), work);
    });
  }
});

/** In a browser of her own Anna logs in at a new site; her card is pulled while its worker does `work`. */
async function pullDuring(browser: AttackBrowser, work: string): Promise<void> {
  const { agent, anna } = browser.target;
  browser.pages.set('/service.js', { html: service });
  browser.pages.set('/shared.js', { html: writing });
  const origin = browser.origin(`writing${++count}.ward`);
  const [nonce, token] = [newNonce(), newNonce()];
  const from = browser.requests.length;
  let look = (): void => undefined;
  browser.pages.set('/may-look', { html: '', hold: new Promise<void>((resolve) => (look = resolve)) });
  browser.pages.set('/later', {
    html: `<!doctype html><script>fetch('/may-look').then(() => (location.href = '${origin}/look'))</script>`,
  });
  browser.pages.set('/look', {
    html: `<!doctype html><script>${sayScript} ${findEverywhere}.then((found) => say('found', found))</script>`,
  });
  const logout = JSON.stringify({ url: `${origin}/logout-call`, token });
  browser.pages.set('/', {
    html: `<!doctype html><script type="module">
      ${sayScript}
      open('${browser.origin('elsewhere')}/later');
      ${work}
      const login = kortbro.authenticate({ nonce: '${nonce}', logout: ${logout} });
      say('login', await login.then((value) => ({ value }), ({ code }) => ({ code })));
    </script>`,
  });
  agent.pinentry.reset();
  const user = await agent.host();
  await user.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
  await user.end();
  const end = startUnwatchedBrowser(browser, `${origin}/`);
  try {
    await agent.pinentry.waitForDialog(30_000);
    agent.pinentry.answer(`pin ${anna.pin}`);
    const { value } = await said<Ending>(browser, 'login', from);
    assert.ok(isOf(parseResult('authenticate', value), anna));
    await withoutKeyUse(browser.target, async () => {
      await agent.simulator.remove();
      const isCleared = ({ event, origin: of }: Record<string, unknown>) => event === 'logout-cleared' && of === origin;
      await until(() => agent.audit().some(isCleared), 8_000, 'the browser is not cleared');
      look();
      assert.deepEqual(await said(browser, 'found', from), []);
    });
    await agent.simulator.insert('anna');
  } finally {
    browser.pages.delete('/');
    await end();
  }
}

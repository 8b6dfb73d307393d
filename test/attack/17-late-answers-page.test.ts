// 17: answers with a cookie that come when everything is clear, to requests of the page or such as outlive it. Nothing of hers comes
// back with them, before the next holder is there and after, and what is his stays.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { asked, describeStubbornSites } from './stubborn-sites.ts';

/** Longer than an answer and the word of its cookie are apart, in milliseconds. That nothing happens has no signal. */
const apart = 1_000;

const outlasting = [
  ['a request that outlives its page (keepalive)', `fetch('/late', { method: 'POST', keepalive: true })`],
  ['one that may be kept in the cache', `fetch('/late', { keepalive: true })`],
  ['a beacon', `navigator.sendBeacon('/late', 'x')`],
  [
    'the ping of a link',
    `document.body.insertAdjacentHTML('beforeend', '<a id="link" href="#x" ping="/late">x</a>'); link.click()`,
  ],
  ['a request of the end of the page (fetchLater)', `fetchLater('/late', { activateAfter: 0 })`],
  [
    'a download',
    `document.body.insertAdjacentHTML('beforeend', '<a id="link" href="/late" download>x</a>'); link.click()`,
  ],
] as const;

const ending = [
  ['a request of the page', `fetch('/late', { method: 'POST' })`],
  ['the page that comes after it', `location.href = '/late'`],
  ['the page of a new window', `open('/late')`],
  ['a frame', `document.body.append(Object.assign(document.createElement('iframe'), { src: '/late' }))`],
] as const;

describeStubbornSites('answers that come late', (now) => {
  /** Its answer is held back until `release`. */
  const late = (): { hold: Promise<void>; release: () => void } => {
    let release = (): void => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    return { hold, release };
  };

  for (const [what, script] of [...outlasting, ...ending]) {
    it(`an answer that comes when everything is clear, to ${what}`, async () => {
      const { browser, site } = now();
      const { hold, release } = late();
      site.serve('/late', '', hold);
      const { page, token } = await site.logIn();
      await asked(browser, page, script, '/late');
      await site.pull(token);
      release();
      await wait(apart);
      await site.assertNothingLeft(token);
    });
  }

  for (const [what, script] of outlasting) {
    it(`an answer that comes when the next holder is there, to ${what}`, async () => {
      const { browser, site } = now();
      const { hold, release } = late();
      const { context, pages } = browser;
      const names = async (): Promise<string[]> => (await context.cookies(site.origin)).map(({ name }) => name).sort();
      site.serve('/late', '', hold);
      const { page, token } = await site.logIn();
      await asked(browser, page, script, '/late');
      await site.pull(token);
      pages.set('/his', {
        html: '<!doctype html><script>document.cookie = "script=his; Secure"</script>',
        headers: { 'set-cookie': 'his=his; Secure; HttpOnly; Path=/' },
      });
      await browser.open(`${site.origin}/his`);
      assert.deepEqual(await names(), ['his', 'script']);
      await wait(apart);
      release();
      await wait(apart);
      assert.deepEqual(await names(), ['his', 'script']);
    });
  }
});

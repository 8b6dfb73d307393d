// 01, from pages in Chromium that would like to be another: what counts is what the browser says of the document.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extensionId } from '../../shared/names.ts';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate, honestPageLogin, speak, status } from './page-scripts.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `01 origin spoofing, from pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      browser.pages.set('/kortbro.js', {
        html: readFileSync(join(browser.target.agent.dist, 'page/kortbro.js'), 'utf8'),
      });
      await honestPageLogin(browser);
    });
    afterEach(async () => {
      await honestPageLogin(browser);
      await browser.closeTabs();
    });

    it('no word of a page about who it is, is heard', async () => {
      const page = await browser.open(`${browser.origin('evil')}/`);
      const other = browser.origin('journal');
      const nonce = newNonce();
      const request = { id: 'a', verb: 'authenticate', nonce };
      const texts = [
        { ...request, origin: other },
        { ...request, caller: { kind: 'page', origin: other } },
        { ...request, sender: { origin: other, id: extensionId } },
        { ...request, documentId: 'x', frameId: 0 },
        { id: 'b', verb: 'forget-pin' },
        { id: 'c', verb: 'certificates' },
        { id: 'd', verb: 'status', caller: { kind: 'user' } },
        { type: 'request', id: 'e', verb: 'certificates', caller: { kind: 'user' }, language: 'en' },
      ].map((value) => JSON.stringify(value));
      await withoutKeyUse(browser.target, async () => {
        const answers = await speak(page, texts, texts.length);
        const codes = answers.map(({ error }) => (error as { code: string }).code);
        assert.deepEqual(
          codes,
          texts.map(() => 'ERR_REQUEST_INVALID'),
        );
      });
    });

    it("a page's token is for its own origin, which stands in the dialog in full: port, punycode and all", async () => {
      const { agent } = browser.target;
      // Latin letters but one: the page looks like the journal in the address bar of somebody who does not look.
      const lookalike = new URL('https://jоurnal.localhost').host.replace('.localhost', '');
      assert.match(lookalike, /^xn--/);
      const origin = browser.origin(lookalike);
      const page = await browser.open(`${origin}/`);
      agent.pinentry.reset();
      const nonce = newNonce();
      const asked = authenticate(page, nonce);
      const { description } = await agent.pinentry.waitForDialog();
      assert.ok(description.includes(origin), description);
      agent.pinentry.answer('ok');
      const token = parseResult('authenticate', (await asked).value);
      assert.ok(isSignedFor(token, origin, nonce));
      assert.ok(!isSignedFor(token, browser.origin('journal'), nonce));
    });

    it('a document without an origin of its own is refused: sandboxed, or of a page that is not secure', async () => {
      browser.pages.set('/sandboxed', { html: '', headers: { 'content-security-policy': 'sandbox allow-scripts' } });
      await withoutKeyUse(browser.target, async () => {
        const sandboxed = await browser.open(`${browser.origin('journal')}/sandboxed`);
        assert.deepEqual(await authenticate(sandboxed), { code: 'ERR_REQUEST_ORIGIN' });
        const local = await browser.open(`${browser.plain('localhost')}/`);
        assert.deepEqual(await authenticate(local), { code: 'ERR_REQUEST_ORIGIN' });
        const plain = await browser.open(`${browser.plain('127.0.0.1')}/`);
        assert.equal(await plain.evaluate('typeof window.kortbro'), 'undefined');
        assert.deepEqual(await speak(plain, ['{"id":"a","verb":"status"}'], 1, 300), [{ free: true }]);
      });
    });

    it('documents that borrow an origin have no way to ask: about:blank and blob: of a page that may', async () => {
      const page = await browser.open(`${browser.origin('journal')}/`);
      await withoutKeyUse(browser.target, async () => {
        for (const url of [`'about:blank'`, `URL.createObjectURL(new Blob(['<p>x'], { type: 'text/html' }))`]) {
          const [popup] = await Promise.all([
            page.waitForEvent('popup'),
            page.evaluate(`void (opened = window.open(${url}))`),
          ]);
          await popup.waitForLoadState();
          assert.equal(await popup.evaluate('typeof window.kortbro'), 'undefined', url);
          assert.deepEqual(await speak(popup, ['{"id":"a","verb":"status"}'], 1, 300), [{ free: true }]);
          await popup.close();
        }
      });
    });

    it('a page of another site cannot reach into one that may ask', async () => {
      const page = await browser.open(`${browser.origin('evil')}/`);
      await withoutKeyUse(browser.target, async () => {
        const [popup] = await Promise.all([
          page.waitForEvent('popup'),
          page.evaluate(`void (opened = window.open('${browser.origin('journal')}/'))`),
        ]);
        await popup.waitForLoadState();
        for (const reach of ['opened.kortbro', 'opened.dispatchEvent', 'opened.document'])
          assert.equal(
            await page.evaluate(`(() => { try { return typeof ${reach}; } catch ({ name }) { return name; } })()`),
            'SecurityError',
          );
        await page.evaluate(`opened.postMessage({ id: 'a', verb: 'authenticate', nonce: '${newNonce()}' }, '*')`);
        assert.deepEqual(await status(popup).then(({ code }) => code), undefined);
      });
    });

    it('the extension has no other door for pages', async () => {
      const page = await browser.open(`${browser.origin('evil')}/`);
      assert.equal(await page.evaluate('typeof globalThis.chrome?.runtime?.connect'), 'undefined');
      for (const path of [
        'manifest.json',
        'popup/popup.html',
        'content/content.iife.js',
        'icons/kortbro-16.png',
        '_locales/en/messages.json',
      ])
        assert.equal(
          await page.evaluate(`fetch('chrome-extension://${extensionId}/${path}').then(() => 'read', () => 'refused')`),
          'refused',
          path,
        );
      await page.evaluate(`new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.src = 'chrome-extension://${extensionId}/popup/popup.html';
        frame.onload = resolve;
        document.body.append(frame);
      })`);
      assert.deepEqual(
        page
          .frames()
          .slice(1)
          .map((frame) => frame.url()),
        ['chrome-error://chromewebdata/'],
      );
    });
  },
);

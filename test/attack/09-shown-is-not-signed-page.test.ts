// 09, seen from pages in Chromium: what the holder is shown is what is signed, to the byte, whatever the page does to its document
// meanwhile; and without the window's yes no key is used.
import assert from 'node:assert/strict';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { type Page } from 'playwright-core';
import { decline } from '../../demo/consent-window.ts';
import { type Kortbro } from '../../extension/page-api/api.ts';
import { attackBrowser, browserUnavailable, type AttackBrowser } from './attack-browser.ts';
import { honestPageLogin } from './page-scripts.ts';
import { withoutKeyUse } from './target.ts';

interface Ending {
  code?: string;
  signature?: number[];
  certificate?: string;
}

const shown = 'Jag intygar att patienten är frisk.';
const other = 'Jag intygar att patienten är sjuk!!';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `09 shown is not signed, from pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;
    let page: Page;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    beforeEach(async () => {
      page = await browser.open(`${browser.origin('journal')}/`);
      browser.target.agent.pinentry.reset();
    });
    afterEach(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    /** Asks for a signature over a buffer that the page keeps. */
    function ask(text: string): Promise<Ending> {
      return page.evaluate(async (content) => {
        const bytes = new TextEncoder().encode(content);
        Object.assign(window, { bytes });
        try {
          const documents = [{ name: 'Intyg.txt', type: 'text/plain', content: bytes }];
          const result = await (window.kortbro as Kortbro).sign({ documents, format: { type: 'raw' } });
          const [entry] = result.documents;
          if (entry?.status !== 'signed') return { code: entry?.code ?? 'none' };
          return { signature: [...entry.signature], certificate: result.certificate };
        } catch (error) {
          return { code: (error as { code: string }).code };
        }
      }, text);
    }

    async function consentWindow(): Promise<Page> {
      const isConsent = (opened: Page): boolean => opened.url().includes('/consent/consent.html');
      const { context } = browser;
      return context.pages().find(isConsent) ?? context.waitForEvent('page', isConsent);
    }

    const isOver = (text: string, { signature, certificate }: Ending): boolean =>
      verify(
        'sha256',
        Buffer.from(text),
        new X509Certificate(Buffer.from(certificate ?? '', 'base64')).publicKey,
        Uint8Array.from(signature ?? []),
      );

    it('a document that the page exchanges while it is read is signed as it was shown', async () => {
      const { agent, anna } = browser.target;
      const ending = ask(shown);
      const window = await consentWindow();
      await window.waitForFunction(() => document.getElementById('sign')?.ariaDisabled === 'false');
      await page.evaluate(
        (text) => (globalThis as unknown as { bytes: Uint8Array }).bytes.set(new TextEncoder().encode(text)),
        other,
      );
      assert.equal(await window.locator('#frame').innerText(), shown);
      assert.equal(await window.locator('#origin').innerText(), browser.origin('journal'));
      const fingerprint = createHash('sha256').update(shown).digest('hex');
      assert.equal((await window.locator('#fingerprint').innerText()).replaceAll(' ', ''), fingerprint);
      agent.pinentry.answer(`pin ${anna.pin}`);
      await window.click('#sign');
      const signed = await ending;
      assert.equal(signed.code, undefined);
      assert.ok(isOver(shown, signed));
      assert.ok(!isOver(other, signed));
    });

    // Sites of their own: three refusals in a row mute one.
    for (const [site, words, leave] of [
      ['declined', 'is declined', decline],
      ['closed', 'is closed', (window: Page) => window.close()],
      ['hurried', 'comes to the front under a click', (window: Page) => hurry(window)],
    ] as const) {
      it(`a window that ${words} has no key used`, async () => {
        await page.goto(`${browser.origin(site)}/`);
        const ending = withoutKeyUse(browser.target, () => ask(shown));
        const window = await consentWindow();
        await leave(window).catch(() => undefined);
        assert.equal((await ending).code, 'ERR_USER_DECLINED');
        browser.target.agent.pinentry.reset();
      });
    }

    async function hurry(window: Page): Promise<void> {
      await window.waitForFunction(() => document.getElementById('sign')?.ariaDisabled === 'false');
      await window.evaluate(() => {
        dispatchEvent(new Event('focus')); // as when it comes to the front under the hand
        document.getElementById('sign')?.click();
        document.getElementById('sign')?.click();
      });
      await window.keyboard.press('Escape');
    }

    it('a page that goes away while its document is read gets no signature, and leaves no window', async () => {
      await page.goto(`${browser.origin('leaving')}/`);
      await withoutKeyUse(browser.target, async () => {
        const ending = ask(shown).catch(() => ({}));
        const window = await consentWindow();
        await page.goto(`${browser.origin('prescriptions')}/`);
        await ending;
        if (!window.isClosed()) await window.waitForEvent('close');
      });
    });
  },
);

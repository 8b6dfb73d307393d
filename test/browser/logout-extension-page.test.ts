// The page that tabs show after a logout: in both languages, light, dark and forced colours, by keyboard, and on its way
// back to the site. KORTBRO_SCREENS=DIR keeps the pictures, for looking at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { removedViews } from '../../extension/removed/removed-view.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { agentState, reader, token } from '../extension/agent-states.ts';
import { startExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { contrasts } from './extension-contrast.ts';
import { LogoutBrowser, navigated, owedVisit, removedPage } from './logout-extension-browser.ts';

const screens = process.env['KORTBRO_SCREENS'];
const reasons = Object.keys(removedViews) as LogoutReason[];

for (const language of ['sv', 'en'] as const) {
  describe(`the page after a logout in ${language}`, function () {
    this.timeout(60_000);
    let build: ExtensionBuild;
    let browser: Awaited<ReturnType<typeof startExtensionBrowser>>;

    before(async () => {
      build = buildExtension();
      browser = await startExtensionBrowser(build.extension, { language });
    });
    after(async () => {
      await browser.stop();
      build.remove();
    });

    for (const [look, media] of [
      ['light', { colorScheme: 'light' }],
      ['dark', { colorScheme: 'dark' }],
      ['forced', { forcedColors: 'active' }],
    ] as const) {
      it(`is readable for every reason, ${look}`, async () => {
        const page = await browser.context.newPage();
        await page.emulateMedia(media);
        for (const [index, reason] of reasons.entries()) {
          await page.setViewportSize(index % 2 === 0 ? { width: 1280, height: 720 } : { width: 360, height: 640 });
          await page.goto(removedPage('https://journal.region-exempel.example', reason));
          if (screens !== undefined) await picture(page, join(screens, `removed-${reason}-${language}-${look}.png`));
          assert.equal(await page.locator('html').getAttribute('lang'), language);
          assert.ok((await page.locator('#text').innerText()).includes('https://journal.region-exempel.example'));
          for (const part of ['#title', '#advice', '#go']) assert.ok(await page.locator(part).innerText(), part);
          assert.ok((await page.locator('#code').innerText()).endsWith(reason));
          assert.ok(
            await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
            `${reason} is too wide`,
          );
          for (const { text, ratio } of await contrasts(page))
            assert.ok(ratio >= 4.5, `${reason}: ${ratio} for ${text}`);
        }
        await page.close();
      });
    }

    it('begins at its heading, and the button is the next stop of the keyboard', async () => {
      const page = await browser.context.newPage();
      await page.goto(removedPage(browser.sites.journal));
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'title');
      assert.equal(await page.locator('div[role=status] h1').count(), 1);
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'go');
      assert.equal(await page.locator('#go').evaluate((button) => getComputedStyle(button).outlineStyle), 'solid');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${browser.sites.journal}/`);
      await page.close();
    });

    it('names no site and offers none where its address does not', async () => {
      const page = await browser.context.newPage();
      await page.goto(removedPage('javascript:alert(1)'));
      assert.ok(await page.locator('#title').innerText());
      assert.deepEqual(
        [await page.locator('#go').isVisible(), await page.locator('#text').isVisible()],
        [false, false],
      );
      await page.close();
    });
  });
}

describe('the page after a logout, when a card comes in', function () {
  this.timeout(60_000);
  let build: ExtensionBuild;
  let browser: LogoutBrowser;

  before(async () => {
    build = buildExtension();
    browser = await LogoutBrowser.start(build.extension);
  });
  after(async () => {
    await browser.stop();
    build.remove();
  });

  it("waits until everything owed is settled, and goes to the site's start page then", async () => {
    const { journal } = browser.sites;
    await browser.open(`${journal}/login?patient=1`);
    const visit = owedVisit(journal, { guarded: true });
    browser.agent.list({ owed: [visit], guarded: [journal] });
    await browser.agent.until(() => browser.agent.steps(visit.id).includes('done'));
    await navigated(browser, journal, 'card-removed');
    browser.agent.list({ owed: [{ ...visit, cleared: true }] });
    const shown = () => browser.context.pages().find((one) => one.url() === removedPage(journal));
    await browser.until(() => shown() !== undefined);
    const page = shown()!;
    browser.agent.tell('card-inserted', [], agentState([reader({ tokens: [token({ key: 'stay-2' })] })]));
    await browser.until(async () => (await page.locator('#outcome').innerText()) !== '');
    assert.equal(page.url(), removedPage(journal));
    browser.sites.requests.length = 0;
    browser.agent.list({ owed: [] });
    await page.waitForURL(`${journal}/`);
    assert.deepEqual(browser.sites.requests[0]?.cookies, []);
  });
});

async function picture(page: Page, path: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await page.screenshot({ path });
}

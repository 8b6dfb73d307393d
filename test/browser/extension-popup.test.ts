// The popup in every state, in both languages, light and dark: its words are there, its contrast is enough, and nothing
// from a card is markup. KORTBRO_SCREENS=DIR keeps the pictures, for looking at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { type PopupMessage, type View } from '../../extension/background/popup-messages.ts';
import { errorTexts } from '../../shared/error-texts.ts';
import { moreStates, popupStates } from '../extension/popup-states.ts';
import { startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { contrasts } from './extension-contrast.ts';
import { openPopup, show } from './extension-popup-page.ts';

const screens = process.env['KORTBRO_SCREENS'];
const views: Readonly<Record<string, View>> = { ...popupStates, ...moreStates };

for (const language of ['sv', 'en'] as const) {
  describe(`the popup in ${language}`, function () {
    this.timeout(60_000);
    let build: ExtensionBuild;
    let browser: ExtensionBrowser;

    before(async () => {
      build = buildExtension();
      browser = await startExtensionBrowser(build.extension, { language });
    });
    after(async () => {
      await browser.stop();
      build.remove();
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      it(`is readable in every state, ${colorScheme}`, async () => {
        const page = await openPopup(browser, views);
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        for (const state of Object.keys(views)) {
          await show(page, state);
          if (screens !== undefined) await picture(page, join(screens, `${state}-${language}-${colorScheme}.png`));
          assert.ok(await page.locator('#title').innerText(), `${state} has no title`);
          assert.ok(await page.locator('#advice').innerText(), `${state} has no advice`);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, `${state} is too wide`);
          for (const { text, ratio } of await contrasts(page))
            assert.ok(ratio >= 4.5, `${state}: ${ratio} for ${text}`);
        }
        await page.close();
      });
    }

    it('is used by keyboard, and says what it does', async () => {
      const page = await openPopup(browser, views);
      await show(page, 'in-use');
      await page.keyboard.press('Tab');
      const forget = page.locator('#forget');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'forget');
      assert.equal(await forget.evaluate((button) => getComputedStyle(button).outlineStyle), 'solid');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      assert.deepEqual(await page.evaluate('said'), [{ verb: 'forget-pin' }]);
      assert.equal(await forget.getAttribute('aria-disabled'), 'true');
      assert.match(await forget.innerText(), /…/);
      await answer(page, { verb: 'forget-pin', error: { code: 'ERR_AGENT_STOPPED', message: 'x' } });
      const failure = `${errorTexts.ERR_AGENT_STOPPED[language]} (ERR_AGENT_STOPPED)`;
      assert.equal(await page.locator('#outcome').innerText(), failure);
      await page.keyboard.press('Space');
      await answer(page, { verb: 'forget-pin', result: { ended: 1 } });
      assert.ok(await page.locator('#outcome').innerText());
      await show(page, 'card-in');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'title');
      assert.ok(await page.locator('#outcome').innerText(), 'the answer stays when the state changes');
      await page.close();
    });

    it('is said by a screen reader when the state changes, in the right language', async () => {
      const page = await openPopup(browser, views);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
      assert.equal(await page.locator('#status').getAttribute('role'), 'status');
      assert.equal(await page.locator('#outcome').getAttribute('role'), 'status');
      await show(page, 'in-use');
      await page.evaluate(() => {
        const changes: string[] = [];
        Object.assign(globalThis, { changes });
        new MutationObserver((records) => changes.push(...records.map(({ target }) => target.nodeName))).observe(
          document.body,
          { subtree: true, childList: true, characterData: true },
        );
      });
      await show(page, 'in-use');
      assert.deepEqual(await page.evaluate('changes'), [], 'the same state again is not said twice');
      await page.close();
    });

    it('names the sites at which somebody is still being logged out, and says nothing otherwise', async () => {
      const page = await openPopup(browser, views);
      await show(page, 'owed');
      const owed = await page.locator('#owed').innerText();
      for (const site of views['owed']?.owed ?? []) assert.ok(owed.includes(site), owed);
      await show(page, 'pulled');
      assert.equal(await page.locator('#owed').isVisible(), false);
      await page.close();
    });

    it('shows what a card says as text, whatever it says', async () => {
      const page = await openPopup(browser, views);
      await show(page, 'hostile');
      assert.equal(await page.locator('.holder').innerText(), '<img src=x onerror=alert(1)>');
      assert.equal(await page.locator('img').count(), 0);
      assert.equal(
        await page.locator('.organisation').evaluate((part) => getComputedStyle(part).unicodeBidi),
        'isolate',
      );
      await page.close();
    });

    it('does not move for those who do not want it', async () => {
      const page = await openPopup(browser, views);
      await show(page, 'reading');
      const animation = () => page.evaluate(() => document.getAnimations().length);
      assert.notEqual(await animation(), 0);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      assert.equal(await animation(), 0);
      await page.close();
    });

    it('is readable in forced colours and keeps the picture', async () => {
      const page = await openPopup(browser, views);
      await page.emulateMedia({ forcedColors: 'active' });
      for (const state of Object.keys(views)) {
        await show(page, state);
        if (screens !== undefined) await picture(page, join(screens, `${state}-${language}-forced.png`));
        for (const { text, ratio } of await contrasts(page)) assert.ok(ratio >= 4.5, `${state}: ${ratio} for ${text}`);
      }
      await page.close();
    });
  });
}

async function answer(page: Page, message: PopupMessage): Promise<void> {
  await page.evaluate((given) => {
    (globalThis as unknown as { answer: (message: unknown) => void }).answer(given);
  }, message);
}

async function picture(page: Page, path: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await page.locator('body').screenshot({ path });
}

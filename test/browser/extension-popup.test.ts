// The popup in every state, in both languages, light and dark: its words are there, its contrast is enough, and nothing
// from a card is markup. KORTBRO_SCREENS=DIR keeps the pictures, for looking at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { type View } from '../../extension/background/popup-messages.ts';
import { extensionId } from '../../shared/names.ts';
import { moreStates, popupStates } from '../extension/popup-states.ts';
import { startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { contrasts } from './extension-contrast.ts';

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

/** The popup's page in a tab, with a port of the test's own: the background talks to no tab. */
export async function openPopup(browser: ExtensionBrowser, shown: Readonly<Record<string, View>>): Promise<Page> {
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 360, height: 600 });
  await page.addInitScript((states: Readonly<Record<string, View>>) => {
    const listeners: ((message: unknown) => void)[] = [];
    const said: unknown[] = [];
    const port = {
      onMessage: { addListener: (listener: (message: unknown) => void) => listeners.push(listener) },
      onDisconnect: { addListener: () => undefined },
      postMessage: (message: unknown) => said.push(message),
    };
    Object.assign(chrome.runtime, { connect: () => port });
    Object.assign(globalThis, {
      said,
      show: (state: string) => {
        for (const listener of listeners) listener({ view: states[state] });
      },
      answer: (message: unknown) => {
        for (const listener of listeners) listener(message);
      },
    });
  }, shown);
  await page.goto(`chrome-extension://${extensionId}/popup/popup.html`);
  return page;
}

async function show(page: Page, state: string): Promise<void> {
  await page.evaluate((name) => {
    (globalThis as unknown as { show: (state: string) => void }).show(name);
  }, state);
}

async function picture(page: Page, path: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await page.locator('body').screenshot({ path });
}

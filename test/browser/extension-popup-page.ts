// The popup's page in a tab, with a port of the test's own: the background talks to no tab.
import { type Page } from 'playwright-core';
import { type View } from '../../extension/background/popup-messages.ts';
import { extensionId } from '../../shared/names.ts';
import { type ExtensionBrowser } from './extension-browser.ts';

/** `shown`: the states that it can be told. */
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

/** Tells it a state. */
export async function show(page: Page, state: string): Promise<void> {
  await page.evaluate((name) => {
    (globalThis as unknown as { show: (state: string) => void }).show(name);
  }, state);
}

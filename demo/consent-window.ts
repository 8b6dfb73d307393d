// The extension's consent window in a browser that runs by program: read, and answered as the holder answers it.
import { type BrowserContext, type Page } from 'playwright-core';
import { extensionId } from '../shared/names.ts';

const address = `chrome-extension://${extensionId}/consent/consent.html`;

/** The window that is open, or the next one, with its documents on the screen and its button to sign ready. */
export async function consentWindow(context: BrowserContext): Promise<Page> {
  const isConsent = (page: Page): boolean => page.url().startsWith(address);
  const found = context.pages().find(isConsent) ?? (await context.waitForEvent('page', isConsent));
  // No click is taken in the first moments after it has come to the front.
  await found.locator('#sign[aria-disabled="false"]').waitFor();
  return found;
}

/** Presses "Cancel" or "Close". The window may be gone before the click is told to have been made. */
export async function decline(consent: Page): Promise<void> {
  await consent.click('#decline').catch((error: unknown) => {
    if (!consent.isClosed()) throw error;
  });
}

// Finds the tabs of a browser that runs by program: a site's own, and that in which the extension says that its visitor is
// logged out. Chromium makes a new tab of one that is put to sleep, so they are looked for anew each time.
import { setTimeout as wait } from 'node:timers/promises';
import { type BrowserContext, type Page } from 'playwright-core';
import { extensionId } from '../shared/names.ts';
import { until } from './demo-agent.ts';
import { type Site } from './sites/site-server.ts';

/** How long a tab may take to be what it is to be, in milliseconds. */
const patience = 10_000;

/** The site's tab, in front: one that shows it, or has shown it, or an empty one, or a new one. @throws Error when it cannot be loaded */
export async function siteTab(context: BrowserContext, site: Site): Promise<Page> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await loadTab(context, site);
    } catch (error) {
      // Somebody is just being logged out there: the tab is exchanged under us, or the site is blocked for a moment.
      if (performance.now() > deadline) throw error;
      await wait(50);
    }
  }
}

/** @throws Error when no tab says in time that its visitor is logged out of the site */
export async function loggedOutTab(context: BrowserContext, site: Site): Promise<Page> {
  const find = () => context.pages().find((candidate) => isLoggedOut(candidate, site));
  await until(() => find() !== undefined, patience, `no tab says that its visitor is logged out of ${site.origin}`);
  const page = find();
  if (page === undefined) throw new Error('the tab is gone');
  await page.bringToFront();
  await page.locator('h1', { hasText: /\S/ }).waitFor();
  return page;
}

async function loadTab(context: BrowserContext, site: Site): Promise<Page> {
  const { origin } = site;
  const open = context.pages();
  const page =
    open.find((candidate) => candidate.url().startsWith(`${origin}/`)) ??
    open.find((candidate) => isLoggedOut(candidate, site)) ??
    open.find((candidate) => /^(about:blank$|chrome-error:)/.test(candidate.url())) ??
    (await context.newPage());
  // A tab in the background draws about once a second. One that cannot come to the front has lost its process.
  await page.bringToFront().catch(async (error: unknown) => {
    await page.close().catch(() => undefined);
    throw error;
  });
  if (!page.url().startsWith(`${origin}/`)) await page.goto(`${origin}/`);
  return page;
}

function isLoggedOut(page: Page, { origin }: Site): boolean {
  const url = page.url();
  if (!url.startsWith(`chrome-extension://${extensionId}/removed/removed.html?`)) return false;
  return new URL(url).searchParams.get('origin') === origin;
}

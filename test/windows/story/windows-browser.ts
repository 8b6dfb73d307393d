// Debian's Chromium at a Windows desk: our extension in it, the installed Windows program as its native host.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type Page } from 'playwright-core';
import { browserArguments, browserEnvironment, findChromium, prepareProfile } from '../../../demo/chromium.ts';
import { launchChromium } from '../../../demo/launch-chromium.ts';
import { nativeHostName } from '../../../shared/names.ts';
import { type WindowsDesk } from './windows-desk.ts';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));

export class WindowsBrowser {
  readonly context: BrowserContext;

  private constructor(context: BrowserContext) {
    this.context = context;
  }

  /** Opens one. `siteKeys`: as browserArguments takes them. */
  static async open(desk: WindowsDesk, siteKeys: readonly string[]): Promise<WindowsBrowser> {
    const profile = join(desk.directory, 'profile');
    prepareProfile(profile, dist);
    const path = join(profile, 'NativeMessagingHosts', `${nativeHostName}.json`);
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...manifest, path: desk.nativeHost() }));
    const home = join(desk.directory, 'home');
    mkdirSync(home, { recursive: true });
    const context = await launchChromium(profile, {
      executablePath: findChromium(),
      headless: true,
      args: browserArguments({ dist, siteKeys, language: 'sv' }),
      ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US'],
      env: browserEnvironment({ PATH: process.env['PATH'] ?? '', HOME: home }, 'sv'),
      locale: 'sv-SE',
    });
    context.setDefaultTimeout(20_000);
    return new WindowsBrowser(context);
  }

  /** A tab at the address, in front. */
  async tab(origin: string): Promise<Page> {
    const page =
      this.context.pages().find((one) => one.url().startsWith(`${origin}/`)) ?? (await this.context.newPage());
    await page.bringToFront();
    if (!page.url().startsWith(`${origin}/`)) await page.goto(`${origin}/`);
    return page;
  }

  /** The tab in which the extension says that its visitor is logged out of the site. */
  loggedOutTab(origin: string): Page | undefined {
    const named = (page: Page) => new URL(page.url()).searchParams.get('origin') === origin;
    return this.context.pages().find((page) => page.url().startsWith('chrome-extension://') && named(page));
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

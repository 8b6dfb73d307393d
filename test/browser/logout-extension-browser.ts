// A Chromium with the extension, a fake native host and the sites of logout-extension-sites.ts. It can be killed, and
// comes back with its session.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type BrowserContext, type Page, type Worker } from 'playwright-core';
import { launchChromium } from '../../demo/launch-chromium.ts';
import { extensionId } from '../../shared/names.ts';
import { type OwedVisit } from '../../shared/messages.ts';
import { FakeAgent, installFakeHost } from '../extension/fake-agent.ts';
import { browserProcess, family } from './logout-extension-processes.ts';
import { startLogoutSites, type LogoutSites } from './logout-extension-sites.ts';

export class LogoutBrowser {
  readonly profile: string;
  readonly agent: FakeAgent;
  readonly sites: LogoutSites;
  readonly #extension: string;
  #context: BrowserContext | undefined;
  #runs = 0;

  private constructor(profile: string, extension: string, agent: FakeAgent, sites: LogoutSites) {
    this.profile = profile;
    this.#extension = extension;
    this.agent = agent;
    this.sites = sites;
  }

  /** `extension`: folder of the built extension. */
  static async start(extension: string): Promise<LogoutBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'kortbro-logout-'));
    const [agent, sites] = await Promise.all([FakeAgent.start(profile), startLogoutSites(profile)]);
    installFakeHost(profile);
    mkdirSync(join(profile, 'Default'));
    // "Continue where you left off", as a managed browser may be set.
    writeFileSync(join(profile, 'Default/Preferences'), '{"session":{"restore_on_startup":1}}');
    const browser = new LogoutBrowser(profile, extension, agent, sites);
    await browser.launch();
    await agent.until(() => agent.received[0]);
    return browser;
  }

  get context(): BrowserContext {
    if (this.#context === undefined) throw new Error('the browser does not run');
    return this.#context;
  }

  /** Starts the browser on the same profile; after a `kill` it comes back with its tabs and session cookies. */
  async launch(): Promise<void> {
    this.#context = await launchChromium(this.profile, {
      executablePath: '/usr/bin/chromium',
      headless: true,
      ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US', '--disable-back-forward-cache'],
      env: { ...environment(), LANGUAGE: 'sv', LANG: 'sv_SE.UTF-8' },
      args: [
        `--load-extension=${this.#extension}`,
        `--disable-extensions-except=${this.#extension}`,
        '--lang=sv',
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--hide-crash-restore-bubble',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        ...(this.#runs++ === 0 ? [] : ['--restore-last-session']),
        ...this.sites.browserFlags,
      ],
    });
    await this.#context.addInitScript('globalThis.__name = (named) => named');
  }

  /** Ends the browser without a word (SIGKILL), and waits for its other processes, which write for a moment longer. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.context.once('close', resolve));
    const main = browserProcess(this.profile);
    const processes = family(main);
    process.kill(main, 'SIGKILL');
    await gone;
    await this.until(() => !processes.isAlive());
    this.#context = undefined;
    await this.agent.until(() => this.agent.hosts.every(({ closed }) => closed));
  }

  /** The extension's worker. */
  async worker(): Promise<Worker> {
    const isOurs = (worker: Worker): boolean => worker.url().startsWith(`chrome-extension://${extensionId}/`);
    return this.context.serviceWorkers().find(isOurs) ?? this.context.waitForEvent('serviceworker', isOurs);
  }

  /** Opens a tab. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** One empty tab, no cookies, no requests so far. */
  async tidy(): Promise<void> {
    const worker = await this.worker();
    await worker.evaluate(async () => {
      const tabs = await chrome.tabs.query({});
      await chrome.tabs.create({ url: 'about:blank' });
      await chrome.tabs.remove(tabs.flatMap(({ id }) => id ?? []));
    });
    await this.context.clearCookies();
    this.sites.requests.length = 0;
  }

  /** The addresses of all tabs, as the extension sees them. */
  async tabs(): Promise<string[]> {
    const worker = await this.worker();
    return worker.evaluate(async () => (await chrome.tabs.query({})).map((tab) => tab.pendingUrl ?? tab.url ?? ''));
  }

  /** The names of the cookies that would be sent to an origin, of every path and partition. */
  async cookiesOf(origin: string): Promise<string[]> {
    const worker = await this.worker();
    const all = await worker.evaluate(async () => chrome.cookies.getAll({ partitionKey: {} }));
    const host = new URL(origin).hostname;
    return all
      .filter(({ domain, hostOnly }) => domain === host || (!hostOnly && `.${host}`.endsWith(domain)))
      .map(({ name }) => name)
      .sort();
  }

  /** Lists the visit as owed and waits until the extension has said that it is done. @returns milliseconds */
  async logOut(visit: OwedVisit): Promise<number> {
    const since = performance.now();
    const { open, owed } = this.agent.visits;
    this.agent.list({ open: open.filter(({ id }) => id !== visit.id), owed: [...owed, visit] });
    await this.agent.until(() => this.agent.steps(visit.id).includes('done'));
    const milliseconds = performance.now() - since;
    this.agent.list({ owed: this.agent.visits.owed.filter(({ id }) => id !== visit.id) });
    return milliseconds;
  }

  /** Waits until something holds that no event tells of. */
  async until(holds: () => boolean | Promise<boolean>, milliseconds = 8_000): Promise<void> {
    const limit = performance.now() + milliseconds;
    while (!(await holds())) {
      if (performance.now() > limit) throw new Error(`not within ${milliseconds} ms`);
      await wait(10);
    }
  }

  async stop(): Promise<void> {
    await this.#context?.close();
    await Promise.all([this.sites.stop(), this.agent.stop()]);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The address that a site's tabs show after a logout. */
export function removedPage(origin: string, reason = 'card-removed'): string {
  return `chrome-extension://${extensionId}/removed/removed.html?${new URLSearchParams({ origin, reason }).toString()}`;
}

/** Waits until a tab shows that. */
export async function navigated(browser: LogoutBrowser, origin: string, reason: string): Promise<void> {
  await browser.until(async () => (await browser.tabs()).includes(removedPage(origin, reason)));
}

/** A visit that is owed, with the default actions. */
export function owedVisit(origin: string, changes: Partial<OwedVisit> = {}): OwedVisit {
  return {
    id: crypto.randomUUID(),
    origin,
    guarded: false,
    reason: 'card-removed',
    actions: ['event', 'call', 'clear', 'navigate'],
    cleared: false,
    ...changes,
  };
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

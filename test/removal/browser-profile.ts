// One browser profile of a removal run, over several lives of its browser: opened, closed, killed, restored. What it shows
// and holds is read from the browser itself.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type BrowserContext, type Page } from 'playwright-core';
import { browserEnvironment, findChromium, prepareProfile } from '../../demo/chromium.ts';
import { until } from '../../demo/demo-agent.ts';
import { launchChromium } from '../../demo/launch-chromium.ts';

export interface BrowserProfileOptions {
  /** The profile's directory. */
  readonly path: string;
  readonly dist: string;
  /** The command line, without the profile. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** How long a site is tried that is being cleared, in milliseconds. */
const patience = 10_000;

/** Playwright's own wishes that would hide what is tested here. */
const unwanted = ['--disable-extensions', '--lang=en-US', '--disable-back-forward-cache'];

export class BrowserProfile {
  readonly #options: BrowserProfileOptions;
  #context: BrowserContext | undefined;

  constructor(options: BrowserProfileOptions) {
    this.#options = options;
    prepareProfile(options.path, options.dist);
  }

  get isOpen(): boolean {
    return this.#context !== undefined;
  }

  get context(): BrowserContext {
    if (this.#context === undefined) throw new Error('this browser is closed');
    return this.#context;
  }

  /** `restore`: with the tabs and session cookies of its last life, as "continue where you left off" does. */
  async open(restore = false): Promise<void> {
    const { path, words, environment } = this.#options;
    this.#context = await launchChromium(path, {
      executablePath: findChromium(),
      headless: true,
      args: [...words, ...(restore ? ['--restore-last-session', '--hide-crash-restore-bubble'] : [])],
      ignoreDefaultArgs: unwanted,
      env: browserEnvironment(environment, 'sv'),
      locale: 'sv-SE',
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    this.#context.setDefaultTimeout(10_000);
  }

  /** As by its window's cross. */
  async close(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    await context?.close();
  }

  /** As by a power cut. */
  async kill(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    const processId = mainProcess(this.#options.path);
    if (processId !== undefined) process.kill(processId, 'SIGKILL');
    await context?.close().catch(() => undefined);
    await until(() => mainProcess(this.#options.path) === undefined, 5_000, 'the browser does not die');
  }

  /** The process that runs the extension's worker. @throws Error when there is none */
  extensionProcess(): number {
    const main = mainProcess(this.#options.path);
    const found = everyProcess().find(
      ({ processId, command }) =>
        command.includes('--extension-process') && main !== undefined && ancestors(processId).includes(main),
    );
    if (found === undefined) throw new Error('no extension process');
    return found.processId;
  }

  /** A tab that shows the site, in front. One that is taken away meanwhile, by a logout that comes to its end, is opened anew. */
  async tab(origin: string): Promise<Page> {
    const deadline = performance.now() + patience;
    for (;;) {
      try {
        const page = this.context.pages().find((one) => one.url().startsWith(`${origin}/`)) ?? (await this.#emptyTab());
        await page.bringToFront();
        if (!page.url().startsWith(`${origin}/`)) await page.goto(`${origin}/`);
        return page;
      } catch (error) {
        if (!isTakenAway(error) || performance.now() > deadline) throw error;
        await wait(100);
      }
    }
  }

  /** The same, loaded anew. */
  async reloaded(origin: string): Promise<Page> {
    const page = await this.tab(origin);
    await page.reload();
    return page;
  }

  /**
   * Every tab but a new empty one is closed, whatever state it is in; also those that a logout has put to sleep, which Playwright
   * does not know of.
   */
  async closeTabs(): Promise<void> {
    const old = this.context.pages();
    const empty = await this.context.newPage();
    await Promise.all(old.map((page) => within(2_000, page.close(), undefined)));
    await until(
      async () => {
        await empty.bringToFront();
        return (await within(2_000, this.#closeAsleep(), 1)) === 0;
      },
      10_000,
      'tabs stay open',
    );
  }

  /** By the extension, which sees every tab. @returns how many it has seen besides the one in front */
  async #closeAsleep(): Promise<number> {
    const worker = this.context.serviceWorkers()[0] ?? (await this.context.waitForEvent('serviceworker'));
    return worker.evaluate<number>(`chrome.tabs.query({ active: false }).then(async (tabs) => {
      await chrome.tabs.remove(tabs.map(({ id }) => id));
      return tabs.length;
    })`);
  }

  /** The values of every cookie here. */
  async cookies(): Promise<string[]> {
    return (await this.context.cookies()).map(({ value }) => value);
  }

  /** Addresses of tabs of these origins that show `text`, or that cannot be looked at. */
  async showing(text: string, origins: readonly string[]): Promise<string[]> {
    const own = this.context.pages().filter((page) => origins.some((origin) => page.url().startsWith(`${origin}/`)));
    const shown = own.map(async (page) => {
      const words = await within(1_000, page.evaluate<string>('document.body.innerText'), text);
      return words.includes(text) ? [page.url()] : [];
    });
    return (await Promise.all(shown)).flat();
  }

  async #emptyTab(): Promise<Page> {
    return this.context.pages().find((page) => page.url() === 'about:blank') ?? this.context.newPage();
  }
}

/** A site is blocked while it is cleared, and then its tabs are discarded and shown another page. */
function isTakenAway(error: unknown): boolean {
  return /ERR_BLOCKED_BY_CLIENT|ERR_ABORTED|interrupted by another navigation|has been closed|detached/.test(
    String(error),
  );
}

/** What comes of `work`, or `otherwise` when it fails or takes longer. */
async function within<T>(milliseconds: number, work: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), milliseconds);
    work.then(resolve, () => resolve(otherwise)).finally(() => clearTimeout(timer));
  });
}

interface RunningProcess {
  processId: number;
  command: string;
}

function mainProcess(profile: string): number | undefined {
  const words = `--user-data-dir=${profile}\0`;
  return everyProcess().find(({ command }) => command.includes(words) && !command.includes('--type='))?.processId;
}

function everyProcess(): RunningProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return command === '' ? [] : [{ processId: Number(name), command }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function ancestors(processId: number): number[] {
  try {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1]);
    return parent > 0 ? [parent, ...ancestors(parent)] : [];
  } catch {
    return [];
  }
}

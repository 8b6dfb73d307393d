// The one Chromium of this folder: the built extension, the real native host and agent behind it, and as many sites as there are
// names. Started when the first attack from a page needs it, ended after the last test.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type Page } from 'playwright-core';
import { browserArguments, browserEnvironment, findChromium, prepareProfile } from '../../demo/chromium.ts';
import { launchChromium } from '../../demo/launch-chromium.ts';
import { processTable } from '../support/processes.ts';
import { type AttackSites, startAttackSites } from './attack-sites.ts';
import { startTarget, type Target } from './target.ts';

/** `journal` and `prescriptions` are silent by policy, `barred` is refused. */
export interface AttackBrowser extends Pick<AttackSites, 'origin' | 'plain' | 'pages' | 'requests'> {
  readonly target: Target;
  readonly context: BrowserContext;
  readonly profile: string;
  /** The command line of any browser that has the extension and trusts the sites, without its profile. */
  readonly words: readonly string[];
  /** A new tab at `url`. */
  readonly open: (url: string) => Promise<Page>;
  /** Closes every tab but the first. */
  readonly closeTabs: () => Promise<void>;
  /** The browser's main process. */
  readonly processId: number;
}

let started: Promise<AttackBrowser> | undefined;
const stops: (() => Promise<unknown>)[] = [];

after(async function () {
  this.timeout(30_000);
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Why there can be no browser here; undefined when there can. */
export function browserUnavailable(): string | undefined {
  try {
    findChromium();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'no browser';
  }
}

/** The browser, started at the first call. */
export function attackBrowser(): Promise<AttackBrowser> {
  started ??= startBrowser();
  return started;
}

async function startBrowser(): Promise<AttackBrowser> {
  const sites = await startAttackSites();
  stops.push(sites.stop);
  const { origin, plain, pages, requests } = sites;
  const trust = mkdtempSync(join(tmpdir(), 'kortbro-trust-'));
  stops.push(async () => rm(trust, { recursive: true }));
  const authorities = join(trust, 'tls-root.pem');
  writeFileSync(authorities, sites.authority);
  const target = await startTarget({
    policy: {
      sites: [
        // Its pages stay open when the card is pulled: they are asked what they have heard.
        { origin: origin('journal'), access: 'silent', logout: { keep: true } },
        { origin: origin('prescriptions'), access: 'silent' },
        { origin: origin('barred'), access: 'refuse' },
      ],
      logout: { authorities },
    },
  });
  const { agent } = target;
  stops.push(() => agent.stop());
  const profile = join(agent.directory, 'profile');
  prepareProfile(profile, agent.dist);
  const words = browserArguments({ dist: agent.dist, siteKeys: [sites.key], language: 'en' });
  const context = await launchChromium(profile, {
    executablePath: findChromium(),
    headless: true,
    args: words,
    ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US', '--disable-back-forward-cache'],
    env: browserEnvironment(agent.environment, 'en'),
  });
  context.setDefaultTimeout(15_000);
  context.once('close', () => (started = undefined));
  stops.push(() => context.close());
  const open = async (url: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  return {
    target,
    context,
    profile,
    words,
    origin,
    plain,
    pages,
    requests,
    open,
    closeTabs: async () => {
      for (const page of context.pages().slice(1)) await page.close();
    },
    processId: mainProcess(profile),
  };
}

function mainProcess(profile: string): number {
  const found = processTable().find(({ command }) => {
    const words = command.split('\0');
    return words.includes(`--user-data-dir=${profile}`) && !words.some((word) => word.startsWith('--type='));
  });
  if (found === undefined) throw new Error('no browser process');
  return found.processId;
}

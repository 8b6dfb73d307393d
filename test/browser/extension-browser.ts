// A Chromium of its own with the extension, a fresh profile and a fake native host, for the tests of the extension.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext } from 'playwright-core';
import { launchChromium } from '../../demo/launch-chromium.ts';
import { FakeAgent, installFakeHost } from '../extension/fake-agent.ts';
import { startSites, type Sites } from './extension-sites.ts';

export interface ExtensionBrowser {
  context: BrowserContext;
  agent: FakeAgent;
  sites: Sites;
  profile: string;
  stop(): Promise<void>;
}

export interface ExtensionBrowserOptions {
  /** Of the browser's own texts. */
  language?: 'sv' | 'en';
  /** Whether the fake host is installed from the start. */
  hasHost?: boolean;
}

/** `extension`: folder of the built extension. */
export async function startExtensionBrowser(
  extension: string,
  { language = 'sv', hasHost = true }: ExtensionBrowserOptions = {},
): Promise<ExtensionBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'kortbro-profile-'));
  const sites = await startSites(profile);
  const agent = await FakeAgent.start(profile);
  if (hasHost) installFakeHost(profile);
  const context = await launchChromium(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US', '--disable-back-forward-cache'],
    env: { ...definedEnvironment(), LANGUAGE: language, LANG: language === 'sv' ? 'sv_SE.UTF-8' : 'en_US.UTF-8' },
    args: [
      `--load-extension=${extension}`,
      `--disable-extensions-except=${extension}`,
      `--lang=${language}`,
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...sites.browserFlags,
    ],
  });
  // tsx wraps named functions in a call of this; functions that are evaluated in a page need it there.
  await context.addInitScript('globalThis.__name = (named) => named');
  return {
    context,
    agent,
    sites,
    profile,
    stop: async () => {
      await context.close();
      await Promise.all([sites.stop(), agent.stop()]);
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The process that runs the extension's worker, found among this profile's own processes (Linux). */
export function extensionProcess({ profile }: ExtensionBrowser): number {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ processId: Number(name), words: commandOf(name) }));
  const main = commands.find(
    ({ words }) => words.includes(`--user-data-dir=${profile}`) && !words.some((word) => word.startsWith('--type=')),
  );
  const found = commands.find(
    ({ processId, words }) =>
      words.includes('--extension-process') && ancestors(processId).includes(main?.processId ?? -1),
  );
  if (found === undefined) throw new Error('no extension process');
  return found.processId;
}

function commandOf(processId: string): string[] {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8').split(/[\0 ]/);
  } catch {
    return [];
  }
}

function ancestors(processId: number): number[] {
  const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
  return parent === undefined || parent === '0' ? [] : [Number(parent), ...ancestors(Number(parent))];
}

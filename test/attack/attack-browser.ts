// The one Chromium of this folder: the built extension, the real native host and agent behind it, and as many sites as there are
// names. Started when the first attack from a page needs it, ended after the last test.
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { browserArguments, browserEnvironment, findChromium, prepareProfile } from '../../demo/chromium.ts';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { spkiSha256 } from '../../demo/pki/pki.ts';
import { processTable } from '../support/processes.ts';
import { testPki } from '../support/test-cards.ts';
import { startTarget, type Target } from './target.ts';

export interface AttackBrowser {
  readonly target: Target;
  readonly context: BrowserContext;
  readonly profile: string;
  /** https://NAME.localhost:PORT. `journal` and `prescriptions` are silent by policy, `barred` is refused. */
  readonly origin: (name: string) => string;
  /** http://HOST:PORT, not secure. */
  readonly plain: (host: string) => string;
  /** What a path answers with instead of an empty page: HTML and headers. */
  readonly pages: Map<string, { readonly html: string; readonly headers?: Record<string, string> }>;
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
  const pages: AttackBrowser['pages'] = new Map();
  const serve: RequestListener = ({ url = '/' }, response) => {
    const { html = '<!doctype html><title>page</title>', headers = {} } =
      pages.get(new URL(url, 'http://x').pathname) ?? {};
    const type = url.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
    response.writeHead(200, { 'content-type': type, ...headers }).end(html);
  };
  const tls = await (await testPki()).issueServer(['*.localhost']);
  const key = tls.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const [secure, plain] = [
    createServer({ key, cert: pemCertificate(tls.certificate) }, serve),
    createPlainServer(serve),
  ];
  const [securePort, plainPort] = [await listen(secure), await listen(plain)];
  stops.push(async () => {
    secure.closeAllConnections();
    plain.closeAllConnections();
    await Promise.all([close(secure), close(plain)]);
  });
  const origin = (name: string): string => `https://${name}.localhost:${securePort}`;
  const target = await startTarget({
    policy: {
      sites: [
        // Its pages stay open when the card is pulled: they are asked what they have heard.
        { origin: origin('journal'), access: 'silent', logout: { keep: true } },
        { origin: origin('prescriptions'), access: 'silent' },
        { origin: origin('barred'), access: 'refuse' },
      ],
    },
  });
  const { agent } = target;
  stops.push(() => agent.stop());
  const profile = join(agent.directory, 'profile');
  prepareProfile(profile, agent.dist);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    args: browserArguments({ dist: agent.dist, siteKeys: [spkiSha256(tls.publicKey)], language: 'en' }),
    ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US'],
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
    origin,
    plain: (host) => `http://${host}:${plainPort}`,
    pages,
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

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

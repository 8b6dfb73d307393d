// The guard in Chromium, with a scripted native host: a browser that was killed and comes back with its tabs and session
// cookies sends a guarded site nothing until the agent says that nothing is owed there.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loginToken, nonce } from '../extension/agent-states.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { authenticate } from './extension-page.ts';
import { LogoutBrowser, navigated, owedVisit } from './logout-extension-browser.ts';
import { workerProcess } from './logout-extension-processes.ts';

/** Chromium writes dynamic rules, and cookies, to disk within this time: milliseconds. */
const writtenAfter = 35_000;

const open = (id: string) => [{ id, origin: browser.sites.journal, guarded: true }];
let build: ExtensionBuild;
let browser: LogoutBrowser;

function greet(): void {
  browser.agent.greet = () => true;
  browser.agent.host.send({ type: 'agent', state: 'connected' });
}

describe('a guarded site in Chromium', function () {
  this.timeout(120_000);
  before(() => {
    build = buildExtension();
  });
  after(() => build.remove());
  beforeEach(async () => {
    browser = await LogoutBrowser.start(build.extension);
  });
  afterEach(async () => browser.stop());

  it('gets its login only when the guard is in place', async () => {
    const { journal } = browser.sites;
    const page = await browser.open(`${journal}/`);
    browser.agent.script = (message, host) => {
      if (message.type !== 'request' || message.verb !== 'authenticate') return undefined;
      browser.agent.list({ open: open('new') });
      host.send({ type: 'response', id: message.id, result: loginToken });
      return 'handled';
    };
    assert.deepEqual(await authenticate(page, nonce), { value: loginToken });
    const rules = await (
      await browser.worker()
    ).evaluate(async () => ({
      dynamic: (await chrome.declarativeNetRequest.getDynamicRules()).map(({ condition }) => condition.urlFilter),
      session: (await chrome.declarativeNetRequest.getSessionRules()).map(({ condition }) => condition.urlFilter),
      remembered: (await chrome.storage.local.get('logout'))['logout'],
    }));
    const filters = [`|${journal}/`, `|${journal.replace('https', 'wss')}/`].sort();
    assert.deepEqual([rules.dynamic.sort(), rules.session.sort()], [filters, filters]);
    assert.deepEqual(rules.remembered, { visits: open('new'), done: [], guarded: [] });
    assert.equal((await page.goto(`${journal}/`))?.status(), 200, 'and nobody is stopped');
  });

  it('that policy guards is blocked from the start, web sockets too, and let through when nothing is owed', async () => {
    const { journal, sibling } = browser.sites;
    browser.agent.list({ guarded: [journal] });
    const page = await browser.open(`${sibling}/`);
    await browser.agent.until(() => browser.agent.received.length > 0);
    const visit = owedVisit(journal, { cleared: true, guarded: true });
    browser.agent.list({ owed: [visit] });
    const reaches = () =>
      page.evaluate(async (origin) => {
        const fetched = await fetch(`${origin}/fetched`, { mode: 'no-cors' }).then(
          () => true,
          () => false,
        );
        const socket = new WebSocket(`${origin.replace('https', 'wss')}/socket`);
        await new Promise((resolve) => (socket.onerror = socket.onopen = resolve));
        return fetched;
      }, journal);
    await browser.until(async () => !(await reaches()));
    browser.sites.requests.length = 0;
    assert.equal(await reaches(), false);
    assert.equal(browser.sites.count(journal), 0);
    browser.agent.list({ owed: [] });
    await browser.until(reaches);
  });

  it('stays as it is while the worker or the agent is away', async () => {
    const { journal } = browser.sites;
    const page = await browser.open(`${journal}/login`);
    await page.evaluate(() => void window.kortbro?.on('cardremoved', () => undefined));
    browser.agent.list({ open: open('steady'), guarded: [journal] });
    await page.evaluate(() => window.kortbro?.status());
    browser.agent.greet = () => false;
    process.kill(workerProcess(browser.profile), 'SIGKILL');
    await browser.agent.until(() => browser.agent.hosts.length === 2);
    assert.equal(await page.evaluate(() => fetch('/work').then(({ status }) => status)), 200);
    browser.agent.visits = {
      open: [],
      owed: [owedVisit(journal, { id: 'steady', guarded: true })],
      guarded: [journal],
    };
    greet();
    await browser.agent.until(() => browser.agent.steps('steady').includes('done'));
    assert.deepEqual(await browser.cookiesOf(journal), []);
  });
});

describe('a guarded site in a Chromium that was killed and comes back', function () {
  this.timeout(120_000);
  /** What Chromium had on disk when it was killed: each test begins with it. */
  let left: string;
  const parts = ['Default', 'Local State'];

  /** A login of a guarded visit, until it is on disk. */
  before(async () => {
    build = buildExtension();
    browser = await LogoutBrowser.start(build.extension);
    const { journal, sibling } = browser.sites;
    await browser.open(`${sibling}/login`);
    await browser.open(`${journal}/login`);
    browser.agent.list({ open: open('guarded') });
    await wait(writtenAfter);
    await browser.kill();
    left = mkdtempSync(join(tmpdir(), 'kortbro-left-'));
    for (const part of parts) cpSync(join(browser.profile, part), join(left, part), { recursive: true });
  });
  after(async () => {
    await browser.stop();
    build.remove();
    rmSync(left, { recursive: true });
  });

  /** The browser is there and has not heard of the agent. */
  beforeEach(async () => {
    const { agent, sites } = browser;
    for (const part of parts) {
      rmSync(join(browser.profile, part), { recursive: true, force: true });
      cpSync(join(left, part), join(browser.profile, part), { recursive: true });
    }
    sites.requests.length = 0;
    agent.received.length = 0;
    agent.greet = () => false;
    agent.visits = { open: open('guarded'), owed: [], guarded: [] };
    await browser.launch();
    await agent.until(() => agent.hosts.some(({ closed }) => !closed));
    await browser.until(() => sites.count(sites.sibling) > 0);
    await wait(2_000);
    assert.equal(sites.count(sites.journal), 0, 'before the agent has spoken');
    assert.ok((await browser.cookiesOf(sites.journal)).includes('session'), 'the session cookies are there again');
  });
  afterEach(() => browser.kill());

  it('gets no request before the agent speaks, and none with a cookie if its visitor has left', async () => {
    const { journal } = browser.sites;
    const visit = owedVisit(journal, { id: 'guarded', guarded: true });
    browser.agent.visits = { open: [], owed: [visit], guarded: [] };
    greet();
    await browser.agent.until(() => browser.agent.steps('guarded').includes('done'));
    assert.deepEqual(await browser.cookiesOf(journal), []);
    await navigated(browser, journal, 'card-removed');
    assert.equal(browser.sites.count(journal), 0);

    browser.agent.list({ owed: [{ ...visit, cleared: true }] });
    const page = await browser.context.newPage();
    await assert.rejects(page.goto(`${journal}/`), /ERR_BLOCKED_BY_CLIENT/, 'while the call to the site is owed');
    assert.equal(browser.sites.count(journal), 0);
    browser.agent.list({ owed: [] });
    await browser.until(() => browser.sites.count(journal) > 0);
    assert.deepEqual(browser.sites.requests.at(-1)?.cookies, [], 'the blocked tab is loaded anew, without cookies');
  });

  it('is shown again, as it was, to a visitor who is still there', async () => {
    const { journal } = browser.sites;
    greet();
    await browser.until(() =>
      browser.sites.requests.some(({ path, cookies }) => path === '/login' && cookies.includes('session')),
    );
    assert.ok((await browser.tabs()).includes(`${journal}/login`));
  });

  it('is cleared first where the agent has lost its record of the visit', async () => {
    const { journal } = browser.sites;
    browser.agent.visits = { open: [], owed: [], guarded: [] };
    greet();
    await navigated(browser, journal, 'unknown');
    assert.deepEqual(await browser.cookiesOf(journal), []);
    assert.equal(browser.sites.count(journal), 0);
    const page = await browser.context.newPage();
    await browser.until(async () => (await page.goto(`${journal}/`).catch(() => null)) !== null);
    assert.deepEqual(browser.sites.requests.at(-1)?.cookies, []);
  });

  it('lets its own logout address be fetched by the extension alone', async () => {
    const { journal } = browser.sites;
    const visit = owedVisit(journal, { id: 'guarded', guarded: true, url: `${journal}/bye` });
    browser.agent.visits = { open: [], owed: [visit], guarded: [] };
    greet();
    await browser.agent.until(() => browser.agent.steps('guarded').includes('done'));
    assert.deepEqual(
      browser.sites.requests.filter(({ host }) => host === new URL(journal).host).map(({ path }) => path),
      ['/bye'],
    );
    assert.ok(browser.sites.requests.find(({ path }) => path === '/bye')?.cookies.includes('session'));
  });
});

// Windows that a site has opened without an address (a print preview) in Chromium, at a logout: the site's go with it, however they
// were opened; another site's, and what a person has just opened, stay.
import assert from 'node:assert/strict';
import { type OwedVisit } from '../../shared/messages.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { LogoutBrowser, owedVisit, removedPage } from './logout-extension-browser.ts';
import { workerProcess } from './logout-extension-processes.ts';

const blob = (type: string): string => `URL.createObjectURL(new Blob(['<body>'], { type: '${type}' }))`;
const openings = [
  `open()`,
  `open('about:blank', '', 'noopener')`,
  `open('javascript:"<body>"')`,
  `open('about:blank', '', 'width=300,height=200')`,
  `open(${blob('text/html')})`,
  `open(${blob('text/html')}, '', 'noopener')`,
  `open(${blob('application/pdf')})`,
];

describe('windows without an address at a logout in Chromium', function () {
  this.timeout(60_000);
  let build: ExtensionBuild;
  let browser: LogoutBrowser;

  before(async () => {
    build = buildExtension();
    browser = await LogoutBrowser.start(build.extension);
  });
  after(async () => {
    await browser.stop();
    build.remove();
  });
  beforeEach(() => browser.tidy());

  /** What every tab shows, by id, as far as the extension may know; a discarded one is `asleep`. */
  async function tabs(): Promise<Map<number, string>> {
    const worker = await browser.worker();
    const all = await worker.evaluate(async () => chrome.tabs.query({}));
    return new Map(all.map(({ id = -1, url = '', discarded }) => [id, discarded ? 'asleep' : url]));
  }

  /** Has a page of `origin` open a window. @returns the id of its tab */
  async function open(origin: string, opening: string): Promise<number> {
    const before = await tabs();
    const page = await browser.open(`${origin}/`);
    await page.evaluate(`void (${opening})`);
    const added = async () => [...(await tabs())].filter(([id, url]) => !before.has(id) && url === '');
    await browser.until(async () => (await added()).length === 1);
    return (await added())[0]![0];
  }

  it('show that the card is out, as the tabs of the site do', async () => {
    const { journal } = browser.sites;
    for (const opening of openings) await open(journal, opening);
    await browser.logOut(owedVisit(journal));
    const isRemoved = (url: string): boolean => url === removedPage(journal);
    await browser.until(async () => [...(await tabs()).values()].filter(isRemoved).length === 2 * openings.length);
    assert.equal((await tabs()).size, 2 * openings.length + 1, 'with the empty one');
  });

  it('close where policy says so', async () => {
    const { journal } = browser.sites;
    await open(journal, openings[0]!);
    await open(journal, openings[4]!);
    const actions: OwedVisit['actions'] = ['event', 'clear', 'close'];
    await browser.logOut(owedVisit(journal, { actions }));
    await browser.until(async () => (await tabs()).size === 1);
  });

  it("are left alone where they are another site's, or a person's who opened them beside a tab of the site", async () => {
    const { journal, sibling } = browser.sites;
    const others = [await open(sibling, openings[0]!), await open(sibling, openings[4]!)];
    await open(journal, openings[0]!);
    const worker = await browser.worker();
    const persons = await worker.evaluate(
      async (url) => {
        const openerTabId = (await chrome.tabs.query({ url }))[0]?.id ?? -1;
        const made = [
          await chrome.tabs.create({ openerTabId }),
          await chrome.tabs.create({ openerTabId, url: 'about:blank' }),
          await chrome.tabs.create({ url: 'chrome://version/' }),
        ];
        return made.map(({ id = -1 }) => id);
      },
      `${journal.replace(/:\d+$/, '')}/*`,
    );
    assert.equal(persons.length, 3);
    await browser.logOut(owedVisit(journal));
    await browser.until(async () => (await browser.tabs()).includes(removedPage(journal)));
    const after = await tabs();
    for (const id of [...others, ...persons]) assert.equal(after.get(id), '', `tab ${id}`);
  });

  it('have no page API, and nobody there who takes a channel', async () => {
    const page = await browser.open(`${browser.sites.journal}/`);
    for (const opening of [openings[0]!, openings[4]!]) {
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate(`void (${opening})`)]);
      const found = await popup.evaluate(() => {
        const { port2 } = new MessageChannel();
        const offer = new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true });
        return { api: 'kortbro' in window, isTaken: !dispatchEvent(offer) };
      });
      assert.deepEqual(found, { api: false, isTaken: false });
    }
  });

  it('are known to the next worker when theirs has died', async () => {
    const { journal } = browser.sites;
    await open(journal, openings[0]!);
    await open(journal, openings[4]!);
    const hosts = browser.agent.hosts.length;
    process.kill(workerProcess(browser.profile), 'SIGKILL');
    await browser.agent.until(() => browser.agent.hosts.length > hosts);
    await browser.logOut(owedVisit(journal));
    const removed = removedPage(journal);
    await browser.until(async () => [...(await tabs()).values()].filter((url) => url === removed).length === 4);
  });
});

// The opening of attacks on the logout by pages: Anna's card in the folder's browser, where she has logged in; after each, a browser
// without tabs and an honest login. Not run where there is no browser.
import { type Page } from 'playwright-core';
import { until } from '../../demo/demo-agent.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { honestPageLogin } from './page-scripts.ts';
import { StubbornSite } from './stubborn-site.ts';

/** The site and the browser of the test that runs. */
export interface Attacked {
  readonly browser: AttackBrowser;
  readonly site: StubbornSite;
}

/** Attacks of class 17 that take at most so many milliseconds each. */
export function describePulls(title: string, timeout: number, attacks: (browser: () => AttackBrowser) => void): void {
  const obstacle = browserUnavailable();
  (obstacle === undefined ? describe : describe.skip)(
    `17 ${title}${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
    function () {
      this.timeout(timeout);
      let browser: AttackBrowser;

      before(async () => {
        browser = await attackBrowser();
        await honestPageLogin(browser);
      });
      afterEach(async () => {
        const { simulator } = browser.target.agent;
        await simulator.remove();
        await simulator.insert('anna');
        browser.pages.clear();
        await browser.closeTabs();
        await honestPageLogin(browser);
      });

      attacks(() => browser);
    },
  );
}

/** Those with a new StubbornSite each. */
export function describeStubbornSites(title: string, attacks: (now: () => Attacked) => void): void {
  describePulls(title, 60_000, (browser) => {
    let site: StubbornSite;
    beforeEach(() => {
      site = new StubbornSite(browser());
    });
    attacks(() => ({ browser: browser(), site }));
  });
}

/** A page does it, and the site is asked for `path`; settles when it has been. */
export async function asked({ requests }: AttackBrowser, page: Page, script: string, path: string): Promise<void> {
  const from = requests.length;
  await page.evaluate(`void setTimeout(() => { ${script} })`);
  const hasCome = () => requests.slice(from).some((request) => request.path === path);
  await until(hasCome, 5_000, 'the site is not asked');
}

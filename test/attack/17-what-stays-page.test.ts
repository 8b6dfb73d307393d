// 17: documents of a site that no tab of its own holds. The site is called once,
// nothing of hers is left in the browser, nothing shows her, and the next holder's login carries nothing of hers.
import assert from 'node:assert/strict';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { honestPageLogin } from './page-scripts.ts';
import { StubbornSite, writeEverywhere } from './stubborn-site.ts';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `17 what stays of a site${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(60_000);
    let browser: AttackBrowser;
    let site: StubbornSite;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    beforeEach(() => {
      site = new StubbornSite(browser);
    });
    afterEach(async () => {
      const { simulator } = browser.target.agent;
      await simulator.remove();
      await simulator.insert('anna');
      browser.pages.clear();
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    it('a frame of the site in the page of another site of the same organisation', async () => {
      const { token } = await site.logIn();
      site.serve('/framed', `<script>setInterval(() => {${writeEverywhere}}, 10)</script>`);
      browser.pages.set('/portal', { html: `<!doctype html><iframe src="${site.origin}/framed"></iframe>` });
      const portal = await browser.open(`${browser.origin('portal.ward')}/portal`);
      assert.equal(await portal.frames()[1]?.innerText('body'), site.holder);
      await site.pull(token);
      await site.assertNothingLeft(token);
    });
  },
);

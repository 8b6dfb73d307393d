// 19, seen from pages in Chromium: an answer reaches the document and the channel that asked, and nobody else; a document that has
// gone gets none, and neither does the one that came after it.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate, honestPageLogin, speak } from './page-scripts.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `19 replay and confusion of answers, between pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    afterEach(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    it('two tabs, of two sites or of one, that use the same id get their own answers', async () => {
      const names = ['journal', 'journal', 'prescriptions'];
      const nonces = names.map(() => newNonce());
      const tabs = await Promise.all(names.map((name) => browser.open(`${browser.origin(name)}/`)));
      const answers = await Promise.all(
        tabs.map((tab, index) =>
          speak(tab, [JSON.stringify({ id: 'same', verb: 'authenticate', nonce: nonces[index] })], 1),
        ),
      );
      for (const [index, [answer]] of answers.entries())
        assert.ok(
          isSignedFor(
            parseResult('authenticate', answer?.['result']),
            browser.origin(names[index] ?? ''),
            nonces[index] ?? '',
          ),
        );
    });

    it("a tab cannot cancel another tab's request, with its very id", async () => {
      const { agent } = browser.target;
      const [mine, other] = [
        await browser.open(`${browser.origin('one')}/`),
        await browser.open(`${browser.origin('one')}/`),
      ];
      agent.pinentry.reset();
      const nonce = newNonce();
      const asked = speak(mine, [JSON.stringify({ id: 'mine', verb: 'authenticate', nonce })], 1, 10_000);
      await agent.pinentry.waitForDialog();
      await speak(other, [JSON.stringify({ id: 'mine', verb: 'cancel' })], 1, 300);
      assert.equal(agent.processesNamed('pinentry').length, 1, 'the dialog was taken away');
      agent.pinentry.answer('ok');
      const [answer] = await asked;
      assert.ok(isSignedFor(parseResult('authenticate', answer?.['result']), browser.origin('one'), nonce));
    });

    it('another channel of the same page hears nothing of a request', async () => {
      const page = await browser.open(`${browser.origin('journal')}/`);
      const nonce = newNonce();
      const heard = await page.evaluate<{ result: unknown }[][]>(`new Promise((resolve) => {
        const heard = [[], []];
        const ports = heard.map((list) => {
          const { port1, port2 } = new MessageChannel();
          dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
          port1.onmessage = ({ data }) => list.push(JSON.parse(data));
          return port1;
        });
        ports[0].postMessage(JSON.stringify({ id: 'a', verb: 'authenticate', nonce: '${nonce}' }));
        setTimeout(() => resolve(heard), 700);
      })`);
      assert.deepEqual(
        heard.map((list) => list.length),
        [1, 0],
      );
    });

    for (const [what, elsewhere] of [
      ['to another site', () => browser.origin('evil')],
      ['within the same site', () => browser.origin('two')],
    ] as const) {
      it(`a page that goes ${what} while its dialog is open loses it: nothing is signed, and the next page hears nothing`, async () => {
        const { agent } = browser.target;
        const page = await browser.open(`${browser.origin('two')}/`);
        agent.pinentry.reset();
        await withoutKeyUse(browser.target, async () => {
          authenticate(page).catch(() => undefined);
          await agent.pinentry.waitForDialog();
          await page.goto(`${elsewhere()}/next`);
          await until(() => agent.processesNamed('pinentry').length === 0, 5_000, 'the dialog stays');
          agent.pinentry.answer('ok');
          assert.deepEqual(await speak(page, [], 1, 500), []);
          agent.pinentry.reset();
        });
      });
    }
  },
);

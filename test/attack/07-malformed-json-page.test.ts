// 07, from pages in Chromium: what is not exactly a request of the page API is refused by the content script and again by the
// background, and the channel that it came on serves the next request.
import assert from 'node:assert/strict';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { honestPageLogin, speak } from './page-scripts.ts';
import { newNonce, withoutKeyUse } from './target.ts';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `07 malformed JSON, from pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    after(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    const nonce = newNonce();
    const good = `{"id":"x","verb":"authenticate","nonce":"${nonce}"}`;
    const inside = (more: string): string => good.replace(/}$/, `,${more}}`);
    /** Texts, and whether a refusal can be addressed: an id could be read. */
    const hostile: readonly (readonly [unknown, boolean])[] = [
      ['', false],
      [good.slice(0, -1), false],
      [`${good}${good}`, false],
      [`[${good}]`, false],
      ['null', false],
      ['1', false],
      [JSON.stringify(good), false],
      [{ id: 'x', verb: 'authenticate', nonce }, false],
      [null, false],
      [7, false],
      [[good], false],
      [inside('"__proto__":{"x":1}'), true],
      [inside('"constructor":{"prototype":{}}'), true],
      [inside('"x":1'), true],
      [inside('"":1'), true],
      [good.replace('authenticate', 'forget-pin'), true],
      [good.replace('authenticate', 'toString'), true],
      [good.replace('"x"', '1'), false],
      [good.replace('"x"', `"${'x'.repeat(65)}"`), false],
      [good.replace('"x"', '"\\ud800"'), false],
      [good.replace('"x"', '"../"'), false],
      [good.replace(`"${nonce}"`, '["' + nonce + '"]'), true],
      [good.replace(`"${nonce}"`, '{"toString":1}'), true],
      [good.replace(nonce, `${nonce}\\u0000`), true],
      [inside(`"x":${'['.repeat(2_000)}${']'.repeat(2_000)}`), true],
      [inside(`"x":"${'x'.repeat(9_000)}"`), false],
      ['{"verb":"listen","since":0}', false],
      ['{"verb":"listen","x":1}', false],
    ];

    it('is refused, the channel goes on, and no request reaches the agent', async () => {
      const { agent } = browser.target;
      const page = await browser.open(`${browser.origin('journal')}/`);
      const logged = () => agent.audit().filter(({ event }) => /^request/.test(String(event))).length;
      const before = logged();
      await withoutKeyUse(browser.target, async () => {
        const last = '{"id":"last","verb":"status"}';
        const addressed = hostile.filter(([, isAddressed]) => isAddressed).length;
        const answers = await speak(page, [...hostile.map(([text]) => text), last], addressed + 1, 5_000);
        const codes = answers.slice(0, -1).map(({ error }) => (error as { code: string } | undefined)?.code);
        assert.equal(codes.length, addressed, JSON.stringify(answers));
        for (const code of codes) assert.match(code ?? '', /^ERR_REQUEST_(INVALID|NONCE)$/);
        assert.deepEqual(answers.at(-1), { id: 'last', result: { version: '0.1.0', agent: '0.1.0', card: 'present' } });
      });
      // A page's status that succeeds is not written down.
      assert.equal(logged() - before, 0, 'more than the status reached the agent');
    });

    it("a page that breaks JSON in its own world breaks its own calls at most, and sees no other page's", async () => {
      const page = await browser.open(`${browser.origin('journal')}/`);
      await withoutKeyUse(browser.target, async () => {
        const outcome = await page.evaluate(`(() => {
          Object.prototype.toJSON = () => ({ verb: 'forget-pin' });
          Object.prototype.caller = { kind: 'user' };
          Object.prototype.id = 'polluted';
          return Promise.race([
            kortbro.status().then((value) => Object.keys(value).join(), ({ code }) => code),
            new Promise((resolve) => setTimeout(resolve, 1500, 'no answer')),
          ]);
        })()`);
        assert.match(String(outcome), /^(version,agent,card|ERR_REQUEST_INVALID|no answer)$/);
      });
      await page.close();
    });
  },
);

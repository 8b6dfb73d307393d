// 02: only a tab's own document may ask. A frame has no way to, of whatever kind it is, whoever framed it and whosever PIN-SSO is
// open; nor have documents that borrow an origin (01) and those that are not shown yet (02-prerendered-page).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Frame, type Page } from 'playwright-core';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { honestPageLogin, speak } from './page-scripts.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';

/** Why reaching from a frame into a window of another origin fails; undefined when it does not. */
function reach(frame: Frame | Page, expression: string): Promise<string | undefined> {
  return frame.evaluate(`(() => { try { void ${expression}; } catch ({ name }) { return name; } })()`);
}

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `02 frames${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      const module = readFileSync(join(browser.target.agent.dist, 'page/kortbro.js'), 'utf8');
      browser.pages.set('/kortbro.js', { html: module, headers: { 'access-control-allow-origin': '*' } });
      await honestPageLogin(browser);
    });
    afterEach(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    /** A page of `host` with this in it, everything loaded. */
    async function framing(host: string, body: string): Promise<Page> {
      browser.pages.set('/framing', { html: `<!doctype html><title>framing</title>${body}` });
      return browser.open(`${browser.origin(host)}/framing`);
    }

    /** What a site's own copy of the page module is told there. */
    function codeOfModule(frame: Frame): Promise<unknown> {
      const source = `${browser.origin('journal')}/kortbro.js`;
      return frame.evaluate(`import('${source}').then(({ kortbro }) => kortbro.authenticate({ nonce: '${newNonce()}' }))
        .then(() => 'a token', ({ code }) => code)`);
    }

    // Wherever it stands, `inner` is the journal's: a site that needs no dialog now.
    const kinds: readonly (readonly [string, string, (inner: string) => string])[] = [
      ['of its own origin', 'journal', (inner) => `<iframe src="${inner}"></iframe>`],
      ["of the journal in another site's page", 'evil', (inner) => `<iframe src="${inner}"></iframe>`],
      [
        "of the journal in another site's frame in the journal's page",
        'journal',
        () => `<iframe src="${browser.origin('evil')}/between"></iframe>`,
      ],
      ['with srcdoc', 'journal', () => `<iframe srcdoc="<p>x"></iframe>`],
      ['with about:blank', 'journal', () => `<iframe></iframe>`],
      ['with a javascript: address', 'journal', () => `<iframe src="javascript:'<p>x'"></iframe>`],
      ['with a data: address', 'journal', () => `<iframe src="data:text/html,<p>x"></iframe>`],
      [
        'with a blob: address',
        'journal',
        () => `<iframe></iframe><script>
          document.querySelector('iframe').src = URL.createObjectURL(new Blob(['<p>x'], { type: 'text/html' }));
        </script>`,
      ],
      [
        'with a sandbox that leaves it its origin',
        'evil',
        (inner) => `<iframe sandbox="allow-scripts allow-same-origin allow-popups" src="${inner}"></iframe>`,
      ],
      [
        'with a sandbox that does not',
        'journal',
        (inner) => `<iframe sandbox="allow-scripts" src="${inner}"></iframe>`,
      ],
      ['as an object', 'journal', (inner) => `<object type="text/html" data="${inner}"></object>`],
      ['as an embed', 'evil', (inner) => `<embed type="text/html" src="${inner}">`],
      ['as a frame of a frameset', 'evil', (inner) => `<frameset><frame src="${inner}"></frameset>`],
    ];
    for (const [what, host, body] of kinds) {
      it(`has no way to ask: a frame ${what}`, async () => {
        const inner = `${browser.origin('journal')}/inner`;
        browser.pages.set('/between', { html: `<!doctype html><iframe src="${inner}"></iframe>` });
        const page = await framing(host, body(inner));
        const frames = page.frames().slice(1);
        assert.ok(frames.length > 0, 'there is no frame');
        await withoutKeyUse(browser.target, async () => {
          for (const frame of frames) {
            assert.equal(await frame.evaluate('typeof window.kortbro'), 'undefined', frame.url());
            const words = [JSON.stringify({ id: 'a', verb: 'authenticate', nonce: newNonce() })];
            assert.deepEqual(await speak(frame, words, 1, 300), [{ free: true }], frame.url());
            const refusal = frame.url().startsWith('https:') ? 'ERR_REQUEST_FRAME' : 'ERR_REQUEST_ORIGIN';
            assert.equal(await codeOfModule(frame), refusal, frame.url());
          }
        });
      });
    }

    it('a frame of another site cannot speak through the page around it, nor the page through the frame', async () => {
      const page = await framing('evil', `<iframe src="${browser.origin('journal')}/inner"></iframe>`);
      const [, frame] = page.frames();
      assert.ok(frame !== undefined);
      await withoutKeyUse(browser.target, async () => {
        for (const [asker, other] of [
          [page, 'frames[0]'],
          [frame, 'parent'],
        ] as const) {
          for (const way of ['kortbro', 'dispatchEvent', 'document', 'MessageEvent'])
            assert.equal(await reach(asker, `${other}.${way}`), 'SecurityError', `${other}.${way}`);
        }
        const request = JSON.stringify({ id: 'a', verb: 'authenticate', nonce: newNonce() });
        await frame.evaluate(`parent.postMessage(${JSON.stringify(request)}, '*', [new MessageChannel().port2])`);
        await page.evaluate(`frames[0].postMessage(${JSON.stringify(request)}, '*', [new MessageChannel().port2])`);
        assert.equal(browser.target.agent.pinentry.unawaited().length, 0);
      });
    });

    it('a frame that its own page lets speak through it gets a login of that page, and of nobody else', async () => {
      const page = await framing('journal', `<iframe srcdoc="<p>x"></iframe>`);
      const nonce = newNonce();
      const value = await page.frames()[1]?.evaluate(`parent.kortbro.authenticate({ nonce: '${nonce}' })`);
      const token = parseResult('authenticate', value);
      assert.ok(isSignedFor(token, browser.origin('journal'), nonce));
    });
  },
);

// 02: a document that is prerendered is shown to nobody, and so nobody may be asked for it; from the moment that it is shown it
// may ask. In a browser without a debugger: Chromium prerenders nothing in a tab that Playwright watches
// (PrerenderingDisabledByDevTools), so the pages say what they have met, and act, by themselves.
import assert from 'node:assert/strict';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { type Ending, honestPageLogin } from './page-scripts.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';
import { said, sayScript, startUnwatchedBrowser } from './unwatched-browser.ts';

/** Asks in every way that there is, says how that ended, and once more when it is shown. The previous page goes there then. */
const prerendered = (nonces: readonly [string, string]): string => `<!doctype html><title>prerendered</title><script>
  ${sayScript}
  const ending = (call) => call.then((value) => ({ value }), ({ code }) => ({ code }));
  const spoken = (...texts) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
    const answers = [];
    port1.onmessage = ({ data }) => answers.push(JSON.parse(data)) === texts.length && resolve(answers);
    for (const text of texts) port1.postMessage(JSON.stringify(text));
  });
  kortbro.on('cardinserted', () => undefined);
  const hidden = document.prerendering;
  const calls = Promise.all([
    ending(kortbro.status()),
    ending(kortbro.authenticate({ nonce: '${nonces[0]}' })),
    spoken({ id: 'a', verb: 'authenticate', nonce: '${nonces[0]}' }).then(([{ error }]) => ({ code: error?.code })),
  ]);
  calls.then((refusals) => say('hidden', { hidden, refusals }));
  document.addEventListener('prerenderingchange', async () => {
    const shown = performance.getEntriesByType('navigation')[0].activationStart > 0;
    await say('shown', { shown, login: await ending(kortbro.authenticate({ nonce: '${nonces[1]}' })) });
  });
</script>`;
const previous = `<!doctype html><title>before</title>
  <script type="speculationrules">{ "prerender": [{ "source": "list", "urls": ["/prerendered"], "eagerness": "immediate" }] }</script>
  <script>fetch('/may-go').then(() => (location.href = '/prerendered'));</script>`;

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `02 a prerendered page${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(60_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });

    for (const [name, kind] of [
      ['journal', 'pin'],
      ['unknown', 'confirmation'],
    ] as const) {
      it(`is refused until it is shown, and asks its holder then (${kind})`, async () => {
        const { agent, anna } = browser.target;
        const origin = browser.origin(name);
        const nonces = [newNonce(), newNonce()] as const;
        let go = (): void => undefined;
        const hold = new Promise<void>((resolve) => (go = resolve));
        browser.pages.set('/before', { html: previous });
        browser.pages.set('/prerendered', { html: prerendered(nonces) });
        browser.pages.set('/may-go', { html: '', hold });
        const from = browser.requests.length;
        agent.pinentry.reset();
        if (kind === 'pin') {
          const holder = await agent.host();
          await holder.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
          await holder.end();
        }
        const end = startUnwatchedBrowser(browser, `${origin}/before`);
        try {
          await withoutKeyUse(browser.target, async () => {
            const { hidden, refusals } = await said<{ hidden: boolean; refusals: Ending[] }>(browser, 'hidden', from);
            assert.ok(hidden, 'Chromium has not prerendered the page');
            assert.deepEqual(
              refusals,
              refusals.map(() => ({ code: 'ERR_REQUEST_FRAME' })),
            );
            assert.equal(agent.pinentry.unawaited().length, 0);
          });
          go();
          const dialog = await agent.pinentry.waitForDialog();
          assert.equal(dialog.kind, kind);
          assert.ok(dialog.description.includes(origin), dialog.description);
          agent.pinentry.answer(kind === 'pin' ? `pin ${anna.pin}` : 'ok');
          const { shown, login } = await said<{ shown: boolean; login: Ending }>(browser, 'shown', from);
          assert.ok(shown, 'the page was loaded anew');
          assert.equal(login.code, undefined);
          assert.ok(isSignedFor(parseResult('authenticate', login.value), origin, nonces[1]));
          assert.equal(agent.pinentry.unawaited().length, 0, 'what was refused is asked later');
        } finally {
          await end();
        }
        await honestPageLogin(browser);
      });
    }
  },
);

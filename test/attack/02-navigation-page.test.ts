// 02: a document that goes away while its dialog is open takes the dialog with it, however it goes; nothing is signed, and nothing
// reaches the document that comes next, of whatever origin, though it uses the very id of the request. What a document says of
// its own address changes nothing. Plain links to the same and to another site stand in 19-replay-and-confusion-page.
import assert from 'node:assert/strict';
import { type Page } from 'playwright-core';
import { until } from '../../demo/demo-agent.ts';
import { type Dialog } from '../../demo/pinentry-script.ts';
import { parseResult } from '../../shared/messages.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate, honestPageLogin, speak } from './page-scripts.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';

type DialogKind = Exclude<Dialog['kind'], 'message'>;
const kinds: readonly DialogKind[] = ['pin', 'confirmation'];

/** The id that every request has here. */
const id = 'mine';

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `02 navigation during a dialog${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;
    let sites = 0;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    afterEach(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    const evil = (): string => `${browser.origin('evil')}/next`;

    /** A tab of a site that nobody knows yet, with the page before it in its history. */
    async function newSite(): Promise<Page> {
      const origin = browser.origin(`site${++sites}`);
      const page = await browser.open(`${origin}/before`);
      await page.goto(`${origin}/`);
      return page;
    }

    /** A document of a new site asks; its dialog is open, and names it. */
    async function openDialog(kind: DialogKind, page: Page): Promise<void> {
      const { agent } = browser.target;
      if (kind === 'pin') {
        const holder = await agent.host();
        await holder.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
        await holder.end();
      } else await honestPageLogin(browser);
      agent.pinentry.reset();
      speak(page, [JSON.stringify({ id, verb: 'authenticate', nonce: newNonce() })], 1, 60_000).catch(() => undefined);
      const dialog = await agent.pinentry.waitForDialog();
      assert.equal(dialog.kind, kind);
      assert.ok(dialog.description.includes(new URL(page.url()).origin), dialog.description);
    }

    /** The document in `page` asks for something else by the same id, and hears of that alone. */
    async function assertHearsNothing(page: Page): Promise<void> {
      const heard = await speak(page, [JSON.stringify({ id, verb: 'status' })], 1, 5_000);
      assert.deepEqual(
        heard.map((answer) => [answer['id'], Object.keys(answer['result'] ?? {}).filter((key) => key !== 'card')]),
        [[id, ['version', 'agent']]],
      );
    }

    function dialogGone(): Promise<void> {
      const isGone = () => browser.target.agent.processesNamed('pinentry').length === 0;
      return until(isGone, 5_000, 'the dialog stays');
    }

    /** Lets a script of the page navigate, and waits for what comes. */
    async function leave(page: Page, url: string, script: string): Promise<Page> {
      const arrived = page.waitForURL(url, { waitUntil: 'commit' });
      await page.evaluate(`void setTimeout(() => { ${script} })`);
      await arrived;
      return page;
    }

    const toEvil = (page: Page, script: string): Promise<Page> => leave(page, evil(), script);

    // Each gives the page in which the next document is.
    const ways: readonly (readonly [string, (page: Page) => Promise<Page>])[] = [
      [
        'loads itself anew',
        async (page) => {
          await Promise.all([page.waitForEvent('load'), page.evaluate('void setTimeout(() => location.reload())')]);
          return page;
        },
      ],
      [
        'goes back to the page before it',
        (page) => leave(page, `${new URL(page.url()).origin}/before`, 'history.back()'),
      ],
      ['puts another site in its place', (page) => toEvil(page, `location.replace('${evil()}')`)],
      [
        'sends a form to another site',
        (page) =>
          toEvil(
            page,
            `document.body.innerHTML = '<form method="post" action="${evil()}">'; document.forms[0].submit()`,
          ),
      ],
      [
        'has erased every listener of the window, and goes',
        (page) => toEvil(page, `document.open(); document.write('x'); document.close(); location.href = '${evil()}'`),
      ],
      [
        'is closed',
        async (page) => {
          const { origin } = new URL(page.url());
          await page.close();
          return browser.open(`${origin}/`);
        },
      ],
      [
        'breaks down',
        async (page) => {
          const { origin } = new URL(page.url());
          const crash = page.waitForEvent('crash');
          const session = await browser.context.newCDPSession(page);
          session.send('Page.crash').catch(() => undefined);
          await crash;
          return browser.open(`${origin}/`);
        },
      ],
    ];
    for (const [what, go] of ways) {
      it(`a document that ${what} loses its dialog; nothing is signed, and the next one hears nothing`, async () => {
        for (const kind of kinds) {
          const page = await newSite();
          await openDialog(kind, page);
          await withoutKeyUse(browser.target, async () => {
            const next = await go(page);
            await dialogGone();
            await assertHearsNothing(next);
          });
        }
      });
    }

    it('a document that its opener takes away loses its dialog, and the opener gets no answer in its place', async () => {
      for (const kind of kinds) {
        const opener = await browser.open(evil());
        const [page] = await Promise.all([
          opener.waitForEvent('popup'),
          opener.evaluate(`void (opened = open('${browser.origin(`opened${kind}`)}/'))`),
        ]);
        await page.waitForLoadState();
        await openDialog(kind, page);
        await withoutKeyUse(browser.target, async () => {
          const arrived = page.waitForURL(evil());
          await opener.evaluate(`void (opened.location = '${evil()}')`);
          await arrived;
          await dialogGone();
          for (const other of [page, opener]) await assertHearsNothing(other);
        });
      }
    });

    it("the holder's answer in the very moment in which the document goes reaches nobody", async () => {
      const { agent, anna } = browser.target;
      for (let round = 0; round < 8; round++) {
        const kind = kinds[round % 2] ?? 'pin';
        const page = await newSite();
        await openDialog(kind, page);
        const said = kind === 'pin' ? (`pin ${anna.pin}` as const) : 'ok';
        const going = round < 4 ? toEvil(page, `location.href = '${evil()}'`) : Promise.resolve(page);
        agent.pinentry.answer(said);
        if (round >= 4) await toEvil(page, `location.href = '${evil()}'`);
        await going;
        await assertHearsNothing(page);
        await dialogGone();
        agent.pinentry.reset();
      }
    });

    it('a document that comes back from the back/forward cache finds its request cancelled, and asks anew', async () => {
      const { agent } = browser.target;
      const page = await newSite();
      const { origin } = new URL(page.url());
      await honestPageLogin(browser);
      await page.evaluate(`addEventListener('pageshow', ({ persisted }) => (globalThis.cameBack = persisted));
        kortbro.authenticate({ nonce: '${newNonce()}' })
          .then(() => (outcome = 'a token'), ({ code }) => (outcome = code)); undefined`);
      agent.pinentry.reset();
      await agent.pinentry.waitForDialog();
      await withoutKeyUse(browser.target, async () => {
        await toEvil(page, `location.href = '${evil()}'`);
        await dialogGone();
        await leave(page, `${origin}/`, 'history.back()');
        await page.waitForFunction('globalThis.cameBack !== undefined');
        assert.deepEqual(await page.evaluate('[cameBack, outcome]'), [true, 'ERR_REQUEST_CANCELLED']);
        assert.equal(agent.pinentry.unawaited().length, 0, 'it asks again by itself');
      });
      const nonce = newNonce();
      const asked = authenticate(page, nonce);
      assert.ok((await agent.pinentry.waitForDialog()).description.includes(origin));
      agent.pinentry.answer('ok');
      assert.ok(isSignedFor(parseResult('authenticate', (await asked).value), origin, nonce));
    });

    it('a document cannot have another origin signed for by what it does to its own address', async () => {
      const { agent } = browser.target;
      const [journal, mine] = [browser.origin('journal'), browser.origin('liar')];
      const page = await browser.open(`${mine}/`);
      const lie = `
        document.head.innerHTML = '<base href="${journal}/"><title>${journal}</title>';
        history.pushState({}, '', location.origin + '/${journal}/');
        for (const give of [() => (document.domain = 'localhost'), () => (window.name = '${journal}')])
          try { give(); } catch {}
        for (const name of ['origin', 'location'])
          try { Object.defineProperty(window, name, { value: new URL('${journal}/') }); } catch {}
        refused = (() => { try { history.pushState({}, '', '${journal}/'); } catch ({ name }) { return name; } })();`;
      await page.evaluate(`${lie}; undefined`);
      assert.equal(await page.evaluate('refused'), 'SecurityError');
      const nonce = newNonce();
      agent.pinentry.reset();
      const asked = authenticate(page, nonce);
      const { description } = await agent.pinentry.waitForDialog();
      assert.ok(description.includes(mine), description);
      assert.ok(!description.includes(journal), description);
      await page.evaluate(`${lie}; document.open(); document.write('<base href="${journal}/">'); document.close();
        location.hash = '${journal}'; undefined`);
      agent.pinentry.answer('ok');
      const token = parseResult('authenticate', (await asked).value);
      assert.ok(isSignedFor(token, mine, nonce));
      assert.ok(!isSignedFor(token, journal, nonce));
    });

    it('a blank window that its opener writes has its address then, and still no way to ask', async () => {
      const opener = await browser.open(`${browser.origin('journal')}/`);
      const [popup] = await Promise.all([
        opener.waitForEvent('popup'),
        opener.evaluate(`(opened = open('about:blank'), opened.document.open(), opened.document.write('<p>written'),
          opened.document.close())`),
      ]);
      assert.equal(await popup.evaluate('location.href'), `${browser.origin('journal')}/`);
      await withoutKeyUse(browser.target, async () => {
        assert.equal(await popup.evaluate('typeof window.kortbro'), 'undefined');
        const request = JSON.stringify({ id, verb: 'authenticate', nonce: newNonce() });
        assert.deepEqual(await speak(popup, [request], 1), [{ free: true }]);
      });
    });
  },
);

// The extension in Chromium, with a scripted native host: the page API, who may ask, and what happens when a part ends.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConsoleMessage, type Page } from 'playwright-core';
import { type ClientMessage } from '../../shared/messages.ts';
import { extensionId } from '../../shared/names.ts';
import { agentState, loginToken, nonce, reader, token } from '../extension/agent-states.ts';
import { installFakeHost, type FakeHost } from '../extension/fake-agent.ts';
import { extensionProcess, startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { authenticate, codeOf, heard, hears, listen, speak, status } from './extension-page.ts';
import { PopupWindow } from './extension-popup-window.ts';

describe('the extension in Chromium', function () {
  this.timeout(30_000);
  let build: ExtensionBuild;
  let browser: ExtensionBrowser;
  let page: Page;
  let hostsAtStart = 0;
  const complaints: string[] = [];
  const complain = (message: ConsoleMessage): void => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  };

  before(async () => {
    build = buildExtension();
    browser = await startExtensionBrowser(build.extension);
    await browser.agent.until(() => browser.agent.received[0]);
    hostsAtStart = browser.agent.hosts.length;
    browser.context.on('serviceworker', (worker) => worker.on('console', complain));
    for (const worker of browser.context.serviceWorkers()) worker.on('console', complain);
    const { pages } = browser.sites;
    pages.set('/first', '<!doctype html><script>first = typeof kortbro?.authenticate</script>');
    pages.set('/kortbro.js', readFileSync(join(build.page, 'kortbro.js'), 'utf8'));
    pages.set('/module', '<!doctype html><script type=module>window.module = await import("/kortbro.js")</script>');
    pages.set(
      '/frames',
      `<!doctype html><iframe src="/module"></iframe><iframe src="${browser.sites.prescriptions}/module"></iframe>`,
    );
  });
  after(async () => {
    await browser.stop();
    build.remove();
  });
  beforeEach(async () => {
    browser.agent.script = () => undefined;
    page = await open(`${browser.sites.journal}/`);
  });
  afterEach(async () => {
    for (const opened of browser.context.pages().slice(1)) await opened.close();
    assert.deepEqual(complaints.splice(0), [], 'the worker complains in its console');
  });

  async function open(url: string): Promise<Page> {
    const opened = await browser.context.newPage();
    await opened.goto(url);
    return opened;
  }

  /** Keeps every authenticate request unanswered. @returns those so far */
  function withhold(): ClientMessage[] {
    const held: ClientMessage[] = [];
    browser.agent.script = (message) => {
      if (message.type !== 'request' || message.verb !== 'authenticate') return undefined;
      held.push(message);
      return 'handled';
    };
    return held;
  }

  async function worksAgain(): Promise<void> {
    browser.agent.script = () => undefined;
    assert.deepEqual(await authenticate(page, nonce), { value: loginToken });
  }

  it('opens its port when the browser starts, without a page', () => {
    assert.equal(hostsAtStart, 1);
  });

  describe('page API', () => {
    it("is there for the page's first inline script, and nothing is opened by that", async () => {
      const before = browser.agent.received.length;
      const first = await open(`${browser.sites.journal}/first`);
      assert.equal(await first.evaluate('first'), 'function');
      assert.deepEqual(await first.evaluate('[Object.isFrozen(kortbro), Object.keys(window).includes("kortbro")]'), [
        true,
        false,
      ]);
      assert.equal(browser.agent.received.length, before);
    });

    it('carries a login to the agent with the origin that the browser tells, and the token back', async () => {
      assert.deepEqual(await authenticate(page, nonce), { value: loginToken });
      const request = browser.agent.requests('authenticate').at(-1)!;
      const { id, ...rest } = request;
      assert.match(id, /^[\w-]{36}$/);
      assert.deepEqual(rest, {
        type: 'request',
        verb: 'authenticate',
        nonce,
        language: 'sv',
        caller: { kind: 'page', origin: browser.sites.journal },
      });
    });

    it('tells versions, and the card only where the agent does', async () => {
      assert.deepEqual(await status(page), { value: { version: '0.1.0', agent: '0.1.0' } });
      browser.agent.script = (message, host) => {
        if (message.type !== 'request') return undefined;
        host.send({ type: 'response', id: message.id, result: { agent: '0.1.0', card: 'present' } });
        return 'handled';
      };
      assert.deepEqual(await status(page), { value: { version: '0.1.0', agent: '0.1.0', card: 'present' } });
    });

    it('rejects with the code and sentence of the agent', async () => {
      browser.agent.script = (message, host) => {
        if (message.type !== 'request') return undefined;
        const error = { code: 'ERR_PIN_WRONG', message: 'Fel PIN-kod. 2 försök kvar.', triesLeft: 2 } as const;
        host.send({ type: 'error', id: message.id, error });
        return 'handled';
      };
      const error = await page.evaluate(async (given) => {
        try {
          return await window.kortbro?.authenticate({ nonce: given });
        } catch (reason) {
          return { ...(reason as object), message: (reason as Error).message };
        }
      }, nonce);
      assert.deepEqual(error, {
        name: 'KortbroError',
        code: 'ERR_PIN_WRONG',
        message: 'Fel PIN-kod. 2 försök kvar.',
        triesLeft: 2,
      });
    });

    for (const [words, wrong] of [
      ['short', 'x'],
      ['not canonical', `${nonce.slice(0, -2)}x=`],
      ['too long', 'A'.repeat(132)],
      ['no text', { toString: 'x' }],
    ] as const) {
      it(`refuses a nonce that is ${words} before it leaves the page's process`, async () => {
        const before = browser.agent.received.length;
        const ending = await authenticate(page, wrong);
        assert.equal(codeOf(ending), 'ERR_REQUEST_NONCE');
        assert.ok('isKortbroError' in ending && ending.isKortbroError && ending.message.startsWith('Webbplatsens'));
        assert.equal(browser.agent.received.length, before);
      });
    }

    it('is cancelled by its AbortSignal, at the agent too', async () => {
      const held = withhold();
      const ending = page.evaluate(async (given) => {
        const controller = new AbortController();
        Object.assign(window, { abort: () => controller.abort('enough') });
        try {
          return await window.kortbro?.authenticate({ nonce: given }, { signal: controller.signal });
        } catch (reason) {
          return { code: (reason as { code: string }).code, cause: (reason as Error).cause };
        }
      }, nonce);
      const request = await browser.agent.until(() => held[0]);
      await page.evaluate('abort()');
      assert.deepEqual(await ending, { code: 'ERR_REQUEST_CANCELLED', cause: 'enough' });
      await browser.agent.until(() =>
        browser.agent.received.some(
          (message) => message.type === 'cancel' && 'id' in request && message.id === request.id,
        ),
      );
      await worksAgain();
    });

    it('sends nothing when the signal is aborted already', async () => {
      const before = browser.agent.received.length;
      const code = await page.evaluate(
        (given) =>
          window.kortbro
            ?.authenticate({ nonce: given }, { signal: AbortSignal.abort() })
            .catch((error: unknown) => (error as { code: string }).code),
        nonce,
      );
      assert.equal(code, 'ERR_REQUEST_CANCELLED');
      assert.equal(browser.agent.received.length, before);
    });

    it('matches answers to two open requests by id, in whatever order they come', async () => {
      const held = withhold();
      const endings = Promise.all([authenticate(page, nonce), authenticate(page, nonce)]);
      await browser.agent.until(() => held.length === 2);
      const ids = held.map((message) => ('id' in message ? message.id : ''));
      assert.notEqual(ids[0], ids[1]);
      browser.agent.host.send({ type: 'response', id: ids[1]!, result: { ...loginToken, signature: 'second' } });
      browser.agent.host.send({ type: 'response', id: ids[0]!, result: { ...loginToken, signature: 'first' } });
      assert.deepEqual(await endings, [
        { value: { ...loginToken, signature: 'first' } },
        { value: { ...loginToken, signature: 'second' } },
      ]);
    });

    it('is also an ES module, with the same class of error', async () => {
      const module = await open(`${browser.sites.journal}/module`);
      await module.waitForFunction('window.module');
      const ending = await module.evaluate(`module.kortbro.authenticate({ nonce: 'x' }).catch((error) =>
        [error.code, error instanceof module.KortbroError, error instanceof window.kortbro.KortbroError])`);
      assert.deepEqual(ending, ['ERR_REQUEST_NONCE', true, true]);
      assert.deepEqual(await module.evaluate('module.kortbro.status()'), { version: '0.1.0', agent: '0.1.0' });
    });
  });

  describe('who may ask', () => {
    it('is no frame, of the same origin or another', async () => {
      const frames = await open(`${browser.sites.journal}/frames`);
      assert.equal(frames.frames().length, 3);
      for (const frame of frames.frames().slice(1)) {
        assert.equal(await frame.evaluate('typeof window.kortbro'), 'undefined');
        const code = await frame.evaluate(
          `import('/kortbro.js').then(({ kortbro }) => kortbro.status()).catch(({ code }) => code)`,
        );
        assert.equal(code, 'ERR_REQUEST_FRAME');
        assert.equal(await frame.evaluate(offerIsTaken), false);
      }
    });

    it('is no page that is not https', async () => {
      const plain = await open(`${browser.sites.plain}/`);
      assert.equal(await plain.evaluate('typeof window.kortbro'), 'undefined');
      assert.equal(await plain.evaluate(offerIsTaken), false);
      const code = await plain.evaluate(
        `import('/kortbro.js').then(({ kortbro }) => kortbro.status()).catch(({ code }) => code)`,
      );
      assert.equal(code, 'ERR_REQUEST_ORIGIN');
    });

    it('is http://localhost as far as the extension goes: policy decides', async () => {
      const local = await open(`${browser.sites.localhost}/`);
      await status(local);
      assert.deepEqual(browser.agent.requests('status').at(-1)?.caller, {
        kind: 'page',
        origin: browser.sites.localhost,
      });
    });

    it('is no document with an opaque origin', async () => {
      browser.sites.headers.set('/sandboxed', { 'content-security-policy': 'sandbox allow-scripts' });
      const sandboxed = await open(`${browser.sites.journal}/sandboxed`);
      assert.equal(codeOf(await status(sandboxed)), 'ERR_REQUEST_ORIGIN');
    });

    it('cannot be forged in a message: what is not in the closed form is refused, and the agent hears nothing', async () => {
      const before = browser.agent.received.length;
      const other = browser.sites.prescriptions;
      const answers = await speak(
        page,
        [
          'no json',
          { id: 'object', verb: 'status' },
          '[]',
          'null',
          JSON.stringify({ verb: 'status' }),
          JSON.stringify({ id: 'a b', verb: 'status' }),
          JSON.stringify({ id: '1', verb: 'status', origin: other }),
          JSON.stringify({ id: '2', verb: 'status', caller: { kind: 'page', origin: other } }),
          JSON.stringify({ id: '3', verb: 'forget-pin' }),
          JSON.stringify({ id: '4', verb: 'certificates' }),
          JSON.stringify({ id: '5', verb: 'authenticate', nonce, type: 'request' }),
          JSON.stringify({ id: '6', verb: 'authenticate' }),
          `{"id":"7","verb":"status","__proto__":{"x":1}}`,
          JSON.stringify({ id: '8', verb: 'authenticate', nonce: 'A'.repeat(9_000) }),
          JSON.stringify({ verb: 'listen', since: 0 }),
          JSON.stringify({ id: 'last', verb: 'forget' }),
        ],
        8,
      );
      assert.deepEqual(
        answers.map((answer) => {
          const { id, error } = answer as { id: string; error: { code: string } };
          return [id, error.code];
        }),
        ['1', '2', '3', '4', '5', '6', '7', 'last'].map((id) => [id, 'ERR_REQUEST_INVALID']),
      );
      assert.equal(browser.agent.received.length, before);
      await worksAgain();
    });

    it('gets no answer to an id that is in use', async () => {
      withhold();
      const text = JSON.stringify({ id: 'same', verb: 'authenticate', nonce });
      const [answer] = await speak(page, [text, text], 1);
      assert.equal((answer as { error: { code: string } }).error.code, 'ERR_REQUEST_DUPLICATE');
    });

    it('may have eight requests open', async () => {
      const held = withhold();
      const endings = await page.evaluate(async (given) => {
        const calls = Array.from({ length: 9 }, () => window.kortbro?.authenticate({ nonce: given }));
        return Promise.race(
          calls.map(async (call) => call?.catch((error: unknown) => (error as { code: string }).code)),
        );
      }, nonce);
      assert.equal(endings, 'ERR_REQUEST_TOO_MANY');
      await browser.agent.until(() => held.length >= 8);
      assert.equal(held.length, 8);
    });

    it('cannot disturb the API by replacing what it is made of', async () => {
      await page.evaluate(() => {
        const broken = (): never => {
          throw new Error('replaced');
        };
        JSON.parse = JSON.stringify = broken;
        Object.assign(globalThis, { Promise: undefined, MessageChannel: undefined, MessageEvent: undefined });
        EventTarget.prototype.dispatchEvent = EventTarget.prototype.addEventListener = broken;
        MessagePort.prototype.postMessage = broken;
        crypto.randomUUID = broken;
        Object.freeze = broken;
      });
      assert.deepEqual(await page.evaluate('kortbro.status().then((value) => value)'), {
        version: '0.1.0',
        agent: '0.1.0',
      });
    });
  });

  describe('a document that goes', () => {
    it('takes its requests with it: they are cancelled at the agent, and a late answer reaches nobody', async () => {
      const held = withhold();
      page.evaluate((given) => void window.kortbro?.authenticate({ nonce: given }), nonce).catch(() => undefined);
      const request = await browser.agent.until(() => held[0]);
      const id = 'id' in request ? request.id : '';
      await page.goto(`${browser.sites.prescriptions}/`);
      await browser.agent.until(() =>
        browser.agent.received.some((message) => message.type === 'cancel' && message.id === id),
      );
      browser.agent.host.send({ type: 'response', id, result: loginToken });
      await worksAgain();
      assert.equal(browser.agent.hosts.at(-1)?.closed, false);
    });

    it('is not heard of again after it is closed', async () => {
      const held = withhold();
      page.evaluate((given) => void window.kortbro?.authenticate({ nonce: given }), nonce).catch(() => undefined);
      const request = await browser.agent.until(() => held[0]);
      await page.close();
      await browser.agent.until(() =>
        browser.agent.received.some(
          (message) => message.type === 'cancel' && 'id' in request && message.id === request.id,
        ),
      );
      page = await open(`${browser.sites.journal}/`);
    });
  });

  describe('a host or agent that ends', () => {
    const ends: [string, string, (host: FakeHost) => void][] = [
      ['host killed', 'ERR_AGENT_STOPPED', ({ processId }) => process.kill(processId, 'SIGKILL')],
      ['garbage in a well-formed frame', 'ERR_AGENT_STOPPED', (host) => host.sendAnything({ type: 'surprise' })],
      ['an unknown key', 'ERR_AGENT_STOPPED', (host) => host.sendAnything({ type: 'agent', state: 'gone', x: 1 })],
      [
        'more than Chromium takes',
        'ERR_AGENT_STOPPED',
        (host) => host.sendRaw(Buffer.from('\xff\xff\xff\x7f', 'latin1')),
      ],
      ['a message of 2 MB', 'ERR_AGENT_STOPPED', (host) => host.sendAnything({ type: 'x', y: 'z'.repeat(2_000_000) })],
    ];
    for (const [words, code, act] of ends) {
      it(`${words}: open requests fail within 5 s, nothing is sent twice, the next login works`, async () => {
        const held = withhold();
        const ending = authenticate(page, nonce);
        await browser.agent.until(() => held[0]);
        const { host } = browser.agent;
        const since = performance.now();
        act(host);
        assert.equal(codeOf(await ending), code);
        assert.ok(performance.now() - since < 5_000);
        await browser.agent.until(() => host.closed);
        await worksAgain();
        assert.equal(held.length, 1);
        assert.notEqual(browser.agent.host, host);
      });
    }

    it('bytes that are no JSON are dropped by Chromium itself, and what follows is heard', async () => {
      const held = withhold();
      const ending = authenticate(page, nonce);
      const request = await browser.agent.until(() => held[0]);
      browser.agent.host.sendRaw(Buffer.from('\x04\0\0\0nope', 'latin1'));
      browser.agent.host.send({ type: 'response', id: 'id' in request ? request.id : '', result: loginToken });
      assert.deepEqual(await ending, { value: loginToken });
    });

    it('a result of the wrong form ends the port', async () => {
      const { host } = browser.agent;
      browser.agent.script = (message, from) => {
        if (message.type !== 'request') return undefined;
        from.send({ type: 'response', id: message.id, result: { ...loginToken, pin: '1' } });
        return 'handled';
      };
      assert.equal(codeOf(await authenticate(page, nonce)), 'ERR_AGENT_STOPPED');
      await browser.agent.until(() => host.closed);
      await worksAgain();
    });

    it("never gives a page the holder's view of the cards", async () => {
      browser.agent.script = (message, from) => {
        if (message.type !== 'request') return undefined;
        from.send({ type: 'response', id: message.id, result: agentState([reader()]) });
        return 'handled';
      };
      assert.equal(codeOf(await status(page)), 'ERR_AGENT_STOPPED');
      await worksAgain();
    });

    it('agent gone behind a living host: open requests fail, those that come later wait for the next agent', async () => {
      const held = withhold();
      const ending = authenticate(page, nonce);
      await browser.agent.until(() => held[0]);
      const { host } = browser.agent;
      host.send({ type: 'agent', state: 'gone', error: { code: 'ERR_AGENT_STOPPED', message: 'x' } });
      assert.equal(codeOf(await ending), 'ERR_AGENT_STOPPED');
      browser.agent.script = () => undefined;
      const later = authenticate(page, nonce);
      host.send({ type: 'agent', state: 'connecting' });
      host.send({ type: 'agent', state: 'connected' });
      assert.deepEqual(await later, { value: loginToken });
      assert.equal(browser.agent.host, host);
    });

    it('agent gone for a reason that stays: a login is told that reason', async () => {
      await status(page);
      const { host } = browser.agent;
      host.send({ type: 'agent', state: 'gone', error: { code: 'ERR_AGENT_VERSION', message: 'x' } });
      await toolbarSays(browser, 'Kortbro: Ingen kontakt med Kortbro');
      assert.equal(codeOf(await authenticate(page, nonce)), 'ERR_AGENT_VERSION');
      host.send({ type: 'agent', state: 'connected' });
      await worksAgain();
    });
  });

  describe('events', () => {
    const inCard = (sites: string[]) => agentState([reader({ tokens: [token({ sites })] })]);

    it('reach the documents of the origins that the agent names, and no other', async () => {
      const other = await open(`${browser.sites.prescriptions}/`);
      await Promise.all([listen(page), listen(other)]);
      await status(page);
      browser.agent.tell('card-inserted', [browser.sites.journal], inCard([browser.sites.journal]));
      assert.deepEqual(await hears(page, 1), ['cardinserted']);
      browser.agent.tell('pin-sso-ended', [browser.sites.journal], inCard([browser.sites.journal]));
      browser.agent.tell('card-removed', [browser.sites.journal], agentState());
      assert.deepEqual(await hears(page, 2), ['cardinserted', 'cardremoved']);
      assert.deepEqual(await heard(other), []);
    });

    it('end when the page unsubscribes', async () => {
      await page.evaluate(() => {
        const counts = { one: 0, two: 0 };
        const stop = window.kortbro?.on('cardremoved', () => {
          counts.one++;
          stop?.();
        });
        window.kortbro?.on('cardremoved', () => counts.two++);
        Object.assign(window, { counts });
      });
      await status(page);
      browser.agent.tell('card-removed', [browser.sites.journal], agentState());
      await page.waitForFunction('counts.two === 1');
      browser.agent.tell('card-removed', [browser.sites.journal], agentState());
      await page.waitForFunction('counts.two === 2');
      assert.equal(await page.evaluate('counts.one'), 1);
    });

    it('that were missed while the host was away are told on the next snapshot', async () => {
      await listen(page);
      await status(page);
      browser.agent.tell('card-inserted', [browser.sites.journal], inCard([browser.sites.journal]));
      await hears(page, 1);
      const { host } = browser.agent;
      browser.agent.state = agentState();
      browser.agent.sequence += 3;
      process.kill(host.processId, 'SIGKILL');
      assert.deepEqual(await hears(page, 2), ['cardinserted', 'cardremoved']);
    });

    it('that were missed while the worker was dead are told when it lives again', async () => {
      await listen(page);
      await status(page);
      browser.agent.tell('card-inserted', [browser.sites.journal], inCard([browser.sites.journal]));
      await hears(page, 1);
      const { host } = browser.agent;
      browser.agent.state = agentState();
      browser.agent.sequence += 3;
      process.kill(extensionProcess(browser), 'SIGKILL');
      assert.deepEqual(await hears(page, 2), ['cardinserted', 'cardremoved']);
      assert.ok(host.closed);
      await worksAgain();
    });
  });

  it('tells a page that comes back from the back/forward cache what it has missed', async () => {
    await listen(page);
    await status(page);
    await page.evaluate('isTheSame = true');
    await page.goto(`${browser.sites.prescriptions}/`);
    browser.agent.tell('card-removed', [browser.sites.journal], agentState());
    await status(page);
    await page.goBack({ waitUntil: 'commit' });
    assert.deepEqual(await hears(page, 1), ['cardremoved']);
    assert.equal(await page.evaluate('isTheSame'), true);
    await worksAgain();
  });

  describe('the popup', () => {
    it('shows the live state and forgets the PIN for the holder', async () => {
      const popup = await PopupWindow.open(page);
      const sites = [browser.sites.journal];
      browser.agent.tell('changed', [], agentState([reader({ tokens: [token({ pinSso: true, sites })] })]));
      await popup.shows('#title', /PIN-koden är angiven/);
      await popup.shows('#sites', /https:\/\/journal\.test/);
      await popup.shows('#readers', /Anna Testsson\s+Region Exempel\s+SE0000000000-1ABC/);
      await popup.evaluate('document.getElementById("forget").click()');
      await popup.shows('#outcome', /Klart/);
      const request = browser.agent.requests('forget-pin').at(-1)!;
      assert.deepEqual(request.caller, { kind: 'user' });
      browser.agent.tell('card-removed', [], agentState());
      await popup.shows('#title', /Kortet är utdraget/);
      assert.equal(await popup.evaluate('document.getElementById("sso").hidden'), true);
      await popup.close();
    });

    it('as a page in a tab is refused: only the popup itself speaks for the holder', async () => {
      const tab = await open(`chrome-extension://${extensionId}/popup/popup.html`);
      const before = browser.agent.received.length;
      await tab.evaluate(async () => {
        const port = chrome.runtime.connect({ name: 'popup' });
        port.postMessage({ verb: 'forget-pin' });
        await new Promise<void>((resolve) => port.onDisconnect.addListener(() => resolve()));
      });
      assert.equal(browser.agent.received.length, before);
    });
  });
});

describe('the extension without a native host', function () {
  this.timeout(30_000);
  let build: ExtensionBuild | undefined;
  let browser: ExtensionBrowser | undefined;

  after(async () => {
    await browser?.stop();
    build?.remove();
  });

  it('says within 5 s that Kortbro does not run, and finds a host that is installed meanwhile', async () => {
    build = buildExtension();
    browser = await startExtensionBrowser(build.extension, { hasHost: false });
    const page = await browser.context.newPage();
    await page.goto(`${browser.sites.journal}/`);
    for (let i = 0; i < 2; i++) {
      const since = performance.now();
      assert.equal(codeOf(await authenticate(page, nonce)), 'ERR_AGENT_NOT_RUNNING');
      assert.ok(performance.now() - since < 5_000);
    }
    installFakeHost(browser.profile);
    assert.deepEqual(await authenticate(page, nonce), { value: loginToken });
    assert.equal(browser.agent.hosts.length, 1);
  });
});

/** Waits until the toolbar icon has this title. */
async function toolbarSays({ context }: ExtensionBrowser, title: string): Promise<void> {
  await context.serviceWorkers()[0]?.evaluate(async (wanted) => {
    while ((await chrome.action.getTitle({})) !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  }, title);
}

/** Whether somebody takes a port that this document offers. */
const offerIsTaken = `!dispatchEvent(new MessageEvent('kortbro:connect', { ports: [new MessageChannel().port2], cancelable: true }))`;

// Signing in Chromium with a scripted agent: from a page through the extension to the agent and back, and what happens when any of
// them ends it, is slow or lies.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type ConsoleMessage, type Page } from 'playwright-core';
import { decline } from '../../demo/consent-window.ts';
import { pieceLength } from '../../extension/page-api/pieces.ts';
import { extensionId } from '../../shared/names.ts';
import { nonce } from '../extension/agent-states.ts';
import { SigningAgent, type SigningCase } from '../extension/signing-agent.ts';
import { extensionProcess, startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { authenticate, codeOf } from './extension-page.ts';
import { consentWindow, ready, sign, speakPieces, type SigningEnding } from './signing-page.ts';

const letter = { name: 'Brev.txt', type: 'text/plain', content: 'Hej åäö' };

function codeIn(ending: SigningEnding): string {
  return 'code' in ending ? ending.code : 'none';
}

describe('signing in Chromium', function () {
  this.timeout(40_000);
  let build: ExtensionBuild;
  let browser: ExtensionBrowser;
  let page: Page;
  let agent: SigningAgent;
  const complaints: string[] = [];
  const complain = (message: ConsoleMessage): void => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  };

  before(async function () {
    this.timeout(120_000);
    build = buildExtension();
    browser = await startExtensionBrowser(build.extension);
    await browser.agent.until(() => browser.agent.received[0]);
    browser.context.on('serviceworker', (worker) => worker.on('console', complain));
    for (const worker of browser.context.serviceWorkers()) worker.on('console', complain);
  });
  after(async () => {
    await browser.stop();
    build.remove();
  });
  beforeEach(async () => {
    agent = new SigningAgent();
    browser.agent.script = agent.script;
    page = await browser.context.newPage();
    await page.goto(`${browser.sites.journal}/`);
  });
  afterEach(async () => {
    for (const opened of browser.context.pages().slice(1)) await opened.close().catch(() => undefined);
    assert.deepEqual(complaints.splice(0), [], 'the worker complains in its console');
  });

  /** The agent's end of the last request. */
  const last = (wanted: (signing: SigningCase) => boolean = () => true): Promise<SigningCase> =>
    browser.agent.until(() => (agent.last !== undefined && wanted(agent.last) ? agent.last : undefined));

  async function agree(): Promise<Page> {
    const window = await consentWindow(browser);
    await ready(window);
    await window.click('#sign');
    return window;
  }

  async function worksAgain(from = page): Promise<void> {
    const ending = sign(from, [letter]);
    const window = await agree();
    assert.ok('documents' in (await ending));
    if (!window.isClosed()) await window.waitForEvent('close');
  }

  const closed = async (window: Page): Promise<void> => {
    if (!window.isClosed()) await window.waitForEvent('close');
  };

  it('carries a document to the agent byte for byte, and the signature back', async () => {
    const ending = sign(page, [letter], { type: 'cms', attached: true }, { level: 'B-T' });
    const window = await agree();
    assert.equal(
      await window
        .locator('#origin')
        .innerText()
        .catch(() => browser.sites.journal),
      browser.sites.journal,
    );
    const { request, documents, answer } = await last(({ isTaken }) => isTaken);
    const { id, ...rest } = request;
    assert.match(id, /^[\w-]{36}$/);
    assert.deepEqual(rest, {
      type: 'request',
      verb: 'sign',
      language: 'sv',
      caller: { kind: 'page', origin: browser.sites.journal },
      documents: [{ name: 'Brev.txt', type: 'text/plain', size: 10 }],
      format: { type: 'cms', attached: true },
      level: 'B-T',
    });
    assert.equal(Buffer.from(documents[0]!).toString(), letter.content);
    assert.deepEqual(answer, { type: 'consent', id, answer: 'sign', certificate: 'slot-1/signature' });
    const signature = createHash('sha512').update(letter.content).digest('hex');
    const { progress, ...result } = (await ending) as Extract<SigningEnding, { certificate: string }>;
    assert.deepEqual(result, {
      documents: [{ name: 'Brev.txt', signature }],
      certificate: 'Y2VydGlmaWNhdGU=',
      algorithm: 'ES256',
    });
    assert.deepEqual(
      progress.map(({ stage }) => stage),
      ['sending', 'sending', 'reading', 'consent', 'signing', 'signing', 'receiving', 'receiving'],
    );
    await closed(window);
  });

  it('carries large documents and signatures whole, in pieces, never more on the way than agreed', async () => {
    const size = 9 * pieceLength + 77;
    let unacknowledged = 0;
    let most = 0;
    agent.piece = () => {
      most = Math.max(most, ++unacknowledged);
      queueMicrotask(() => unacknowledged--);
      return true;
    };
    agent.sign = (document) => Buffer.concat([document, Buffer.from('signed')]);
    const hashes = page.evaluate(async (length) => {
      const content = new Uint8Array(length).map((_, i) => (i * 31) ^ (i >> 8));
      const hash = async (bytes: BufferSource): Promise<string> =>
        Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
          byte.toString(16).padStart(2, '0'),
        ).join('');
      const documents = [
        { name: 'one', type: 'application/x-test', content },
        { name: 'two', type: 'application/x-test', content: new Blob([content]) },
      ];
      const { documents: signed } = await window.kortbro!.sign({ documents, format: { type: 'raw' } });
      const outs = signed.map((entry) => (entry.status === 'signed' ? entry.signature : new Uint8Array(0)));
      return { content: await hash(content), outs: await Promise.all(outs.map((out) => hash(out as BufferSource))) };
    }, size);
    await agree();
    const { content, outs } = await hashes;
    const { documents, arrived } = await last();
    for (const document of documents) assert.equal(createHash('sha256').update(document).digest('hex'), content);
    const expected = createHash('sha256').update(documents[0]!).update('signed').digest('hex');
    assert.deepEqual(outs, [expected, expected]);
    assert.equal(arrived.length, 20);
    assert.ok(most <= 4, `${most}`);
  });

  it('tells for each document what came of it', async () => {
    agent.failure = (number) => (number === 1 ? 'ERR_DOCUMENT_REFUSED' : undefined);
    const ending = sign(page, [letter, { ...letter, name: 'Två.txt' }, { ...letter, name: 'Tom.txt', content: '' }]);
    const window = await agree();
    const result = await ending;
    assert.ok('documents' in result);
    assert.deepEqual(
      result.documents.map((entry) => ('code' in entry ? entry.code : entry.signature.length)),
      [128, 'ERR_DOCUMENT_REFUSED', 128],
    );
    assert.match(await window.locator('#title').innerText(), /1 av 3 dokument blev inte undertecknade/);
    assert.match(
      await window.locator('#ending-list').innerText(),
      /Två\.txt\s+Dokumentet får inte[^]*ERR_DOCUMENT_REFUSED/,
    );
    await decline(window);
    await closed(window);
  });

  for (const [words, leave] of [
    ['Avbryt', decline],
    ['Escape', (window: Page) => window.keyboard.press('Escape')],
    ['closing the window', (window: Page) => window.close()],
  ] as const) {
    it(`is declined by ${words}`, async () => {
      const ending = sign(page, [letter]);
      const window = await consentWindow(browser);
      await leave(window).catch(() => undefined);
      assert.equal(codeIn(await ending), 'ERR_USER_DECLINED');
      assert.equal((await last()).answer?.answer, 'decline');
      await closed(window);
      await worksAgain();
    });
  }

  for (const [words, leave] of [
    ['aborts', () => page.evaluate('abort()')],
    ['goes elsewhere', () => page.goto(`${browser.sites.prescriptions}/`)],
    ['is closed', () => page.close()],
  ] as const) {
    it(`ends everywhere when the page ${words} while the holder reads`, async () => {
      const ending = sign(page, [letter]).then(codeIn, () => 'gone');
      const window = await consentWindow(browser);
      await leave();
      await last(({ isCancelled }) => isCancelled);
      await closed(window);
      assert.equal(await ending, words === 'aborts' ? 'ERR_REQUEST_CANCELLED' : 'gone');
      const next = await browser.context.newPage();
      await next.goto(`${browser.sites.journal}/`);
      await worksAgain(next);
    });
  }

  it('ends everywhere when the agent is lost while the holder reads', async () => {
    const ending = sign(page, [letter]);
    const window = await consentWindow(browser);
    process.kill(browser.agent.host.processId, 'SIGKILL');
    assert.equal(codeIn(await ending), 'ERR_AGENT_STOPPED');
    await closed(window);
    await worksAgain();
  });

  it('ends everywhere when the worker is lost while the holder reads', async () => {
    const ending = sign(page, [letter]);
    const window = await consentWindow(browser);
    const { host } = browser.agent;
    process.kill(extensionProcess(browser), 'SIGKILL');
    assert.equal(codeIn(await ending), 'ERR_AGENT_STOPPED');
    await browser.agent.until(() => host.closed);
    await closed(window);
    await worksAgain();
  });

  it('asks one question at a time', async () => {
    const first = sign(page, [letter]);
    const window = await consentWindow(browser);
    const other = await browser.context.newPage();
    await other.goto(`${browser.sites.prescriptions}/`);
    const second = sign(other, [{ ...letter, name: 'Två.txt' }]);
    await browser.agent.until(() => agent.cases.length === 2);
    assert.equal(await authenticate(page, nonce).then(codeOf), undefined, 'other requests go on meanwhile');
    assert.equal(browser.context.pages().filter((opened) => opened.url().includes('/consent/')).length, 1);
    assert.equal(await window.locator('#origin').innerText(), browser.sites.journal);
    const following = browser.context.waitForEvent('page');
    await decline(window);
    assert.equal(codeIn(await first), 'ERR_USER_DECLINED');
    await following;
    const next = await consentWindow(browser);
    assert.equal(await next.locator('#origin').innerText(), browser.sites.prescriptions);
    await ready(next);
    await next.click('#sign');
    assert.ok('documents' in (await second));
  });

  it('shows what has gone wrong after the yes until it is read, and gives way to the next question', async () => {
    agent.agreed = (signing) => agent.fail(signing, 'ERR_CARD_REMOVED');
    const ending = sign(page, [letter]);
    const window = await agree();
    assert.equal(codeIn(await ending), 'ERR_CARD_REMOVED');
    assert.equal(await window.locator('#title').innerText(), 'Inget blev undertecknat');
    assert.match(await window.locator('#ending').innerText(), /Kortet drogs ur[^]*ERR_CARD_REMOVED/);
    assert.equal(await window.locator('#document').isVisible(), false);
    agent.agreed = (signing) => agent.finish(signing);
    const next = sign(page, [letter]);
    await closed(window);
    await agree();
    assert.ok('documents' in (await next));
  });

  it('can be cut short while signatures are made, and says which of them were', async () => {
    const begin = (signing: SigningCase): void =>
      signing.host.send({ type: 'signing', id: signing.id, stage: 'progress', done: 1 });
    agent.agreed = begin;
    agent.failure = (number) => (number > 0 ? 'ERR_USER_CANCELLED' : undefined);
    agent.stopped = (signing) => agent.finish(signing);
    const ending = sign(page, [letter, { ...letter, name: 'Två.txt' }]);
    const window = await agree();
    await window.waitForFunction(() => document.getElementById('status')?.textContent === '1 av 2 är undertecknade');
    await decline(window);
    const result = await ending;
    assert.ok('documents' in result);
    assert.deepEqual(
      result.documents.map((entry) => 'code' in entry),
      [false, true],
    );
    assert.match(await window.locator('#ending').innerText(), /De andra är undertecknade[^]*Två\.txt/);
  });

  it('has no window for whoever opens its address', async () => {
    const ending = sign(page, [letter]);
    const window = await consentWindow(browser);
    const address = `chrome-extension://${extensionId}/consent/consent.html`;
    for (const url of [address, `${address}?x`, window.url()]) {
      const tab = await browser.context.newPage();
      await tab.goto(url).catch(() => undefined);
      await closed(tab);
    }
    await page.evaluate((url) => open(url), window.url()).catch(() => undefined);
    await ready(window);
    await window.click('#sign');
    assert.ok('documents' in (await ending));
  });

  describe('a hostile page that', () => {
    const request = { id: 'x', verb: 'sign', format: { type: 'raw' } };
    const big = 3 * pieceLength;
    const asks = JSON.stringify({ ...request, documents: [{ name: 'a', type: 'text/plain', size: big }] });
    const cases: Record<
      string,
      { pieces: { document?: number; offset: number; size: number; shared?: boolean }[]; code: string }
    > = {
      'leaves a piece out': { pieces: [{ offset: pieceLength, size: pieceLength }], code: 'ERR_DOCUMENT_INCOMPLETE' },
      'sends tiny pieces': { pieces: [{ offset: 0, size: 1 }], code: 'ERR_DOCUMENT_INCOMPLETE' },
      'sends an empty piece': { pieces: [{ offset: 0, size: 0 }], code: 'ERR_REQUEST_INVALID' },
      'sends a piece that is too large': {
        pieces: [{ offset: 0, size: pieceLength + 1 }],
        code: 'ERR_REQUEST_INVALID',
      },
      'sends memory that it can still change': {
        pieces: [{ offset: 0, size: pieceLength, shared: true }],
        code: 'ERR_REQUEST_INVALID',
      },
      'names no document': { pieces: [{ document: 7, offset: 0, size: pieceLength }], code: 'ERR_DOCUMENT_INCOMPLETE' },
      'does not wait': {
        pieces: [0, 1, 2, 3, 4, 5].map((number) => ({ offset: number * pieceLength, size: pieceLength })),
        code: 'ERR_REQUEST_INVALID',
      },
    };
    for (const [words, { pieces, code }] of Object.entries(cases)) {
      it(`${words} ends its own request, and nobody is asked`, async () => {
        if (pieces.some(({ shared }) => shared)) {
          browser.sites.headers.set('/isolated', {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          });
          await page.goto(`${browser.sites.journal}/isolated`);
        }
        assert.equal(await speakPieces(page, asks, pieces), code);
        assert.ok(
          (await last()).isCancelled || words === 'names no document' || (await last(({ isCancelled }) => isCancelled)),
        );
        assert.equal(browser.context.pages().filter((opened) => opened.url().includes('/consent/')).length, 0);
        await worksAgain();
      });
    }

    it('asks for what is no signing is refused before the agent hears of it', async () => {
      const entry = { name: 'a', type: 'text/plain', size: 1 };
      const before = browser.agent.received.length;
      for (const [wrong, code] of [
        [{ documents: [] }, 'ERR_REQUEST_INVALID'],
        [{ documents: Array(101).fill(entry) }, 'ERR_REQUEST_INVALID'],
        [{ documents: [{ ...entry, size: -1 }] }, 'ERR_REQUEST_INVALID'],
        [{ documents: [{ ...entry, more: 1 }] }, 'ERR_REQUEST_INVALID'],
        [{ documents: [{ ...entry, type: 'TEXT/plain; charset=x' }] }, 'ERR_REQUEST_INVALID'],
        [{ documents: [{ ...entry, name: '' }] }, 'ERR_REQUEST_INVALID'],
        [{ documents: [{ ...entry, size: 60_000_000 }] }, 'ERR_DOCUMENT_TOO_LARGE'],
        [{ documents: Array(3).fill({ ...entry, size: 50_000_000 }) }, 'ERR_DOCUMENT_TOO_LARGE'],
        [{ documents: [entry], format: { type: 'pgp' } }, 'ERR_REQUEST_INVALID'],
        [{ documents: [entry], level: 'B-LTA' }, 'ERR_REQUEST_INVALID'],
        [{ documents: [entry], certificate: { hsaId: '' } }, 'ERR_REQUEST_INVALID'],
        [{ documents: [entry], origin: browser.sites.prescriptions }, 'ERR_REQUEST_INVALID'],
        [{ documents: [entry], caller: { kind: 'user' } }, 'ERR_REQUEST_INVALID'],
      ] as const) {
        const text = JSON.stringify({ ...request, ...wrong });
        await page.reload(); // a page has only a few channels
        assert.equal(await speakPieces(page, text, []), code, text.slice(0, 200));
      }
      assert.equal(codeIn(await sign(page, [{ ...letter, name: 'n'.repeat(70_000) }])), 'ERR_REQUEST_INVALID');
      assert.equal(browser.agent.received.length, before);
      await worksAgain();
    });

    it('answers late keeps nobody waiting but itself, and is ended by the agent', async () => {
      const stuck = speakPieces(page, asks, []);
      const { id, host } = await last();
      const other = await browser.context.newPage();
      await other.goto(`${browser.sites.prescriptions}/`);
      await worksAgain(other);
      host.send({ type: 'error', id, error: { code: 'ERR_DOCUMENT_INCOMPLETE', message: 'x' } });
      assert.equal(await stuck, 'ERR_DOCUMENT_INCOMPLETE');
    });
  });

  describe('an agent that lies', () => {
    const lies: Record<string, (signing: SigningCase) => void> = {
      'asks for consent again': ({ id, host }) => host.send({ type: 'signing', id, stage: 'receiving' }),
      'has signed before the holder has answered': ({ id, host }) =>
        host.send({ type: 'signing', id, stage: 'progress', done: 1 }),
      'answers without signatures': ({ id, host }) => host.send({ type: 'response', id, result: { signed: 1 } }),
      'gives bytes that nobody has asked for': ({ id, host }) =>
        host.send({ type: 'data', id, what: 'signature', document: 0, offset: 0, data: 'AAAA' }),
    };
    for (const [words, lie] of Object.entries(lies)) {
      it(`${words} is not believed: its connection ends, and the request with it`, async () => {
        const ending = sign(page, [letter]);
        const window = await consentWindow(browser);
        const signing = await last();
        lie(signing);
        assert.equal(codeIn(await ending), 'ERR_AGENT_STOPPED');
        await closed(window);
        await browser.agent.until(() => signing.host.closed);
        await worksAgain();
      });
    }
  });
});

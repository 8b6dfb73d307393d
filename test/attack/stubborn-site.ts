// A site whose pages do not want to go: a tab of it in which Anna is logged in, the pull of her card, and the look for what is left
// of her: at its server, in the browser, on the screen, and in what the next holder's login carries. Each is a site of its own.
import assert from 'node:assert/strict';
import { type Frame, type Page } from 'playwright-core';
import { until } from '../../demo/demo-agent.ts';
import { parseResult } from '../../shared/messages.ts';
import { within } from '../native-host/within.ts';
import { type TestCard } from '../support/test-cards.ts';
import { type AttackBrowser } from './attack-browser.ts';
import { type SitePage } from './attack-sites.ts';
import { authenticate } from './page-scripts.ts';
import { isOf, nameOf } from './registered-site.ts';
import { isSignedFor, newNonce, withoutKeyUse } from './target.ts';

/** Script: puts something into every kind of storage that a page can write. */
export const writeEverywhere = `
  document.cookie = 'script=hers; Secure; Path=/; Max-Age=86400';
  localStorage.setItem('local', 'hers');
  sessionStorage.setItem('session', 'hers');
  caches.open('cache');
  indexedDB.open('database');`;

/** Script: the names of all that is found there, and of service workers; a list. */
export const findEverywhere = `(async () => [
  ...document.cookie.split('; ').filter(Boolean),
  ...Object.keys(localStorage),
  ...Object.keys(sessionStorage),
  ...(await caches.keys()),
  ...(await indexedDB.databases()).map(({ name }) => name),
  ...(await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
])()`;

/** Her session's cookie; the server renews it with every answer to a request that carries it. */
const cookie = { name: 'server', value: 'hers' };
const renewal = { 'set-cookie': 'server=hers; Secure; HttpOnly; SameSite=None; Path=/; Max-Age=86400' };

/** How long a document may take to say what it shows, in milliseconds; one that does not say it counts as showing it. */
const silence = 2_000;

let count = 0;

export class StubbornSite {
  readonly origin: string;
  readonly #browser: AttackBrowser;
  /** Requests that came before this one may have been hers. */
  #clearedAt = 0;

  constructor(browser: AttackBrowser) {
    this.#browser = browser;
    this.origin = browser.origin(`stubborn${++count}.ward`);
  }

  /** A tab in which she is logged in, by a page with this script. @returns tab and logout token */
  async logIn(script = ''): Promise<{ page: Page; token: string }> {
    const { context, open, target } = this.#browser;
    this.serve('/', `<script>${script}</script>`);
    await context.addCookies([{ ...cookie, url: this.origin, httpOnly: true, secure: true, sameSite: 'None' }]);
    const page = await open(`${this.origin}/`);
    return { page, token: await this.#logIn(page, target.anna) };
  }

  /** Who must not be seen any more. */
  get holder(): string {
    return nameOf(this.#browser.target.anna);
  }

  /** What is answered at `path` to whoever has her session: her name, `more`, and a new cookie. */
  serve(path: string, more = '', hold: Promise<unknown> = Promise.resolve()): void {
    const start = '<!doctype html><meta charset="utf-8"><title>ward</title>';
    const hers: SitePage = { html: `${start}<h1>${this.holder}</h1>${more}`, headers: renewal, hold };
    const isHers = (sent: string) => sent.includes(`${cookie.name}=${cookie.value}`);
    this.#browser.pages.set(path, (request) => (isHers(request.cookie) ? hers : { html: start, hold }));
  }

  /** The card is pulled; settles when the site has been called and the browser says that it is clear. No key is used for it. */
  async pull(token: string): Promise<void> {
    const { target, requests } = this.#browser;
    await withoutKeyUse(target, async () => {
      await target.agent.simulator.remove();
      await until(() => this.#calls(token) > 0, 8_000, 'the site is not called');
      await until(() => this.#cleared > 0, 8_000, 'the browser is not cleared');
    });
    this.#clearedAt = requests.length;
  }

  /** Looks everywhere, with the eyes of the next holder, who logs in and leaves. The card's reader is empty before and after. */
  async assertNothingLeft(token: string): Promise<void> {
    const { target, context, requests, open } = this.#browser;
    await target.agent.simulator.insert('bertil');
    const page = await open(`${this.origin}/next`);
    assert.deepEqual(await page.evaluate(findEverywhere), [], 'is left in the browser');
    const his = await this.#logIn(page, target.bertil);
    const cookies = await context.cookies(this.origin);
    assert.deepEqual(
      cookies.map(({ name }) => name),
      [],
      'is left in the browser',
    );
    const { host } = new URL(this.origin);
    const carrying = requests.slice(this.#clearedAt).filter((one) => one.host === host && one.cookie !== '');
    assert.deepEqual(carrying, [], 'is carried to the site');
    assert.deepEqual(await page.evaluate(findEverywhere), [], 'comes back');
    assert.deepEqual(await this.#showing(), [], 'shows her');
    assert.equal(this.#calls(token), 1, 'calls for her session');
    await target.agent.simulator.remove();
    await until(() => this.#calls(his) === 1, 8_000, 'the next holder is not logged out');
    await until(() => this.#cleared > 1, 8_000, 'the browser is not cleared of the next holder');
  }

  /** By the PIN that the site's own dialog asks for. */
  async #logIn(page: Page, holder: TestCard): Promise<string> {
    const { agent } = this.#browser.target;
    const user = await agent.host();
    await user.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    await user.end();
    const [nonce, token] = [newNonce(), newNonce()];
    agent.pinentry.reset();
    agent.pinentry.answer(`pin ${holder.pin}`);
    const { value, code } = await authenticate(page, nonce, { url: `${this.origin}/logout-call`, token });
    agent.pinentry.reset();
    assert.equal(code, undefined, 'the login is refused');
    const login = parseResult('authenticate', value);
    assert.ok(isSignedFor(login, this.origin, nonce));
    assert.ok(isOf(login, holder), 'somebody else is logged in');
    return token;
  }

  /** Calls of the agent for the session of `token`. */
  #calls(token: string): number {
    return this.#browser.requests.filter(({ path, body }) => path === '/logout-call' && body.includes(token)).length;
  }

  /** How often the browser has said that it is clear of somebody here. */
  get #cleared(): number {
    const isOurs = ({ event, origin }: Record<string, unknown>) => event === 'logout-cleared' && origin === this.origin;
    return this.#browser.target.agent.audit().filter(isOurs).length;
  }

  /** The addresses of all documents, frames too, in which she is seen. */
  async #showing(): Promise<string[]> {
    const frames = this.#browser.context.pages().flatMap((page) => page.frames());
    const found = await Promise.all(frames.map((frame) => shows(frame, this.holder)));
    return frames.filter((_, index) => found[index]).map((frame) => frame.url());
  }
}

async function shows(frame: Frame, words: string): Promise<boolean> {
  const text = frame.evaluate<string>('document.body?.innerText ?? ""').catch(() => '');
  return (await within(silence, text, 'what a document shows').catch(() => words)).includes(words);
}

// What hostile and honest pages do, as scripts for `page.evaluate`; outcomes are plain values.
import assert from 'node:assert/strict';
import { type Frame, type Page } from 'playwright-core';
import { type LogoutRegistration, parseResult } from '../../shared/messages.ts';
import { type AttackBrowser } from './attack-browser.ts';
import { isSignedFor, newNonce } from './target.ts';

/** How a call ended. */
export interface Ending {
  readonly value?: unknown;
  readonly code?: string;
}

const ending = `.then((value) => ({ value }), ({ code = 'no code' }) => ({ code }))`;

/** window.kortbro.authenticate({ nonce, logout }), to its end. */
export function authenticate(page: Page, nonce: unknown = newNonce(), logout?: LogoutRegistration): Promise<Ending> {
  return page.evaluate(`kortbro.authenticate(${JSON.stringify({ nonce, logout })})${ending}`);
}

/** window.kortbro.status(), to its end. */
export function status(page: Page): Promise<Ending> {
  return page.evaluate(`kortbro.status()${ending}`);
}

/** Opens a channel of its own to the content script and says `texts`; what came back within `milliseconds`, or the first `answers`. */
export function speak(
  page: Page | Frame,
  texts: readonly unknown[],
  answers: number,
  milliseconds = 2_000,
): Promise<Record<string, unknown>[]> {
  return page.evaluate(`new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const free = dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
    const got = [];
    const done = () => resolve(free ? [{ free }] : got);
    port1.onmessage = ({ data }) => { if (got.push(JSON.parse(data)) >= ${answers}) done(); };
    for (const text of ${JSON.stringify(texts)}) port1.postMessage(text);
    if (free) done();
    setTimeout(done, ${milliseconds});
  })`);
}

/** The next honest login of a page of the journal, with the PIN if it is asked. */
export async function honestPageLogin({ target: { agent, anna }, open, origin }: AttackBrowser): Promise<void> {
  const page = await open(`${origin('journal')}/`);
  const nonce = newNonce();
  agent.pinentry.reset();
  agent.pinentry.answer(`pin ${anna.pin}`);
  const { value, code } = await authenticate(page, nonce);
  agent.pinentry.reset();
  assert.equal(code, undefined, 'the honest login is refused');
  assert.ok(isSignedFor(parseResult('authenticate', value), origin('journal'), nonce));
  await page.close();
}

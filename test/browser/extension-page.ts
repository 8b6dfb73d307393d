// What tests do in a page: use the page API and get plain values back.
import { type Page } from 'playwright-core';
import { type Kortbro } from '../../extension/page-api/api.ts';

/** How a call ended, as far as it can leave the page. */
export type Ending = { value: unknown } | { name: string; code: string; message: string; isKortbroError: boolean };

/** window.kortbro.authenticate({nonce}), to its end. */
export function authenticate(page: Page, nonce: unknown): Promise<Ending> {
  return page.evaluate(async (given) => {
    const kortbro = window.kortbro as Kortbro;
    try {
      return { value: await kortbro.authenticate({ nonce: given as string }) };
    } catch (error) {
      const { name, code, message } = error as InstanceType<Kortbro['KortbroError']>;
      return { name, code, message, isKortbroError: error instanceof kortbro.KortbroError };
    }
  }, nonce);
}

/** window.kortbro.status(), to its end. */
export function status(page: Page): Promise<Ending> {
  return page.evaluate(async () => {
    const kortbro = window.kortbro as Kortbro;
    try {
      return { value: await kortbro.status() };
    } catch (error) {
      const { name, code, message } = error as InstanceType<Kortbro['KortbroError']>;
      return { name, code, message, isKortbroError: error instanceof kortbro.KortbroError };
    }
  });
}

/** The code of a failed call; undefined for one that succeeded. */
export function codeOf(ending: Ending): string | undefined {
  return 'code' in ending ? ending.code : undefined;
}

/** Listens in the page; `heard` then gives the names of all events so far. */
export async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    for (const name of ['cardremoved', 'cardinserted', 'loggedout'] as const) {
      window.kortbro?.on(name, () => heard.push(name));
    }
  });
}

export function heard(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

/** Waits until the page has heard `count` events. */
export async function hears(page: Page, count: number): Promise<string[]> {
  await page.waitForFunction((wanted) => (window as unknown as { heard: string[] }).heard.length >= wanted, count);
  return heard(page);
}

/** Opens a channel as the page script does and sends texts on it; gives the first `answers` answers. */
export function speak(page: Page, texts: readonly unknown[], answers: number): Promise<unknown[]> {
  return page.evaluate(
    async ([said, wanted]) => {
      const { port1, port2 } = new MessageChannel();
      dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
      const got: unknown[] = [];
      await new Promise<void>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<string>) => {
          if (got.push(JSON.parse(data)) >= wanted) resolve();
        };
        for (const text of said) port1.postMessage(text);
      });
      return got;
    },
    [texts, answers] as const,
  );
}

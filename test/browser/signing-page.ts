// What tests of signing do: a page that signs, and the consent window that it brings up.
import { type Page } from 'playwright-core';
import { type SignatureFormat } from '../../extension/page-api/api.ts';
import { type ExtensionBrowser } from './extension-browser.ts';

/** A document as a test names it; bytes are base64. */
export interface TestDocument {
  name: string;
  type: string;
  content: string | { base64: string };
}

/** How a signing ended, as far as it can leave the page; signatures in hex. */
export type SigningEnding =
  | {
      documents: ({ name: string; signature: string } | { name: string; code: string; message: string })[];
      certificate: string;
      algorithm: string;
      progress: { stage: string; [key: string]: unknown }[];
    }
  | { code: string; message: string; progress: { stage: string }[] };

/** window.kortbro.sign(), to its end. `abort()` in the page gives it up. */
export function sign(
  page: Page,
  documents: readonly TestDocument[],
  format: SignatureFormat = { type: 'cms', attached: false },
  more: object = {},
): Promise<SigningEnding> {
  return page.evaluate(
    async ([given, asked, others]) => {
      const progress: { stage: string }[] = [];
      const controller = new AbortController();
      Object.assign(window, { abort: () => controller.abort() });
      const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      try {
        const result = await window.kortbro!.sign(
          {
            documents: given.map(({ name, type, content }) => ({
              name,
              type,
              content: typeof content === 'string' ? content : bytes(content.base64),
            })),
            format: asked,
            ...others,
          },
          { signal: controller.signal, onProgress: (told) => progress.push({ ...told }) },
        );
        const hex = (signature: Uint8Array): string =>
          Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
        return {
          documents: result.documents.map((entry) =>
            entry.status === 'signed'
              ? { name: entry.name, signature: hex(entry.signature) }
              : { name: entry.name, code: entry.code, message: entry.message },
          ),
          certificate: result.certificate,
          algorithm: result.algorithm,
          progress,
        };
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return { code, message, progress };
      }
    },
    [documents, format, more] as const,
  );
}

/** The next consent window, loaded. */
export async function consentWindow({ context }: ExtensionBrowser): Promise<Page> {
  const isConsent = (page: Page): boolean => page.url().includes('/consent/consent.html');
  const found = context.pages().find(isConsent) ?? (await context.waitForEvent('page', isConsent));
  await found.waitForFunction(() => document.getElementById('origin')?.textContent !== '');
  return found;
}

/** Waits until the button may be used. */
export async function ready(window: Page): Promise<void> {
  await window.waitForFunction(() => document.getElementById('sign')?.ariaDisabled === 'false');
}

/**
 * Asks on a channel of the test's own, as a page might that is not honest, and then sends pieces, all at once, when it is asked
 * to. @returns the code with which it ends
 */
export function speakPieces(
  page: Page,
  request: string,
  pieces: readonly { document?: number; offset: number; size: number; shared?: boolean }[],
): Promise<string> {
  return page.evaluate(
    async ([text, sent]) => {
      const { port1, port2 } = new MessageChannel();
      dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
      return new Promise<string>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<string>) => {
          const { error, signing } = JSON.parse(data) as { error?: { code: string }; signing?: { stage: string } };
          if (error !== undefined) resolve(error.code);
          if (signing?.stage !== 'receiving') return;
          for (const { document = 0, offset, size, shared } of sent) {
            const bytes = new Uint8Array(shared === true ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
            port1.postMessage({ id: (JSON.parse(text) as { id: string }).id, document, offset, bytes });
          }
        };
        port1.postMessage(text);
      });
    },
    [request, pieces] as const,
  );
}

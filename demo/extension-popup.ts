// The extension's popup in a browser that runs by program: opened as the toolbar's button opens it. It is reached through
// Chromium's own protocol, since a popup is no tab, and the extension takes the holder's wishes from nowhere else.
import { type BrowserContext, type CDPSession } from 'playwright-core';
import { extensionId } from '../shared/names.ts';
import { until } from './demo-agent.ts';

export interface ExtensionPopup {
  /** Evaluates an expression in the popup. */
  evaluate(expression: string): Promise<unknown>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

interface Target {
  type: string;
  url: string;
  targetId: string;
}

/** Opens the popup of the context's active window. */
export async function openPopup(context: BrowserContext): Promise<ExtensionPopup> {
  const url = `chrome-extension://${extensionId}/popup/popup.html`;
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker', { timeout: 5_000 }));
  await worker.evaluate('chrome.action.openPopup()');
  const browser = await browserSession(context);
  let target: Target | undefined;
  await until(
    async () => {
      const { targetInfos } = await browser.send('Target.getTargets');
      target = targetInfos.find((candidate) => candidate.type === 'page' && candidate.url === url);
      return target !== undefined;
    },
    5_000,
    'the popup does not open',
  );
  const targetId = target?.targetId ?? '';
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId });
  return popup(browser, sessionId, targetId);
}

async function browserSession(context: BrowserContext): Promise<CDPSession> {
  const browser = context.browser();
  if (browser === null) throw new Error('the browser is gone');
  return browser.newBrowserCDPSession();
}

/** Speaks to one target over the browser's session (Target.sendMessageToTarget: playwright keeps flat sessions to itself). */
function popup(browser: CDPSession, sessionId: string, targetId: string): ExtensionPopup {
  let lastId = 0;
  const command = (method: string, params: object): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      const receive = (event: { sessionId: string; message: string }): void => {
        const answer = JSON.parse(event.message) as { id?: number; result?: Record<string, unknown>; error?: object };
        if (event.sessionId !== sessionId || answer.id !== id) return;
        browser.off('Target.receivedMessageFromTarget', receive);
        if (answer.result === undefined) reject(new Error(`${method}: ${JSON.stringify(answer.error)}`));
        else resolve(answer.result);
      };
      browser.on('Target.receivedMessageFromTarget', receive);
      browser
        .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
        .catch(reject);
    });
  return {
    evaluate: async (expression) => {
      const { result } = await command('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      return typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
    },
    screenshot: async () => {
      const { data } = await command('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
    close: async () => {
      await browser.send('Target.closeTarget', { targetId }).catch(() => undefined);
      await browser.detach().catch(() => undefined);
    },
  };
}

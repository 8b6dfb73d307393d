// The real popup, as the toolbar button opens it. Playwright does not see it as a page, so it is reached through the
// DevTools protocol by hand.
import { type CDPSession, type Page } from 'playwright-core';

export class PopupWindow {
  readonly #session: CDPSession;
  readonly #sessionId: string;
  readonly #answers = new Map<number, (message: Answer) => void>();
  #number = 0;

  private constructor(session: CDPSession, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
      const answer = JSON.parse(message) as Answer;
      this.#answers.get(answer.id)?.(answer);
    });
  }

  /** Opens the popup over the window that shows `page`. */
  static async open(page: Page): Promise<PopupWindow> {
    const [worker] = page.context().serviceWorkers();
    if (worker === undefined) throw new Error('the extension has no worker');
    await worker.evaluate(() => chrome.action.openPopup());
    const session = await page.context().newCDPSession(page);
    const { targetInfos } = await session.send('Target.getTargets');
    const target = targetInfos.find(({ url }) => url.endsWith('/popup/popup.html'));
    if (target === undefined) throw new Error('the popup did not open');
    const { sessionId } = await session.send('Target.attachToTarget', { targetId: target.targetId, flatten: false });
    return new PopupWindow(session, sessionId);
  }

  /** The value of an expression in the popup; promises are awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const id = ++this.#number;
    const answer = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    const params = { expression, returnByValue: true, awaitPromise: true };
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params });
    await this.#session.send('Target.sendMessageToTarget', { sessionId: this.#sessionId, message });
    const { result } = await answer;
    if (result.exceptionDetails !== undefined) throw new Error(result.exceptionDetails.text);
    return result.result.value;
  }

  /** Waits until the text of an element matches. */
  async shows(selector: string, pattern: RegExp): Promise<void> {
    await this.evaluate(`new Promise((resolve, reject) => {
      const fits = () => ${pattern}.test(document.querySelector(${JSON.stringify(selector)}).innerText);
      if (fits()) return resolve();
      new MutationObserver(() => fits() && resolve()).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      setTimeout(() => reject(document.body.innerText), 5000);
    })`);
  }

  async close(): Promise<void> {
    await this.evaluate('setTimeout(close)');
    await this.#session.detach();
  }
}

interface Answer {
  id: number;
  result: { result: { value?: unknown }; exceptionDetails?: { text: string } };
}

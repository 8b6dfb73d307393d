// 12, into the browser: no process of Chromium and no file of its profile ever holds a PIN.
import assert from 'node:assert/strict';
import { scanFiles, scanProcess } from '../support/memory-scan.ts';
import { descendantsOf } from '../support/processes.ts';
import { randomPin } from '../support/test-cards.ts';
import { attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate, honestPageLogin } from './page-scripts.ts';

const browserObstacle =
  browserUnavailable() ?? (process.getuid?.() === 0 ? undefined : "reading other processes' memory needs root");
(browserObstacle === undefined ? describe : describe.skip)(
  `12 PIN leakage, into the browser${browserObstacle === undefined ? '' : ` (not run: ${browserObstacle})`}`,
  function () {
    this.timeout(60_000);

    it('no process of Chromium and no file of its profile holds the PIN after a login', async () => {
      const browser = await attackBrowser();
      const { agent, anna } = browser.target;
      await honestPageLogin(browser);
      const page = await browser.open(`${browser.origin('leak')}/`);
      const wrong = randomPin();
      const holder = await agent.host();
      await holder.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
      agent.pinentry.reset();
      agent.pinentry.answer(`pin ${wrong}`);
      assert.deepEqual(await authenticate(page), { code: 'ERR_PIN_WRONG' });
      const processes = [{ processId: browser.processId, command: 'browser' }, ...descendantsOf(browser.processId)];
      assert.ok(processes.some(({ command }) => command.includes('--extension-process')));
      const found = processes.flatMap(({ processId, command }) =>
        scanProcess(processId, [anna.pin, wrong], command.slice(0, 40)),
      );
      assert.deepEqual(found, []);
      assert.deepEqual(scanFiles(browser.profile, [anna.pin, wrong]), []);
      await holder.end();
      await browser.closeTabs();
      await honestPageLogin(browser);
    });
  },
);

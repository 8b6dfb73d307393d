// 23, in front of the virtual card and behind a browser: what a kill leaves on the card, and what a killed browser leaves.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate } from './page-scripts.ts';
import { honestLogin, withoutKeyUse } from './target.ts';
import { startVirtualTarget, virtualUnavailable, type VirtualTarget } from './virtual-target.ts';

/** From the end of the browser to the end of the native host, in milliseconds. */
const hostEndTime = 2_000;

const obstacle = virtualUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `23 the card after its agent was killed, on the virtual IDPrime 940${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(30_000);
    let target: VirtualTarget;
    before(async () => {
      target = await startVirtualTarget();
    });
    after(async () => target.agent.stop());

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`${signal}: PIN-SSO is over within ten seconds, by the card's own word, and the PIN is asked for again`, async () => {
        const host = await target.agent.host();
        await honestLogin(target, host);
        assert.equal((await target.stack.pinState('anna')).verified, true);
        await target.agent.kill(signal);
        await until(async () => !(await target.stack.pinState('anna')).verified, 10_000, 'the card is still verified');
        await host.end();
        const next = await target.agent.host();
        const dialogs = target.agent.pinentry.shown().length;
        await honestLogin(target, next);
        assert.equal(target.agent.pinentry.shown().length, dialogs + 1);
        await next.end();
      });
    }
  },
);

const browserObstacle = browserUnavailable();
(browserObstacle === undefined ? describe : describe.skip)(
  `23 a browser that is killed${browserObstacle === undefined ? '' : ` (not run: ${browserObstacle})`}`,
  function () {
    this.timeout(40_000);

    it('leaves no native host and no dialog; the agent stays, and the next browser logs in', async () => {
      const browser = await attackBrowser();
      const { agent } = browser.target;
      const page = await browser.open(`${browser.origin('doomed')}/`);
      agent.pinentry.reset();
      const { processId } = agent;
      await until(() => agent.processesNamed('native-host').length > 0, 10_000, 'no native host');
      await withoutKeyUse(browser.target, async () => {
        authenticate(page).catch(() => undefined);
        await agent.pinentry.waitForDialog();
        const since = performance.now();
        process.kill(browser.processId, 'SIGKILL');
        await until(() => agent.processesNamed('native-host').length === 0, 5_000, 'a native host is left over');
        assert.ok(performance.now() - since < hostEndTime + 1_000, `${Math.round(performance.now() - since)} ms`);
        await until(() => agent.processesNamed('pinentry').length === 0, 5_000, 'a dialog is left over');
        await until(
          () => agent.processesNamed('browser').length + agent.processesNamed('extension').length === 0,
          5_000,
          'left over',
        );
      });
      assert.equal(agent.processId, processId);
      const next = await agent.host();
      await honestLogin(browser.target, next, browser.origin('journal'));
      await next.end();
    });
  },
);

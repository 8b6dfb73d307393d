// 04: nobody is worn down into typing a PIN. One dialog at a time whoever asks, a bounded queue behind it, and a site whose
// dialogs come to nothing three times in a row is muted for a while, without a word on the screen.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { until } from '../../demo/demo-agent.ts';
import { type PinentryAnswer } from '../../demo/pinentry-script.ts';
import { type AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { authenticate, honestPageLogin } from './page-scripts.ts';
import { honestLogin, impose, newNonce, sites, startTarget, type Target, withoutKeyUse } from './target.ts';

/** The dialog programs that an agent runs; what the script itself forks for a moment is none. */
function dialogsOf(agent: AgentUnderTest): number {
  return agent.processes.filter(({ part, parentId }) => part === 'pinentry' && parentId === agent.processId).length;
}

/** Samples how many dialogs there are while something goes on. */
async function mostDialogs(count: () => number, work: () => Promise<unknown>): Promise<number> {
  let most = count();
  const timer = setInterval(() => (most = Math.max(most, count())), 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, count());
}

const counted = (codes: readonly (string | undefined)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code ?? 'ok'] = (counts[code ?? 'ok'] ?? 0) + 1;
  return counts;
};

describe('04 prompt flooding', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    target = await startTarget();
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(async () => {
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    target.agent.pinentry.reset();
  });
  afterEach(async () => {
    await honestLogin(target, host);
  });

  const dialogsNow = () => dialogsOf(target.agent);

  it('sixty requests of one site at once: one dialog at a time, eight wait, the rest is ERR_AGENT_BUSY; after three cancels it is muted', async () => {
    const { pinentry } = target.agent;
    await withoutKeyUse(target, async () => {
      const most = await mostDialogs(dialogsNow, async () => {
        const asked = Array.from({ length: 60 }, () => host.authenticate('https://flood.example', newNonce()).answer);
        pinentry.answer('cancel', 'cancel', 'cancel', 'cancel', 'cancel');
        const waiting = limits.waitingForDialog + 1;
        assert.deepEqual(counted((await Promise.all(asked)).map(codeOf)), {
          ERR_AGENT_BUSY: 60 - waiting,
          ERR_USER_CANCELLED: limits.cancelsBeforeMute,
          ERR_POLICY_MUTED: waiting - limits.cancelsBeforeMute,
        });
      });
      assert.equal(most, 1);
      assert.equal(pinentry.unawaited().length, limits.cancelsBeforeMute);
    });
  });

  it('a muted site is told so at once, from every browser profile, and others are not', async () => {
    const { pinentry } = target.agent;
    const other = await target.agent.host();
    await withoutKeyUse(target, async () => {
      for (const asker of [host, other]) {
        for (let i = 0; i < 5; i++)
          assert.equal(
            codeOf(await asker.authenticate('https://flood.example', newNonce()).answer),
            'ERR_POLICY_MUTED',
          );
      }
      assert.equal(pinentry.unawaited().length, 0);
      const { answer } = other.authenticate('https://innocent.example', newNonce());
      await pinentry.waitForDialog();
      pinentry.answer('cancel');
      assert.equal(codeOf(await answer), 'ERR_USER_CANCELLED');
    });
    await other.end();
  });

  const unanswered: readonly (readonly [string, PinentryAnswer, string])[] = [
    ['cancelled', 'cancel', 'ERR_USER_CANCELLED'],
    ['left to run out of time', 'timeout', 'ERR_USER_TIMEOUT'],
  ];
  for (const [what, answer, code] of unanswered) {
    it(`a dialog that is ${what} three times in a row mutes its site`, async () => {
      const origin = `https://${answer}.example`;
      await withoutKeyUse(target, async () => {
        for (let i = 0; i < limits.cancelsBeforeMute; i++) {
          target.agent.pinentry.answer(answer);
          assert.equal(codeOf(await host.authenticate(origin, newNonce()).answer), code);
        }
        assert.equal(codeOf(await host.authenticate(origin, newNonce()).answer), 'ERR_POLICY_MUTED');
        assert.equal(target.agent.pinentry.unawaited().length, limits.cancelsBeforeMute);
      });
    });
  }

  it('so does the question whether a site may use the card, when the answer is no three times', async () => {
    await honestLogin(target, host);
    target.agent.pinentry.reset();
    await withoutKeyUse(target, async () => {
      for (let i = 0; i < limits.cancelsBeforeMute; i++) {
        target.agent.pinentry.answer('not-ok');
        assert.equal(codeOf(await host.authenticate('https://nag.example', newNonce()).answer), 'ERR_USER_DECLINED');
      }
      assert.equal(codeOf(await host.authenticate('https://nag.example', newNonce()).answer), 'ERR_POLICY_MUTED');
      assert.equal(target.agent.pinentry.unawaited().length, limits.cancelsBeforeMute);
    });
  });

  it('and so does a site that opens its dialog and takes it away again, as often as it likes', async () => {
    await withoutKeyUse(target, async () => {
      const codes: (string | undefined)[] = [];
      for (let i = 0; i < 12; i++) {
        const { id, answer } = host.authenticate('https://flicker.example', newNonce());
        const before = target.agent.pinentry.shown().length;
        let over = false;
        void answer.then(() => (over = true));
        await until(() => over || target.agent.pinentry.shown().length > before, 5_000, 'neither dialog nor refusal');
        host.cancel(id);
        codes.push(codeOf(await answer));
      }
      assert.ok(codes.includes('ERR_POLICY_MUTED'), JSON.stringify(counted(codes)));
      assert.equal(codes.at(-1), 'ERR_POLICY_MUTED');
      assert.ok(codes.indexOf('ERR_POLICY_MUTED') <= 2 * limits.cancelsBeforeMute, JSON.stringify(codes));
    });
  });

  it('a dialog program that will not go is ended for good before the next one opens', async () => {
    const { agent } = target;
    const stubborn = join(agent.directory, 'stubborn-pinentry');
    writeFileSync(stubborn, `#!/bin/sh\ntrap '' TERM\nexec "${agent.pinentryProgram}"\n`, { mode: 0o700 });
    await impose(target, host, { sites, pin: { program: stubborn } });
    await withoutKeyUse(target, async () => {
      const most = await mostDialogs(dialogsNow, async () => {
        for (const site of ['https://here.example', 'https://there.example']) {
          const { id, answer } = host.authenticate(site, newNonce());
          await agent.pinentry.waitForDialog();
          host.cancel(id);
          assert.equal(codeOf(await answer), 'ERR_REQUEST_CANCELLED');
        }
      });
      assert.equal(most, 1);
    });
    await until(() => dialogsNow() === 0, 5_000, 'the dialog stays');
    await impose(target, host, { sites });
  });

  it('an answer in between lifts nothing that is due, and forgives what was not', async () => {
    const origin = 'https://forgiven.example';
    const outcomes: (string | undefined)[] = [];
    for (const answer of ['cancel', 'cancel', `pin ${target.anna.pin}`] as const) {
      target.agent.pinentry.answer(answer);
      outcomes.push(codeOf(await host.authenticate(origin, newNonce()).answer));
    }
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    for (const answer of ['cancel', 'cancel', 'cancel', 'cancel'] as const) {
      target.agent.pinentry.reset();
      target.agent.pinentry.answer(answer);
      outcomes.push(codeOf(await host.authenticate(origin, newNonce()).answer));
    }
    const cancelled = 'ERR_USER_CANCELLED';
    assert.deepEqual(outcomes, [cancelled, cancelled, undefined, cancelled, cancelled, cancelled, 'ERR_POLICY_MUTED']);
  });
});

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `04 prompt flooding, by pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
    });
    afterEach(async () => {
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    it('a page in a loop, in three tabs: eight open requests a document, one dialog at a time, and silence after three cancels', async () => {
      const { agent } = browser.target;
      agent.pinentry.reset();
      const url = `${browser.origin('flood')}/`;
      const tabs = [await browser.open(url), await browser.open(url), await browser.open(url)];
      await withoutKeyUse(browser.target, async () => {
        const most = await mostDialogs(
          () => dialogsOf(agent),
          async () => {
            const loops = tabs.map((tab) =>
              tab.evaluate(`Promise.all(Array.from({ length: 30 }, () =>
                kortbro.authenticate({ nonce: '${newNonce()}' }).then(() => 'ok', ({ code }) => code)))`),
            );
            agent.pinentry.answer(...Array.from({ length: 6 }, () => 'cancel' as const));
            const codes = counted(((await Promise.all(loops)) as string[][]).flat());
            assert.equal(codes['ok'], undefined);
            assert.equal(codes['ERR_USER_CANCELLED'], limits.cancelsBeforeMute);
            assert.notEqual(codes['ERR_REQUEST_TOO_MANY'], undefined, 'any number may be open');
            const { ERR_REQUEST_TOO_MANY: many = 0, ERR_AGENT_BUSY: busy = 0, ERR_POLICY_MUTED: muted = 0 } = codes;
            assert.equal(many + busy + muted + limits.cancelsBeforeMute, 90, JSON.stringify(codes));
          },
        );
        assert.equal(most, 1);
        assert.equal(agent.pinentry.unawaited().length, limits.cancelsBeforeMute);
      });
      assert.match((await authenticate(tabs[0]!)).code ?? '', /^ERR_(POLICY_MUTED|REQUEST_TOO_MANY)$/);
    });

    it('a page that is closed takes its dialog with it', async () => {
      const { agent } = browser.target;
      agent.pinentry.reset();
      const page = await browser.open(`${browser.origin('leaving')}/`);
      await withoutKeyUse(browser.target, async () => {
        authenticate(page).catch(() => undefined);
        const { processId } = await agent.pinentry.waitForDialog();
        assert.deepEqual(agent.processesNamed('pinentry'), [processId]);
        await page.close();
        const deadline = performance.now() + 5_000;
        while (agent.processesNamed('pinentry').length > 0 && performance.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 20));
        assert.deepEqual(agent.processesNamed('pinentry'), []);
      });
    });
  },
);

// 22: before the holder has let a site in, it learns that Kortbro is there and which version, and nothing of readers and cards:
// not by asking, not by listening, not by what it is refused. Afterwards it knows of this holder's card alone.
import { errorTexts } from '../../shared/error-texts.ts';
import assert from 'node:assert/strict';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { simulatedCard, testCard } from '../support/test-cards.ts';
import { type AttackBrowser, attackBrowser, browserUnavailable } from './attack-browser.ts';
import { honestPageLogin, status } from './page-scripts.ts';
import {
  assertEndsConnection,
  barred,
  honestLogin,
  journal,
  newNonce,
  prescriptions,
  startTarget,
  stranger,
  type Target,
  withoutKeyUse,
} from './target.ts';

/** Everything that can be the case with readers and cards, by how it comes about. */
const states: readonly (readonly [string, (target: Target) => Promise<unknown>])[] = [
  ['no card', ({ agent }) => agent.simulator.remove()],
  ["Anna's card", ({ agent }) => agent.simulator.insert('anna')],
  ["Bertil's card", ({ agent }) => agent.simulator.swap('bertil')],
  ['two cards', ({ agent }) => agent.simulator.insert('anna', 1)],
  ['a mute card', ({ agent }) => agent.simulator.setMute(true)],
  ['no smart-card service', ({ agent }) => agent.simulator.stopService()],
];

async function back({ agent }: Target): Promise<void> {
  await agent.simulator.startService();
  await agent.simulator.setMute(false);
  for (const reader of [0, 1]) await agent.simulator.remove(reader);
  await agent.simulator.insert('anna');
}

describe('22 fingerprinting before consent', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    const anna = simulatedCard(await testCard('anna'));
    target = await startTarget({ cards: { locked: { ...anna, serialNumber: '00locked', triesLeft: 0 } } });
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  afterEach(async () => {
    await back(target);
    await honestLogin(target, host);
  });

  const all: typeof states = [['a locked card', ({ agent }) => agent.simulator.swap('locked')], ...states];

  const statusOf = async (origin: string): Promise<unknown> => {
    const answer = await host.ask({ verb: 'status', caller: { kind: 'page', origin } }).answer;
    return 'result' in answer ? answer.result : answer;
  };

  it(`status is the same for a site that was not let in, whatever the case: a locked card, ${states.map(([what]) => what).join(', ')}, PIN-SSO`, async () => {
    const first = await statusOf(stranger);
    assert.deepEqual(Object.keys(first as object), ['agent']);
    for (const [what, bring] of all) {
      await bring(target);
      for (const origin of [stranger, barred, prescriptions]) assert.deepEqual(await statusOf(origin), first, what);
    }
    await back(target);
    await honestLogin(target, host);
    for (const origin of [stranger, barred, prescriptions]) assert.deepEqual(await statusOf(origin), first, 'PIN-SSO');
  });

  it('a site that policy refuses gets one and the same answer to a login, whatever the case', async () => {
    await withoutKeyUse(target, async () => {
      for (const [what, bring] of all) {
        await bring(target);
        const answer = await host.authenticate(barred, newNonce()).answer;
        assert.deepEqual(
          answer,
          { error: { code: 'ERR_POLICY_ORIGIN', message: errorTexts.ERR_POLICY_ORIGIN.en } },
          what,
        );
      }
      assert.equal(target.agent.pinentry.unawaited().length, 0);
    });
  });

  it('what is for the holder is for no page: certificates, the full state, forgetting the PIN', async () => {
    const caller = { kind: 'page', origin: journal };
    for (const verb of ['certificates', 'forget-pin'])
      await assertEndsConnection(
        target.agent,
        JSON.stringify({ type: 'request', id: 'a', language: 'en', verb, caller }),
      );
    assert.ok(!JSON.stringify(await statusOf(journal)).includes('readers'));
  });

  it('a refusal holds no name of a reader, a card or a holder', async () => {
    const { pinentry } = target.agent;
    const answers: unknown[] = [];
    for (const [, bring] of states) {
      await bring(target);
      pinentry.reset();
      pinentry.answer('cancel', 'cancel');
      answers.push(await host.authenticate(`https://site${answers.length}.example`, newNonce()).answer);
      pinentry.reset();
    }
    const text = JSON.stringify(answers);
    for (const { person } of [target.anna, target.bertil])
      for (const word of [person.givenName, person.surname, person.hsaId, person.organisation])
        assert.ok(!text.includes(word), text);
    assert.ok(
      !/reader 1|simulated|pkcs|opensc|\/tmp|CKR_|SCARD_/i.test(text.replaceAll(/"message":"[^"]*"/g, '')),
      text,
    );
    assert.ok(!/Simulated|\/tmp|CKR_|SCARD_/.test(text), text);
  });

  it("a site that was let in knows of that holder's card; when another holder logs in elsewhere, it knows nothing again", async () => {
    await honestLogin(target, host);
    assert.deepEqual(await statusOf(journal), { agent: '0.1.0', card: 'present' });
    await target.agent.simulator.remove();
    assert.deepEqual(await statusOf(journal), { agent: '0.1.0', card: 'absent' });
    await target.agent.simulator.insert('bertil');
    target.agent.pinentry.reset();
    target.agent.pinentry.answer(`pin ${target.bertil.pin}`);
    assert.equal(codeOf(await host.authenticate(prescriptions, newNonce()).answer), undefined);
    assert.deepEqual(await statusOf(journal), { agent: '0.1.0' });
    assert.deepEqual(await statusOf(prescriptions), { agent: '0.1.0', card: 'present' });
  });

  it('events name the sites that were let in, and no other', async () => {
    await honestLogin(target, host);
    const from = host.messages.length;
    await target.agent.simulator.remove();
    await host.until((message) => message.type === 'event' && message.name === 'card-removed', from);
    for (const message of host.messages.slice(from))
      if (message.type === 'event')
        assert.ok(
          !message.origins.some((origin) => origin !== journal && origin !== prescriptions),
          JSON.stringify(message.origins),
        );
  });
});

const obstacle = browserUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `22 fingerprinting before consent, by pages${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(40_000);
    let browser: AttackBrowser;

    before(async () => {
      browser = await attackBrowser();
      await honestPageLogin(browser);
    });
    after(async () => {
      await back(browser.target);
      await browser.closeTabs();
      await honestPageLogin(browser);
    });

    it('a page that was not let in sees the same status and hears nothing while cards come and go; one that was, hears', async () => {
      const { target } = browser;
      const listen = `(heard = [], kortbro.on('cardremoved', () => heard.push('removed')), kortbro.on('cardinserted', () => heard.push('inserted')), kortbro.on('loggedout', () => heard.push('out')), 0)`;
      const [nosy, journalPage] = [
        await browser.open(`${browser.origin('nosy')}/`),
        await browser.open(`${browser.origin('journal')}/`),
      ];
      for (const page of [nosy, journalPage]) await page.evaluate(listen);
      const first = await status(nosy);
      assert.deepEqual(first, { value: { version: '0.1.0', agent: '0.1.0' } });
      assert.deepEqual(await status(journalPage), { value: { version: '0.1.0', agent: '0.1.0', card: 'present' } });
      for (const [what, bring] of states) {
        await bring(target);
        assert.deepEqual(await status(nosy), first, what);
      }
      await journalPage.waitForFunction('heard.length > 0');
      assert.equal((await journalPage.evaluate<string[]>('heard'))[0], 'removed');
      assert.deepEqual(await nosy.evaluate('heard'), []);
    });

    it('a page that was not let in cannot ask what it has missed', async () => {
      const nosy = await browser.open(`${browser.origin('nosy')}/`);
      const told = await nosy.evaluate(`new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        dispatchEvent(new MessageEvent('kortbro:connect', { ports: [port2], cancelable: true }));
        const got = [];
        port1.onmessage = ({ data }) => got.push(data);
        for (const text of ['{"verb":"listen"}', '{"verb":"listen","since":0}', '{"id":"a","verb":"status"}']) port1.postMessage(text);
        setTimeout(() => resolve(got), 400);
      })`);
      assert.deepEqual(told, [JSON.stringify({ id: 'a', result: { version: '0.1.0', agent: '0.1.0' } })]);
    });
  },
);

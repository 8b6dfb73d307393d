// 16: another card takes the place of the one that is logged in, between any two events: seen or unseen, locked or answering as if
// its PIN had been given. Nobody is logged in without his own PIN, nor under another's name, and whoever has left is logged out.
// On the simulator, which can lie as no real reader does; the same on the virtual card, and clones, stand beside this.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { type Dialog } from '../../demo/pinentry-script.ts';
import { type Answer, codeOf, type HostClient } from '../support/host-client.ts';
import { simulatedCard, testCard } from '../support/test-cards.ts';
import { attempt, isOf, nameOf, RegisteredSite } from './registered-site.ts';
import { honestLogin, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

/** How a card may be exchanged. */
const exchanges = {
  seen: {},
  'seen, and it answers as if its PIN had been given': { verified: true },
  unseen: { unseen: true },
  'unseen, and it answers as if its PIN had been given': { unseen: true, verified: true },
} as const;

/** What the one who asked just then may be told; every sentence says to try again. */
const refusals = ['ERR_CARD_REMOVED', 'ERR_CARD_CHANGED', 'ERR_CARD_FAILED'];

function assertRefused(answer: Answer): void {
  const code = codeOf(answer);
  assert.ok(code !== undefined, 'somebody is logged in');
  assert.ok(refusals.includes(code), code);
}

describe('16 card swap', function () {
  this.timeout(40_000);
  let site: RegisteredSite;
  let target: Target;
  let host: HostClient;
  let strangers = 0;

  before(async () => {
    site = await RegisteredSite.start();
    const slow = simulatedCard(await testCard('anna'), { signMilliseconds: 800 });
    target = await startTarget({
      cards: { slow },
      policy: { sites: [{ origin: site.origin, access: 'silent' }], logout: { authorities: site.authorities } },
    });
    host = await target.agent.host();
  });
  after(async () => {
    await target.agent.stop();
    await site.stop();
  });
  beforeEach(async () => {
    const { simulator, pinentry } = target.agent;
    await simulator.remove();
    for (const card of ['anna', 'bertil']) await simulator.setTriesLeft(card, 3);
    await simulator.insert('anna');
    pinentry.reset();
  });
  afterEach(async () => {
    // Bertil's card is in: the next honest request is his.
    await honestLogin(target, host, site.origin, target.bertil);
    await target.agent.simulator.remove();
    await target.agent.simulator.insert('anna');
    await honestLogin(target, host, site.origin);
  });

  const stranger = (): string => `https://stranger${++strangers}.example`;

  async function untouched(card: string): Promise<void> {
    const { [card]: state } = (await target.agent.simulator.state()).cards;
    assert.equal(state?.triesLeft, 3, `a try of ${card}'s card is spent`);
  }

  for (const [what, how] of Object.entries(exchanges)) {
    it(`her card is exchanged for his (${what}): he is asked for his PIN before he is anybody, and she is logged out once`, async () => {
      const { agent, anna, bertil } = target;
      const hers = await site.logIn(target, host, anna);
      await honestLogin(target, host, site.origin);
      const before = await agent.keyUse('bertil');
      await agent.simulator.swap('bertil', how);
      let asked: Dialog | undefined;
      for (let request = 0; request < 3 && asked === undefined; request++) {
        const outcome = await attempt(target, host, request % 2 === 0 ? site.origin : stranger());
        assert.ok(!('token' in outcome), 'somebody is logged in without a PIN');
        if ('code' in outcome) assert.ok(refusals.includes(outcome.code), outcome.code);
        else asked = outcome.dialog;
      }
      assert.equal(asked?.kind, 'pin');
      assert.ok(asked.description.includes(nameOf(bertil)), asked.description);
      assert.ok(!asked.description.includes(nameOf(anna)), asked.description);
      const used = await agent.keyUse('bertil');
      assert.equal(used.logins, before.logins, 'a PIN was sent to his card');
      // A driver that notices nothing signs with whatever key is there; that is found out before anybody gets it.
      const mayLie = 'unseen' in how && 'verified' in how;
      assert.ok(used.signatures - before.signatures <= (mayLie ? 1 : 0), 'his key was used');
      await untouched('bertil');
      await site.ended(hers);
      const his = await site.logIn(target, host, bertil);
      assert.equal(site.endings(hers).length, 1);
      assert.deepEqual(site.endings(his), []);
    });

    it(`her card is exchanged for his while she is asked for consent (${what}): her yes is worth nothing`, async () => {
      const { agent, anna } = target;
      await site.logIn(target, host, anna);
      agent.pinentry.reset();
      const before = await agent.keyUse('bertil');
      const { answer } = host.authenticate(stranger(), newNonce());
      const dialog = await agent.pinentry.waitForDialog();
      assert.equal(dialog.kind, 'confirmation');
      await agent.simulator.swap('bertil', how);
      agent.pinentry.answer('ok');
      assertRefused(await answer);
      agent.pinentry.reset();
      assert.equal((await agent.keyUse('bertil')).logins, before.logins);
    });

    it(`her card is exchanged for his while it signs (${what}): nobody gets a signature`, async () => {
      const { agent, anna } = target;
      await agent.simulator.swap('slow');
      const before = (await agent.keyUse('bertil')).logins;
      agent.pinentry.reset();
      agent.pinentry.answer(`pin ${anna.pin}`);
      const { answer } = host.authenticate(site.origin, newNonce());
      // It signs from here on, for 0.8 s.
      const isVerified = async () => (await agent.simulator.state()).cards['slow']?.verified === true;
      await until(isVerified, 5_000, 'her PIN does not reach her card');
      await agent.simulator.swap('bertil', how);
      assertRefused(await answer);
      assert.equal((await agent.keyUse('bertil')).logins, before);
      assert.equal(agent.pinentry.unawaited().length, 1, 'somebody is asked for a PIN that he was not asked for');
    });
  }

  for (const [holder, other] of [
    ['anna', 'bertil'],
    ['bertil', 'anna'],
  ] as const) {
    it(`a PIN that is typed after an unseen exchange is sent nowhere, also where it would be a last try (${holder}'s dialog)`, async () => {
      const { agent } = target;
      for (const last of ['anna', 'bertil']) {
        await agent.simulator.remove();
        await agent.simulator.setTriesLeft(last, 1);
        await agent.simulator.insert(holder);
        await withoutKeyUse(target, async () => {
          agent.pinentry.reset();
          const { answer } = host.authenticate(stranger(), newNonce());
          let ended: Answer | undefined;
          void answer.then((value) => (ended = value));
          const first = await agent.pinentry.waitForDialog();
          await agent.simulator.swap(other, { unseen: true });
          // Whatever else is asked, the holder of the first card does it.
          for (let dialog: Dialog | undefined = first; dialog !== undefined;) {
            assert.ok(dialog.description.includes(nameOf(target[holder])), dialog.description);
            agent.pinentry.answer(dialog.kind === 'pin' ? `pin ${target[holder].pin}` : 'ok');
            const shown = agent.pinentry.shown().length;
            await until(
              () => ended !== undefined || agent.pinentry.shown().length > shown,
              10_000,
              'nothing comes of it',
            );
            dialog = ended === undefined ? await agent.pinentry.waitForDialog() : undefined;
          }
          assertRefused(await answer);
        });
        await agent.simulator.remove();
        await agent.simulator.setTriesLeft(last, 3);
      }
      await agent.simulator.insert('bertil');
    });
  }

  it('her own card, pushed out and in, asks for her PIN anew; its removal has logged her out, once', async () => {
    const { agent, anna } = target;
    const hers = await site.logIn(target, host, anna);
    for (let push = 0; push < 3; push++) {
      await agent.simulator.remove();
      await agent.simulator.insert('anna');
    }
    await withoutKeyUse(target, async () => {
      const outcome = await attempt(target, host, site.origin);
      assert.ok('dialog' in outcome && outcome.dialog.kind === 'pin', JSON.stringify(outcome));
      assert.ok(outcome.dialog.description.includes(nameOf(anna)));
    });
    await site.ended(hers);
    const again = await site.logIn(target, host, anna);
    assert.equal(site.endings(hers).length, 1);
    assert.deepEqual(site.endings(again), []);
    await agent.simulator.swap('bertil');
    await site.ended(again);
  });

  it('her own card, out and in between two looks, asks for her PIN anew, and she stays logged in', async () => {
    const { agent, anna } = target;
    const hers = await site.logIn(target, host, anna);
    await agent.simulator.swap('anna', { unseen: true });
    await withoutKeyUse(target, async () => {
      const outcome = await attempt(target, host, site.origin);
      assert.ok('dialog' in outcome && outcome.dialog.kind === 'pin', JSON.stringify(outcome));
      assert.ok(outcome.dialog.description.includes(nameOf(anna)));
    });
    const token = await honestLogin(target, host, site.origin);
    assert.ok(isOf(token, anna));
    assert.deepEqual(site.endings(hers), []);
    await agent.simulator.swap('bertil');
    await site.ended(hers);
  });
});

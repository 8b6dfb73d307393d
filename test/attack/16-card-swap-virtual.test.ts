// 16 in front of the virtual IDPrime 940, through the real pcscd and OpenSC, where two cards of one model differ in nothing that a
// reader shows. What reached the chips is read from their own transcript. An exchange while the PIN prompt is open, and the
// pages' side of it, stand in test/browser/login-swap and test/browser/removal.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../demo/demo-agent.ts';
import { type Dialog } from '../../demo/pinentry-script.ts';
import { limits } from '../../shared/limits.ts';
import { pinsIn } from '../browser/card-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { attempt, nameOf, RegisteredSite } from './registered-site.ts';
import { honestLogin, newNonce } from './target.ts';
import { startVirtualTarget, virtualUnavailable, type VirtualTarget } from './virtual-target.ts';

/** INS of the command by which an IDPrime signs (ISO 7816-8 11.2). */
const performSecurityOperation = 0x2a;

/** Of one that was stalled, or asked while the card was exchanged. */
const refusals = ['ERR_CARD_REMOVED', 'ERR_CARD_CHANGED', 'ERR_CARD_FAILED'];

const obstacle = virtualUnavailable();
(obstacle === undefined ? describe : describe.skip)(
  `16 card swap, on the virtual IDPrime 940${obstacle === undefined ? '' : ` (not run: ${obstacle})`}`,
  function () {
    this.timeout(60_000);
    let site: RegisteredSite;
    let target: VirtualTarget;
    let host: HostClient;
    let strangers = 0;

    before(async () => {
      site = await RegisteredSite.start();
      const sites = [{ origin: site.origin, access: 'silent' as const }];
      target = await startVirtualTarget({ sites, logout: { authorities: site.authorities } });
      host = await target.agent.host();
    });
    after(async () => {
      await target.agent.stop();
      await site.stop();
    });
    beforeEach(async () => {
      await bring('anna');
      await honestLogin(target, host, site.origin);
    });
    afterEach(async () => {
      const inside = (await target.stack.cardIn()) === 'anna' ? target.anna : target.bertil;
      await honestLogin(target, host, site.origin, inside);
      await bring('anna');
    });

    const stranger = (): string => `https://stranger${++strangers}.example`;

    /** The card is in, and the agent has read it since. */
    async function bring(card: 'anna' | 'bertil'): Promise<void> {
      const { agent, stack } = target;
      if ((await stack.cardIn()) === card) return;
      const bound = () => agent.audit().filter(({ event }) => event === 'card-bound').length;
      const before = bound();
      await stack.swap(card);
      await until(() => bound() > before, 10_000, 'the card is not read');
    }

    /** PINs that came to whatever is in the reader since its counts were reset, and signatures that it made. */
    async function use(triesLeft = 3): Promise<{ pins: number; signatures: number }> {
      const transcript = await target.stack.transcript();
      const signatures = transcript.filter((line) => line.startsWith('2A 9E 9A -> 9000')).length;
      return { pins: pinsIn(transcript, triesLeft), signatures };
    }

    async function assertUnused(triesLeft?: number): Promise<void> {
      assert.deepEqual(await use(triesLeft), { pins: 0, signatures: 0 });
    }

    for (const [how, exchange] of [
      ['unseen', () => target.stack.swapUnseen('bertil')],
      ['between two looks of the service', () => target.stack.swapWithinOneLook('bertil')],
      ['under its eyes', () => target.stack.swap('bertil')],
      ['unseen, and it says that it is hers', () => target.stack.swapUnseen('clone')],
    ] as const) {
      it(`her card is exchanged for his ${how}: he is asked for his PIN before he is anybody, and she is logged out once`, async () => {
        const { stack, anna, bertil } = target;
        const hers = await site.logIn(target, host, anna);
        await stack.resetCounts();
        await exchange();
        let asked: Dialog | undefined;
        const patience = performance.now() + 8_000;
        while (asked === undefined && performance.now() < patience) {
          const outcome = await attempt(target, host, site.origin);
          assert.ok(!('token' in outcome), 'somebody is logged in without a PIN');
          if ('code' in outcome) assert.ok([...refusals, 'ERR_CARD_ABSENT'].includes(outcome.code), outcome.code);
          else asked = outcome.dialog;
        }
        assert.equal(asked?.kind, 'pin');
        assert.ok(asked.description.includes(nameOf(bertil)), asked.description);
        assert.ok(!asked.description.includes(nameOf(anna)), asked.description);
        await assertUnused();
        await site.ended(hers);
        const his = await site.logIn(target, host, bertil);
        assert.deepEqual(await use(), { pins: 1, signatures: 1 });
        assert.equal(site.endings(hers).length, 1);
        assert.deepEqual(site.endings(his), []);
      });
    }

    it('her card is exchanged for his, unseen, in the middle of a signature: nobody gets one', async () => {
      const { stack, anna } = target;
      const hers = await site.logIn(target, host, anna);
      await stack.resetCounts();
      // The command has come and its answer has not gone when the other card is there.
      await stack.stallOn(performSecurityOperation, 1_500);
      const { answer } = host.authenticate(site.origin, newNonce());
      const hasCome = async () => ((await stack.counts()).byInstruction['2A'] ?? 0) > 0;
      await until(hasCome, 5_000, 'nothing is signed');
      await stack.swapUnseen('bertil');
      const code = codeOf(await answer);
      assert.ok(code !== undefined && refusals.includes(code), code);
      assert.equal(target.agent.pinentry.unawaited().length, 0, 'somebody is asked for a PIN');
      await assertUnused();
      await site.ended(hers);
    });

    it('her card is exchanged for his, unseen, while she is asked for consent: her yes is worth nothing', async () => {
      const { agent, stack } = target;
      agent.pinentry.reset();
      const { answer } = host.authenticate(stranger(), newNonce());
      assert.equal((await agent.pinentry.waitForDialog()).kind, 'confirmation');
      await stack.resetCounts();
      await stack.swapUnseen('bertil');
      agent.pinentry.answer('ok');
      const code = codeOf(await answer);
      assert.ok(code !== undefined && refusals.includes(code), code);
      await assertUnused();
    });

    it('his card has one try left: it is not spent by a PIN that she types into her own dialog', async () => {
      const { agent, stack, anna } = target;
      await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
      await stack.setTriesLeft('bertil', 1);
      agent.pinentry.reset();
      const { answer } = host.authenticate(site.origin, newNonce());
      const dialog = await agent.pinentry.waitForDialog();
      assert.ok(dialog.description.includes(nameOf(anna)));
      await stack.resetCounts();
      await stack.swapUnseen('bertil');
      agent.pinentry.answer(`pin ${anna.pin}`);
      const code = codeOf(await answer);
      assert.ok(code !== undefined && refusals.includes(code), code);
      assert.equal((await stack.pinState('bertil')).triesLeft, 1);
      await assertUnused(1);
      await bring('anna');
      await stack.setTriesLeft('bertil', 3);
    });

    it('the certificate of her login cannot be read for a while, on her card that stays in: she stays logged in', async () => {
      const { stack, anna } = target;
      const hers = await site.logIn(target, host, anna);
      await stack.swapUnseen('misread');
      const outcome = await attempt(target, host, site.origin);
      assert.ok(!('token' in outcome), 'somebody is logged in without a PIN');
      // Longer than a card in doubt has.
      await wait(limits.identifyTime + 500);
      assert.deepEqual(site.endings(hers), []);
      await stack.swapUnseen('anna');
      await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
      await site.logIn(target, host, anna);
      assert.deepEqual(site.endings(hers), []);
    });

    it('his card was in the place of hers for a moment, and nobody saw it: her PIN is asked for, and she stays logged in', async () => {
      const { stack, anna } = target;
      const hers = await site.logIn(target, host, anna);
      await stack.resetCounts();
      await stack.swapUnseen('bertil');
      await stack.swapUnseen('anna');
      const outcome = await attempt(target, host, site.origin);
      assert.ok('dialog' in outcome && outcome.dialog.kind === 'pin', JSON.stringify(outcome));
      assert.ok(outcome.dialog.description.includes(nameOf(anna)), outcome.dialog.description);
      await assertUnused();
      assert.deepEqual(site.endings(hers), []);
    });
  },
);

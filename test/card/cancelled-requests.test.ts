// A page that gives up while the card is at work, through every process and the real stack: what the card has not been sent it never
// gets, and a PIN that came too late for its asker leaves nothing open. The chip itself is asked. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { parseResult } from '../../shared/messages.ts';
import { honestLogin, isSignedFor, journal, newNonce, prescriptions, sites, type Target } from '../attack/target.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { testCard, virtualCard } from '../support/test-cards.ts';
import { agentReader, untilAgentSees } from './agent-readers.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';

/** PSO (hash, then signature) and VERIFY (with and without a PIN). */
const signs = 0x2a;
const verifies = 0x20;
/** Long enough for a cancel to arrive at the agent while the card works. */
const work = 1_000;

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'requests that are cancelled while the virtual IDPrime 940 works';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let stack: CardStack;
    let target: Target;
    let host: HostClient;

    beforeEach(async () => {
      const [anna, bertil] = await Promise.all([testCard('anna'), testCard('bertil')]);
      stack = await startCardStack({ cards: { anna: virtualCard(anna), bertil: virtualCard(bertil) } });
      const agent = await AgentUnderTest.start({ module, policy: { sites }, environment: stack.environment });
      target = { agent, anna, bertil };
      host = await agent.host();
    });
    afterEach(async () => {
      await target.agent.stop();
      await stack.stop();
    });

    const insert = async (card: 'anna' | 'bertil', slot = 0): Promise<void> => {
      await stack.insert(card, slot);
      await untilAgentSees(host, 'ready', slot);
    };
    const pinSso = async (slot: number): Promise<(boolean | undefined)[]> =>
      (await agentReader(host, slot))?.tokens.map((token) => token.pinSso) ?? [];
    /** Uses of this instruction that the card in a slot has answered. */
    const answered = async (ins: string, slot = 0): Promise<string[]> =>
      (await stack.transcript(slot)).filter((line) => line.startsWith(ins));
    /** The module host has sent this much to the card. */
    const sent = (ins: string, count: number): Promise<void> =>
      until(async () => ((await stack.counts()).byInstruction[ins] ?? 0) >= count, 5_000, `no APDU ${ins}`);

    it('a signature that waits for another one is not made', async () => {
      await insert('anna');
      await honestLogin(target, host);
      await stack.resetCounts();
      await stack.stallOn(signs, work);
      const nonce = newNonce();
      const first = host.authenticate(journal, nonce);
      await sent('2A', 1);
      const second = host.authenticate(prescriptions, newNonce());
      // Answered in order by one agent: the second request has been taken.
      await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
      host.cancel(second.id);
      assert.equal(codeOf(await second.answer), 'ERR_REQUEST_CANCELLED');
      assert.deepEqual(await answered('2A'), []);
      const answer = await first.answer;
      assert.ok('result' in answer);
      assert.ok(isSignedFor(parseResult('authenticate', answer.result), journal, nonce));
      await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
      assert.deepEqual(await answered('2A'), ['2A 90 A0 -> 9000', '2A 9E 9A -> 9000']);
      assert.equal((await stack.pinState()).verified, true);
      await honestLogin(target, host, prescriptions);
      assert.deepEqual((await answered('2A')).length, 4);
    });

    it('a PIN that is on its way opens nothing, and the card has forgotten it; the card beside it is left alone', async () => {
      const { agent, anna } = target;
      await insert('bertil', 1);
      await honestLogin({ agent, anna: target.bertil }, host);
      await insert('anna');
      await stack.resetCounts(0);
      await stack.resetCounts(1);

      const { id, answer } = host.authenticate(prescriptions, newNonce());
      await chooseAnna();
      await stack.stallOn(verifies, work);
      agent.pinentry.answer(`pin ${anna.pin}`);
      await sent('20', 1);
      host.cancel(id);
      assert.equal(codeOf(await answer), 'ERR_REQUEST_CANCELLED');

      // The PIN was right, and the card knew it: no try was spent, and nothing of it is left.
      assert.ok((await answered('20')).includes('20 00 11 -> 9000'), 'the PIN did not reach the card');
      assert.deepEqual(await stack.pinState('anna'), { verified: false, triesLeft: 3, pukTriesLeft: 10 });
      assert.deepEqual(await answered('2A'), []);
      await untilAgentSees(host, 'ready');
      assert.deepEqual([await pinSso(0), await pinSso(1)], [[false], [true]]);

      assert.equal((await stack.pinState('bertil')).verified, true);
      assert.deepEqual(await stack.transcript(1), []);
      agent.pinentry.reset();
      const nonce = newNonce();
      const silent = await host.authenticate(journal, nonce).answer;
      assert.ok('result' in silent);
      assert.ok(isSignedFor(parseResult('authenticate', silent.result), journal, nonce));
      assert.deepEqual(agent.pinentry.unawaited(), []);
    });

    /** Says no to every certificate that is offered before one of Anna's; the PIN dialog is open then. */
    const chooseAnna = async (): Promise<void> => {
      const { pinentry } = target.agent;
      for (;;) {
        const { kind, description } = await pinentry.waitForDialog();
        if (kind === 'pin') return;
        pinentry.answer(description.includes('Anna') ? 'ok' : 'not-ok');
      }
    };
  },
);

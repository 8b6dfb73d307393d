// Login with a card that has two PINs, through every process and the real stack: one card with one holder, whose PIN2 nobody asks for
// and nobody touches. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { type KeyKind } from '../../demo/pki/keys.ts';
import { honestLogin, journal, prescriptions, sites } from '../attack/target.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { type TestCard, twoPinCard, type TwoPinTestCard, virtualTwoPinCard } from '../support/test-cards.ts';
import { agentReader, untilAgentSees } from './agent-readers.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';

const kinds: readonly KeyKind[] = ['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384'];
const algorithms: Readonly<Record<string, string>> = { 'ec-p256': 'ES256', 'ec-p384': 'ES384' };

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'login with a virtual card with two PINs';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let stack: CardStack;
    let agent: AgentUnderTest;
    let host: HostClient;
    const cards = new Map<string, TwoPinTestCard>();

    before(async () => {
      for (const kind of kinds)
        cards.set(kind, await twoPinCard('anna', { authentication: [kind], signature: ['ec-p256'] }));
      const virtual = [...cards].map(([kind, card]) => [kind, { ...virtualTwoPinCard(card), id: kind }] as const);
      stack = await startCardStack({ cards: Object.fromEntries(virtual) });
      agent = await AgentUnderTest.start({ module, policy: { sites }, environment: stack.environment });
      host = await agent.host();
    });
    after(async () => {
      await agent.stop();
      await stack.stop();
    });
    afterEach(async () => {
      if ((await stack.cardIn()) !== undefined) await stack.remove();
      await untilAgentSees(host, 'empty');
    });

    /** The card as one that has its login keys alone. */
    const loginCard = (kind: string): TestCard => {
      const card = cards.get(kind);
      assert.ok(card);
      return { ...card, ...card.authentication };
    };
    const insert = async (kind: string): Promise<TestCard> => {
      await stack.insert(kind);
      await untilAgentSees(host, 'ready');
      return loginCard(kind);
    };
    const events = (name: string): number => agent.audit().filter(({ event }) => event === name).length;

    for (const kind of kinds) {
      it(`opens both sites for one PIN1 with a key of kind ${kind}`, async () => {
        const anna = await insert(kind);
        const token = await honestLogin({ agent, anna }, host, journal);
        assert.equal(token.algorithm, algorithms[kind] ?? 'RS256');
        await honestLogin({ agent, anna }, host, prescriptions);
        assert.deepEqual(await stack.operations(), { signatures: [2, 0], verifications: [1, 0] });
        assert.equal((await stack.pinState(0, 'signature')).verified, false);
      });
    }

    it('is one card with one holder to those who look at it', async () => {
      const anna = await insert('ec-p256');
      await honestLogin({ agent, anna }, host);
      const tokens = (await agentReader(host))?.tokens.map(({ holder, holderId, pinSso }) => ({
        holder,
        holderId,
        pinSso,
      }));
      assert.deepEqual(tokens, [{ holder: 'Anna Testsson', holderId: 'SE0000000000-1ABC', pinSso: true }]);
    });

    it('comes and leaves once, and whoever logged in with it leaves with it', async () => {
      const before = ['card-inserted', 'card-bound', 'card-removed', 'pin-sso-ended'].map(events);
      const anna = await insert('ec-p384');
      await honestLogin({ agent, anna }, host);
      const sincePull = host.messages.length;
      const counts = (): number[] =>
        ['card-inserted', 'card-bound', 'card-removed', 'pin-sso-ended'].map(
          (name, at) => events(name) - (before[at] ?? 0),
        );
      assert.deepEqual(counts(), [1, 1, 0, 0]);
      assert.equal(agent.audit().findLast(({ event }) => event === 'card-bound')?.['tokens'], 2);
      await stack.remove();
      await untilAgentSees(host, 'empty');
      await until(() => events('pin-sso-ended') > (before[3] ?? 0), 5_000, 'PIN-SSO goes on');
      assert.deepEqual(counts(), [1, 1, 1, 1]);
      const told = host.messages
        .slice(sincePull)
        .filter((message) => message.type === 'event' && message.name === 'card-removed');
      assert.ok(told.length > 0, 'nobody is told that the card has left');
    });
  },
);

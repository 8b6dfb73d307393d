// Every format, and every kind of key, with a virtual card that has two PINs, through native host, agent, module host, OpenSC and pcscd
// as they are; verified by tools that nobody here wrote. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { type FormatBench, makeFormatBench, makeSignature } from '../signatures/format-bench.ts';
import { assertVerified, formats, keyKinds, otherAlgorithms } from '../signatures/formats.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { virtualTwoPinCard } from '../support/test-cards.ts';
import { untilAgentSees } from './agent-readers.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'A signature by a virtual card with two PINs';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let bench: FormatBench;
    let stack: CardStack;
    let agent: AgentUnderTest;
    let host: HostClient;

    before(async () => {
      bench = await makeFormatBench(keyKinds.map(([kind]) => kind));
      stack = await startCardStack({ cards: { anna: virtualTwoPinCard(bench.card) } });
      await stack.insert('anna');
      agent = await AgentUnderTest.start({ module, policy: bench.policy, environment: stack.environment });
      host = await agent.host();
      await untilAgentSees(host, 'ready');
    });
    after(async () => {
      await agent.stop();
      await stack.stop();
      await bench.authority.close();
    });

    /** Each format once, by one kind of key after the other; then by every key and algorithm in the three that differ the most. */
    const inTurn = formats.map((format, index) => [keyKinds[index % keyKinds.length]!, format] as const);
    const some = formats.filter(({ name }) => ['raw', 'CMS attached', 'XAdES detached'].includes(name));
    const everyKey = [...keyKinds, ...otherAlgorithms].flatMap((key) => some.map((format) => [key, format] as const));
    const table = [
      ...inTurn,
      ...everyKey.filter((one) => !inTurn.some((other) => one.every((x, i) => x === other[i]))),
    ];
    for (const [key, format] of table) {
      it(`in the format ${format.name} by ${key[1]} with ${key[0]} is verified by others, and not with a byte changed`, async () => {
        const before = (await stack.operations()).signatures;
        const made = await makeSignature(bench, agent, host, format, key);
        // One use of the one key, which stands behind that for login.
        const used = keyKinds.findIndex(([kind]) => kind === key[0]) + 1;
        const after = (await stack.operations()).signatures;
        assert.deepEqual(
          after.map((count, at) => count - before[at]!),
          after.map((_, at) => (at === used ? 1 : 0)),
        );
        await assertVerified(format, made);
      });
    }

    it('has PIN2 once from its holder, and the card has it once more when the driver opens its keys', async () => {
      const { signatures, verifications } = await stack.operations();
      assert.equal(signatures[0], 0);
      const made = signatures.reduce((sum, count) => sum + count);
      assert.equal(made, table.length);
      assert.deepEqual(verifications, [0, made + 1]);
      assert.deepEqual(
        agent.pinentry.shown().map(({ kind }) => kind),
        Array.from({ length: made }, () => 'pin'),
      );
    });
  },
);

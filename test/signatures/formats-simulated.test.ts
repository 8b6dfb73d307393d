// Every format by every kind of key, through native host, agent and module host, with a simulated card; each verified by tools that
// nobody here wrote, and refused by them once a byte is changed.
import assert from 'node:assert/strict';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { simulatedTwoPinCard } from '../support/test-cards.ts';
import { type FormatBench, makeFormatBench, makeSignature } from './format-bench.ts';
import { assertVerified, formats, formatsFor, keyKinds, otherAlgorithms } from './formats.ts';

describe('A signature by a simulated card', function () {
  this.timeout(60_000);
  let bench: FormatBench;
  let agent: AgentUnderTest;
  let host: HostClient;

  before(async () => {
    bench = await makeFormatBench(keyKinds.map(([kind]) => kind));
    const { policy, card } = bench;
    agent = await AgentUnderTest.start({ policy, cards: { anna: simulatedTwoPinCard(card) } });
    host = await agent.host();
    await agent.simulator.insert('anna');
  });
  after(async () => {
    await agent.stop();
    await bench.authority.close();
  });

  const table = [
    ...keyKinds.flatMap((key) => formats.map((format) => [key, format] as const)),
    ...otherAlgorithms.flatMap((key) => formatsFor(key[1]).map((format) => [key, format] as const)),
  ];
  for (const [key, format] of table) {
    it(`in the format ${format.name} by ${key[1]} with ${key[0]} is verified by others, and not with a byte changed`, async () => {
      await assertVerified(format, await makeSignature(bench, agent, host, format, key));
    });
  }

  it('is never made with the key for login, and its PIN is never sent', async () => {
    const { anna } = (await agent.simulator.state()).cards;
    assert.deepEqual([anna?.logins, anna?.signatures], [0, 0]);
    assert.ok((anna?.signaturePin?.signatures ?? 0) >= table.length);
  });
});

// Every format by every kind of key, through native host, agent and module host, with a simulated card; each verified by tools that
// nobody here wrote, and refused by them once a byte is changed.
import assert from 'node:assert/strict';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { impose } from '../attack/target.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { simulatedTwoPinCard } from '../support/test-cards.ts';
import { SigningClient } from '../support/signing-client.ts';
import {
  askForSignature,
  type FormatBench,
  journal,
  makeFormatBench,
  makeSignature,
  serialNumberOf,
} from './format-bench.ts';
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

  const leveled = (level: string) => formats.filter(({ name }) => name.endsWith(level));
  const refusedWith = async (code: string, level: string, key: (typeof keyKinds)[number]): Promise<void> => {
    for (const format of leveled(level)) {
      const { end } = await askForSignature(bench, host, format, key);
      assert.equal(codeOf(end.answer), code, format.name);
      assert.deepEqual(end.signatures, []);
    }
  };

  it('of level B-LT of a batch asks once about revocation, and for a time stamp each', async () => {
    const format = leveled('B-LT')[0]!;
    const document = await format.document('ES256');
    bench.authority.requests.length = 0;
    agent.pinentry.answer(`pin ${bench.card.signature.pin}`);
    const wish = {
      ...format.wish('ES256'),
      certificate: { serialNumber: serialNumberOf(bench.certificate('ec-p256')) },
    };
    const batch = [1, 2, 3].map((number) => ({ ...document, name: `${number}.txt` }));
    const { answer, signatures } = await new SigningClient(host, batch).run(journal, wish);
    assert.deepEqual(answer, { result: { signed: 3 } });
    const asked = (path: string) => bench.authority.requests.filter((one) => one === path).length;
    // Of the signer and of the authority's unit; the root's list is about both their CAs.
    assert.deepEqual([asked('/tsa'), asked('/ocsp'), asked('/root-crl')], [3, 4, 1]);
    for (const signature of signatures) assert.ok(signature !== undefined);
  });

  it('of level B-LT is not made once its certificate is revoked: no PIN is asked, no key used', async () => {
    agent.pinentry.reset();
    const before = await agent.keyUse('anna');
    await bench.authority.revoke(bench.certificate('ec-p384'));
    await refusedWith('ERR_SIGNATURE_REVOCATION', 'B-LT', ['ec-p384', 'ES384']);
    assert.deepEqual(agent.pinentry.unawaited(), []);
    assert.deepEqual(await agent.keyUse('anna'), before);
  });

  it('of level B-LT is not given out once its time-stamping authority is revoked', async () => {
    await bench.authority.revoke(bench.authority.services.tsa.certificate);
    agent.pinentry.answer(...leveled('B-LT').map(() => `pin ${bench.card.signature.pin}` as const));
    await refusedWith('ERR_SIGNATURE_REVOCATION', 'B-LT', ['ec-p256', 'ES256']);
  });

  it('of level B-T is not given out without its time stamp, whatever stands in its place', async () => {
    // The responder's answer is no time stamp.
    const signing = { ...bench.policy.signing, timeStamp: bench.authority.urls.ocsp };
    await impose({ agent }, host, { ...bench.policy, signing });
    agent.pinentry.answer(...leveled('B-T').map(() => `pin ${bench.card.signature.pin}` as const));
    await refusedWith('ERR_SIGNATURE_TIMESTAMP', 'B-T', ['ec-p256', 'ES256']);
  });
});

// Signing from end to end without a browser: a real native host, the built agent, simulated cards, the scripted PIN dialog. What
// each format is, formats-simulated.test.ts has others say.
import assert from 'node:assert/strict';
import { createHash, randomBytes, verify, X509Certificate } from 'node:crypto';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient, type SentDocument, type SigningSteps, type SigningWish } from '../support/signing-client.ts';
import { simulatedTwoPinCard, twoPinCard, type TwoPinTestCard } from '../support/test-cards.ts';

const journal = 'https://journal.example.se';
/** May sign with the key for login, where there is no other. */
const lenient = 'https://lenient.example.se';
const text: SentDocument = { name: 'intyg.txt', content: Buffer.from('Anna Testsson är frisk.') };

describe('Signing with a simulated card', function () {
  this.timeout(60_000);
  let agent: AgentUnderTest;
  let host: HostClient;
  let card: TwoPinTestCard;

  before(async () => {
    card = await twoPinCard('anna', { signature: ['ec-p256'] });
    agent = await AgentUnderTest.start({
      policy: {
        sites: [
          { origin: journal, signing: { documents: 5 } },
          { origin: lenient, signing: { authenticationKey: true } },
        ],
      },
      cards: { anna: simulatedTwoPinCard(card) },
    });
    host = await agent.host();
    await agent.simulator.insert('anna');
  });
  after(() => agent.stop());

  const sign = (wish: SigningWish, documents: SentDocument[] = [text], steps: SigningSteps = {}) =>
    new SigningClient(host, documents).run(journal, wish, steps);

  it('gives raw signatures over what was sent, with the key that has a PIN of its own', async () => {
    agent.pinentry.answer(`pin ${card.signature.pin}`);
    const { answer, consent, signed, signatures } = await sign({ format: { type: 'raw' } });
    assert.deepEqual(answer, { result: { signed: 1 } });
    assert.equal(consent?.documents[0]?.fingerprint, createHash('sha256').update(text.content).digest('hex'));
    const { publicKey } = new X509Certificate(Buffer.from(signed?.certificate ?? '', 'base64'));
    assert.equal(signed?.algorithm, 'ES256');
    assert.ok(verify('sha256', text.content, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signatures[0]!));
  });

  it('shows what is signed from what the agent holds', async () => {
    const content = randomBytes(1_200_000);
    agent.pinentry.answer(`pin ${card.signature.pin}`);
    const { answer } = await sign(
      { format: { type: 'raw' } },
      [{ name: 'x.bin', type: 'application/octet-stream', content }],
      {
        choose: async (consent, signing) => {
          assert.deepEqual(await signing.read('document', 0, content.length), content);
          return consent.keys[0]!.key;
        },
      },
    );
    assert.deepEqual(answer, { result: { signed: 1 } });
  });

  it('makes nothing when the holder declines', async () => {
    const before = await agent.keyUse('anna');
    const { answer } = await sign({ format: { type: 'raw' } }, [text], { choose: () => 'decline' });
    assert.equal(codeOf(answer), 'ERR_USER_DECLINED');
    assert.deepEqual(await agent.keyUse('anna'), before);
  });

  it('tells how many tries of PIN2 a wrong one has left, and that none of PIN1 is spent', async () => {
    agent.pinentry.answer(`pin ${card.authentication.pin}`);
    const { answer } = await sign({ format: { type: 'raw' } });
    assert.ok('error' in answer);
    assert.deepEqual([answer.error.code, answer.error.triesLeft], ['ERR_PIN_WRONG', 2]);
    const { anna } = (await agent.simulator.state()).cards;
    assert.deepEqual([anna?.triesLeft, anna?.signaturePin?.triesLeft], [3, 2]);
  });

  it('has no key for login sign whose card has one for signatures, even if the site names it', async () => {
    const { serialNumber } = new X509Certificate(card.authentication.keys[0]!.certificate);
    const certificate = { serialNumber: serialNumber.replace(/^0+/, '') };
    const wish = { format: { type: 'cms', attached: true }, certificate } as const;
    const { answer, consent } = await new SigningClient(host, [text]).run(lenient, wish);
    assert.equal(codeOf(answer), 'ERR_CARD_NO_SIGNATURE_KEY');
    assert.equal(consent, undefined);
  });

  it('signs a batch with one PIN where policy lets it', async () => {
    const documents = Array.from({ length: 5 }, (_, i) => ({ ...text, content: Buffer.from(`recept ${i}`) }));
    agent.pinentry.answer(`pin ${card.signature.pin}`);
    const { answer, signed } = await sign({ format: { type: 'cms', attached: true } }, documents);
    assert.deepEqual(answer, { result: { signed: 5 } });
    assert.equal(signed?.documents.length, 5);
  });
});

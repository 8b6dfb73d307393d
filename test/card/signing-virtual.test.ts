// What a card with two PINs meets when documents are signed, through every process and the real stack: wrong PINs, batches, cards that
// leave or are exchanged in the middle, and which key signs. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { honestLogin } from '../attack/target.ts';
import { opensslValue } from '../signatures/raw-judges.ts';
import { serialNumberOf } from '../signatures/format-bench.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import {
  SigningClient,
  type SentDocument,
  type SigningEnd,
  type SigningSteps,
  type SigningWish,
} from '../support/signing-client.ts';
import { twoPinCard, type TwoPinTestCard, virtualTwoPinCard } from '../support/test-cards.ts';
import { untilAgentSees } from './agent-readers.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';

const journal = 'https://journal.example';
/** May sign with the key for login, where there is no other. */
const lenient = 'https://lenient.example';
/** PSO. */
const signs = 0x2a;

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'Signing with a virtual card with two PINs';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let stack: CardStack;
    let agent: AgentUnderTest;
    let host: HostClient;
    let anna: TwoPinTestCard;
    let bertil: TwoPinTestCard;
    let loginOnly: TwoPinTestCard;

    before(async () => {
      anna = await twoPinCard('anna', { authentication: ['ec-p256'], signature: ['ec-p256', 'rsa-2048'] });
      bertil = await twoPinCard('bertil', { authentication: ['ec-p256'], signature: ['ec-p256'] });
      loginOnly = await twoPinCard('anna', { authentication: ['ec-p256'], signature: [] });
      stack = await startCardStack({
        cards: {
          anna: virtualTwoPinCard(anna),
          bertil: virtualTwoPinCard(bertil),
          loginOnly: { ...virtualTwoPinCard(loginOnly), id: 'without a key for signatures' },
        },
      });
      const sites = [
        { origin: journal, access: 'silent' as const, signing: { documents: 10, hash: true } },
        { origin: lenient, signing: { documents: 10, hash: true, authenticationKey: true } },
      ];
      agent = await AgentUnderTest.start({ module, policy: { sites }, environment: stack.environment });
      host = await agent.host();
    });
    after(async () => {
      await agent.stop();
      await stack.stop();
    });
    afterEach(async () => {
      agent.pinentry.reset();
      await stack.setDelay(0);
      if ((await stack.cardIn()) !== undefined) await stack.remove();
      await untilAgentSees(host, 'empty');
      for (const card of ['anna', 'bertil']) await stack.setTriesLeft(card, 3, 'signature');
    });

    const insert = async (card: string): Promise<void> => {
      await stack.insert(card);
      await untilAgentSees(host, 'ready');
    };
    const recipes = (count: number): SentDocument[] =>
      Array.from({ length: count }, (_, index) => ({ content: Buffer.from(`recept ${index + 1}`) }));
    const first = (card: TwoPinTestCard) => ({ serialNumber: serialNumberOf(card.signature.keys[0]!.certificate) });
    const raw: SigningWish = { format: { type: 'raw' } };
    const sign = (wish: SigningWish = raw, count = 1, steps: SigningSteps = {}, site = journal): Promise<SigningEnd> =>
      new SigningClient(host, recipes(count)).run(site, wish, steps);
    const signAs = (card: TwoPinTestCard, pin = card.signature.pin): Promise<SigningEnd> => {
      agent.pinentry.answer(`pin ${pin}`);
      return sign({ ...raw, certificate: first(card) });
    };
    /** What the chip has done meanwhile. */
    const newOperations = async (card: string, work: () => Promise<unknown>) => {
      const before = await stack.operations(card);
      await work();
      const after = await stack.operations(card);
      return {
        signatures: after.signatures.map((count, at) => count - before.signatures[at]!),
        verifications: after.verifications.map((count, at) => count - before.verifications[at]!),
      };
    };
    const assertUntouched = async (card: string, work: () => Promise<unknown>): Promise<void> => {
      const { signatures, verifications } = await newOperations(card, work);
      assert.ok(
        [...signatures, ...verifications].every((count) => count === 0),
        `${card} was used`,
      );
    };
    /** Every signature that was given out is one of its document by this card's key. */
    const assertSigned = ({ signed, signatures }: SigningEnd, card: TwoPinTestCard): void => {
      const { certificate } = card.signature.keys[0]!;
      for (const [index, signature] of signatures.entries()) {
        assert.equal(signature !== undefined, signed?.documents[index]?.status === 'signed');
        if (signature === undefined) continue;
        const { accepted, output } = opensslValue(Buffer.from(`recept ${index + 1}`), signature, certificate, 'ES256');
        assert.ok(accepted, output);
      }
    };
    /** Lets `happen` when so many signatures of a batch of ten are made. The card is slow, so that it is in the middle. */
    const inTheMiddle = async (happen: () => Promise<void>): Promise<SigningEnd> => {
      await stack.setDelay(20);
      agent.pinentry.answer(`pin ${anna.signature.pin}`);
      const client = new SigningClient(host, recipes(10));
      const since = host.messages.length;
      const end = client.run(journal, { ...raw, certificate: first(anna) });
      await host.until((m) => m.type === 'signing' && m.stage === 'progress' && m.done === 3, since, 30_000);
      await happen();
      return end;
    };
    const codes = ({ signed }: SigningEnd): (string | undefined)[] =>
      (signed?.documents ?? []).map((entry) => (entry.status === 'failed' ? entry.code : undefined));

    it('counts wrong PINs of PIN2 alone, does not guess how many tries are left, and takes the right one', async () => {
      await insert('anna');
      const { signatures, verifications } = await newOperations('anna', async () => {
        const wrong = await signAs(anna, anna.authentication.pin);
        assert.equal(codeOf(wrong.answer), 'ERR_PIN_WRONG');
        assert.ok('error' in wrong.answer);
        // Two PINs of this kind of card: its driver knows no more than the flags of PKCS#11.
        assert.equal(wrong.answer.error.triesLeft, undefined);
        assert.equal((await stack.pinState('anna', 'signature')).triesLeft, 2);
      });
      assert.deepEqual({ signatures, verifications }, { signatures: [0, 0, 0], verifications: [0, 1] });
      assert.deepEqual((await signAs(anna)).answer, { result: { signed: 1 } });
      assert.deepEqual(
        [(await stack.pinState('anna')).triesLeft, (await stack.pinState('anna', 'signature')).triesLeft],
        [3, 3],
      );
    });

    it('wants the last try confirmed, locks PIN2 when that is wrong, and then sends no PIN', async () => {
      await insert('anna');
      await stack.setTriesLeft('anna', 1, 'signature');
      agent.pinentry.answer('pin 00000000', 'ok', 'pin 00000000');
      const last = await sign({ ...raw, certificate: first(anna) });
      assert.equal(codeOf(last.answer), 'ERR_PIN_LOCKED');
      assert.deepEqual(
        agent.pinentry.unawaited().map(({ kind }) => kind),
        ['pin', 'confirmation', 'pin'],
      );
      agent.pinentry.reset();
      await assertUntouched('anna', async () => {
        assert.equal(codeOf((await sign({ ...raw, certificate: first(anna) })).answer), 'ERR_PIN_LOCKED');
      });
      assert.deepEqual(agent.pinentry.unawaited(), []);
    });

    it('sends no PIN to a PIN2 that another program has locked, and signs once it is unlocked', async () => {
      await insert('anna');
      await stack.setTriesLeft('anna', 0, 'signature');
      await assertUntouched('anna', async () => {
        assert.equal(codeOf((await signAs(anna)).answer), 'ERR_PIN_LOCKED');
      });
      agent.pinentry.reset();
      await stack.setTriesLeft('anna', 3, 'signature');
      assert.deepEqual((await signAs(anna)).answer, { result: { signed: 1 } });
    });

    it('leaves PIN-SSO of PIN1 as it was, whatever comes of PIN2', async () => {
      await insert('anna');
      const login = { ...anna, ...anna.authentication };
      await honestLogin({ agent, anna: login }, host, journal);
      const { verifications } = await newOperations('anna', async () => {
        for (const pin of [anna.signature.pin, '00000000', anna.signature.pin]) {
          await signAs(anna, pin);
          agent.pinentry.reset();
          await honestLogin({ agent, anna: login }, host, journal);
          assert.deepEqual(agent.pinentry.unawaited(), []);
        }
      });
      assert.equal(verifications[0], 0);
      assert.equal((await stack.pinState('anna')).verified, true);
    });

    it('signs ten documents for one PIN, which the card is given for each of them', async () => {
      await insert('anna');
      await signAs(anna);
      agent.pinentry.reset();
      agent.pinentry.answer(`pin ${anna.signature.pin}`);
      let end: SigningEnd | undefined;
      const done = await newOperations('anna', async () => {
        end = await sign({ ...raw, certificate: first(anna) }, 10);
      });
      assert.deepEqual(done, { signatures: [0, 10, 0], verifications: [0, 10] });
      assert.deepEqual(end?.answer, { result: { signed: 10 } });
      assert.equal(agent.pinentry.unawaited().length, 1);
      assertSigned(end, anna);
    });

    it('gives out what was signed before the card was pulled, and says of the rest why there is none', async () => {
      await insert('anna');
      const end = await inTheMiddle(() => stack.removeOn(signs));
      const failed = codes(end).findIndex((code) => code !== undefined);
      assert.ok(failed >= 3 && failed < 10, `${failed} signed`);
      assert.deepEqual(end.answer, { result: { signed: failed } });
      assert.deepEqual(
        codes(end),
        codes(end).map((_, index) => (index < failed ? undefined : 'ERR_CARD_REMOVED')),
      );
      assertSigned(end, anna);
    });

    for (const [name, exchange] of Object.entries<() => Promise<void>>({
      'with both events': () => stack.swap('bertil'),
      unseen: () => stack.swapUnseen('bertil'),
    })) {
      it(`has nothing signed by a card that takes its place ${name} in the middle of a batch`, async () => {
        await insert('anna');
        let end: SigningEnd | undefined;
        await assertUntouched('bertil', async () => {
          end = await inTheMiddle(exchange);
        });
        const failed = codes(end!).findIndex((code) => code !== undefined);
        assert.ok(failed >= 3 && failed < 10, `${failed} signed`);
        for (const code of codes(end!).slice(failed)) assert.match(code ?? '', /^ERR_CARD_(CHANGED|REMOVED)$/);
        assertSigned(end!, anna);
      });

      it(`sends no PIN to a card that takes its place ${name} while the holder reads`, async () => {
        await insert('anna');
        agent.pinentry.answer(`pin ${anna.signature.pin}`);
        await assertUntouched('bertil', async () => {
          const { answer } = await sign(raw, 1, {
            choose: async ({ keys }) => {
              await exchange();
              return keys[0]!.key;
            },
          });
          assert.match(codeOf(answer) ?? '', /^ERR_CARD_(CHANGED|REMOVED)$/);
        });
      });

      it(`sends no PIN to a card that takes its place ${name} while the PIN is being typed`, async () => {
        await insert('anna');
        await assertUntouched('bertil', async () => {
          const end = sign(raw);
          await agent.pinentry.waitForDialog();
          await exchange();
          agent.pinentry.answer(`pin ${anna.signature.pin}`);
          assert.match(codeOf((await end).answer) ?? '', /^ERR_CARD_(CHANGED|REMOVED)$/);
        });
      });
    }

    it('leaves the choice between several keys to the holder, and signs with the one that was chosen', async () => {
      await insert('anna');
      const usedFor = async (index: number): Promise<readonly [string, number[]]> => {
        agent.pinentry.answer(`pin ${anna.signature.pin}`);
        let algorithm = '';
        const { signatures } = await newOperations('anna', async () => {
          const { signed } = await sign(raw, 1, {
            choose: ({ keys }) => {
              assert.deepEqual(
                keys.map(({ holder, usage }) => [holder, usage]),
                Array.from({ length: 2 }, () => ['Anna Testsson', 'signature']),
              );
              return keys[index]!.key;
            },
          });
          algorithm = signed?.algorithm ?? '';
          const { certificate } = anna.signature.keys[algorithm === 'ES256' ? 0 : 1]!;
          assert.equal(signed?.certificate, Buffer.from(certificate).toString('base64'));
        });
        return [algorithm, signatures] as const;
      };
      // In which order a driver lists keys is its own affair.
      const used = [await usedFor(0), await usedFor(1)].sort(([one], [other]) => one.localeCompare(other));
      assert.deepEqual(used, [
        ['ES256', [0, 1, 0]],
        ['RS256', [0, 0, 1]],
      ]);
    });

    it('offers the keys that the site means, by holder, issuer and number, and no other', async () => {
      await insert('anna');
      const [own, other] = anna.signature.keys;
      const issuer = /CN=(.+)/.exec(new X509Certificate(own!.certificate).issuer)?.[1] ?? '';
      const wishes: [NonNullable<SigningWish['certificate']>, number][] = [
        [{ hsaId: anna.person.hsaId }, 2],
        [{ hsaId: bertil.person.hsaId }, 0],
        [{ issuer }, 2],
        [{ issuer: `${issuer}0` }, 0],
        [{ serialNumber: serialNumberOf(other!.certificate) }, 1],
        [{ hsaId: anna.person.hsaId, issuer, serialNumber: serialNumberOf(own!.certificate) }, 1],
        [{ hsaId: bertil.person.hsaId, serialNumber: serialNumberOf(own!.certificate) }, 0],
        [{ serialNumber: serialNumberOf(anna.authentication.keys[0]!.certificate) }, 0],
      ];
      for (const [certificate, count] of wishes) {
        // The holder says yes in the end: declining too often would mute the site.
        const { answer, consent } = await sign({ ...raw, certificate }, 1, { choose: () => 'no key of ours' });
        assert.equal(consent?.keys.length ?? 0, count, JSON.stringify(certificate));
        assert.equal(codeOf(answer), count === 0 ? 'ERR_CARD_NO_SIGNATURE_KEY' : 'ERR_REQUEST_INVALID');
      }
      assert.deepEqual(agent.pinentry.unawaited(), []);
    });

    it('signs with the key for login where policy says so and the card has no other, but neither bytes nor hashes', async () => {
      await insert('loginOnly');
      const cms: SigningWish = { format: { type: 'cms', attached: true } };
      const hash: SigningWish = { format: { type: 'hash', hash: 'SHA-256' } };
      await assertUntouched('loginOnly', async () => {
        assert.equal(codeOf((await sign(cms)).answer), 'ERR_CARD_NO_SIGNATURE_KEY');
        assert.equal(codeOf((await sign(raw, 1, {}, lenient)).answer), 'ERR_CARD_NO_SIGNATURE_KEY');
        const digest = new SigningClient(host, [{ content: Buffer.alloc(32, 7) }]);
        assert.equal(codeOf((await digest.run(lenient, hash)).answer), 'ERR_CARD_NO_SIGNATURE_KEY');
      });
      agent.pinentry.answer(`pin ${loginOnly.authentication.pin}`);
      const done = await newOperations('loginOnly', async () => {
        const { answer, consent } = await sign(cms, 1, {}, lenient);
        assert.deepEqual(answer, { result: { signed: 1 } });
        assert.deepEqual(
          consent?.keys.map(({ usage }) => usage),
          ['authentication'],
        );
      });
      assert.deepEqual(done.signatures, [1]);
    });

    it('never signs with the key for login of a card that has one for signatures, whichever the site names', async () => {
      await insert('anna');
      const certificate = { serialNumber: serialNumberOf(anna.authentication.keys[0]!.certificate) };
      await assertUntouched('anna', async () => {
        const cms: SigningWish = { format: { type: 'cms', attached: true }, certificate };
        assert.equal(codeOf((await sign(cms, 1, {}, lenient)).answer), 'ERR_CARD_NO_SIGNATURE_KEY');
      });
    });
  },
);

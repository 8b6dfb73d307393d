// Certificates on the virtual IDPrime 940 that do not parse. OpenSC shows nothing of them, neither certificate nor key, and yet the
// holder is told another thing than with a card that has none. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { ModuleHost } from '../../agent/tokens/module-host.ts';
import { journal, newNonce, sites } from '../attack/target.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf } from '../support/host-client.ts';
import { testCard, virtualCard } from '../support/test-cards.ts';
import { untilAgentSees } from './agent-readers.ts';
import {
  type CardDefinition,
  type CardStack,
  cardStackUnavailable,
  findOpenscModule,
  startCardStack,
} from './card-stack.ts';

const atr = Buffer.from('3b7f96000080318065b0855956fb120ffe829000', 'hex');
const message = Buffer.from('what is signed');
const digest = createHash('sha256').update(message).digest();

/** What stands in the place of a certificate: no DER at all, nothing, the first half, another tag within. */
const damages: Record<string, (certificate: Uint8Array) => Uint8Array> = {
  text: () => Buffer.from('no certificate'),
  nothing: () => new Uint8Array(),
  half: (certificate) => certificate.subarray(0, certificate.length / 2),
  tag: (certificate) => Uint8Array.from(certificate, (byte, at) => (at === 4 ? byte ^ 0x10 : byte)),
};

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'broken certificates on the virtual IDPrime 940';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let stack: CardStack;
    let anna: CardDefinition;
    const show = async (card: string): Promise<void> => {
      if ((await stack.cardIn()) === undefined) await stack.insert(card);
      else if ((await stack.cardIn()) !== card) await stack.swap(card);
    };

    before(async () => {
      const card = await testCard('anna');
      anna = virtualCard(card);
      const last = anna.keys.length - 1;
      const damaged = (id: string, isDamaged: (index: number) => boolean, damage = damages['text']!) => {
        const keys = anna.keys.map((key, at) =>
          isDamaged(at) ? { ...key, certificate: damage(key.certificate) } : key,
        );
        return { ...anna, id, keys };
      };
      stack = await startCardStack({
        cards: {
          anna,
          none: { ...anna, id: 'none', keys: [] },
          signatureAlone: { ...anna, id: 'signature alone', keys: anna.keys.slice(last) },
          allBroken: damaged('all broken', () => true),
          loginBroken: damaged('login broken', (at) => at !== last),
          ...Object.fromEntries(
            Object.entries(damages).map(([name, damage]) => [name, damaged(name, (at) => at !== last, damage)]),
          ),
        },
      });
    });
    after(() => stack.stop());

    describe('as the module host tells of them', () => {
      let host: ModuleHost;
      const socket = process.env['PCSCLITE_CSOCK_NAME'];
      const certificates = async () => {
        const [token] = await host.bind(stack.readers[0], atr, false);
        assert.ok(token);
        return { handle: token.handle, sizes: token.certificates.map(({ der }) => der.length) };
      };
      const sizesOf = (keys: CardDefinition['keys']) => keys.map(({ certificate }) => certificate.length);

      before(async () => {
        process.env['PCSCLITE_CSOCK_NAME'] = stack.environment.PCSCLITE_CSOCK_NAME;
        host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 4_000 });
        await host.start();
      });
      after(async () => {
        await host.stop();
        if (socket === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
        else process.env['PCSCLITE_CSOCK_NAME'] = socket;
      });

      it('they have no bytes, and come after those that parse', async () => {
        await show('none');
        assert.deepEqual((await certificates()).sizes, []);
        await show('allBroken');
        assert.deepEqual(
          (await certificates()).sizes,
          anna.keys.map(() => 0),
        );
        for (const card of ['loginBroken', ...Object.keys(damages)]) {
          await show(card);
          const others = anna.keys.slice(1).map(() => 0);
          assert.deepEqual((await certificates()).sizes, [...sizesOf(anna.keys.slice(-1)), ...others], card);
        }
      });

      it('they cost three APDUs, and a card without any of them none', async () => {
        const asked = async (): Promise<string[]> => {
          await stack.resetCounts();
          await certificates();
          const transcript = await stack.transcript();
          // How the PIN stands is the last question of every binding.
          return transcript.slice(transcript.lastIndexOf('20 00 11 -> 63C3') + 1);
        };
        await show('anna');
        assert.deepEqual(await asked(), []);
        await show('allBroken');
        assert.deepEqual(await asked(), ['A4 08 00 -> 9000', 'A4 08 00 -> 9000', 'B0 00 00 -> 9000']);
      });

      it('they do not hinder the key of one that parses', async () => {
        await show('loginBroken');
        const { handle } = await certificates();
        await host.login(handle, Buffer.from(anna.pin), false);
        const signature = await host.sign(handle, `000${anna.keys.length}`, 'RS256', digest);
        assert.ok(verify('sha256', message, createPublicKey(anna.keys.at(-1)!.privateKey), signature));
      });
    });

    describe('for a site', () => {
      let agent: AgentUnderTest;
      before(async () => {
        agent = await AgentUnderTest.start({ module, policy: { sites }, environment: stack.environment });
      });
      after(() => agent.stop());

      const cases: [string, string, string][] = [
        ['none', 'no certificate', 'ERR_CARD_NO_CERTIFICATE'],
        ['signatureAlone', 'a certificate for signatures alone', 'ERR_CARD_NO_CERTIFICATE'],
        ['allBroken', 'certificates that do not parse', 'ERR_CARD_CERTIFICATE_INVALID'],
        ['loginBroken', 'one for signatures, the others do not parse', 'ERR_CARD_CERTIFICATE_INVALID'],
      ];
      for (const [card, name, code] of cases) {
        it(`a card with ${name}: ${code}, and no PIN is asked`, async () => {
          if ((await stack.cardIn()) !== undefined) await stack.remove();
          const host = await agent.host();
          await untilAgentSees(host, 'empty');
          await stack.insert(card);
          await untilAgentSees(host, 'ready');
          assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), code);
          assert.deepEqual(agent.pinentry.shown(), []);
          assert.equal((await stack.pinState()).triesLeft, 3);
        });
      }
    });
  },
);

// A card that two drivers know, OpenSC and CNG, on the virtual IDPrime 940: each tells another serial number, and the holder is known
// again whichever has read it. Windows' provider is played; what the card is asked past it goes through the real pcscd. Needs root.
import assert from 'node:assert/strict';
import { CardTable, type CardSource } from '../../agent/cards/card-table.ts';
import { holderIdentity } from '../../agent/cards/holder-identity.ts';
import { Holders } from '../../agent/cards/holders.ts';
import { type ReaderWatch, startReaderWatch } from '../../agent/native/pcsc.ts';
import {
  absenceOf,
  readCardFacts,
  readIdentity,
  readPinStatus,
  resetCardIn,
} from '../../agent/tokens/card/card-access.ts';
import { CngBackend } from '../../agent/tokens/cng/cng-backend.ts';
import { ModuleHost } from '../../agent/tokens/module-host.ts';
import { until } from '../../demo/demo-agent.ts';
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { PlayedCng } from '../agent/tokens/cng/played-cng.ts';
import {
  type CardDefinition,
  type CardStack,
  cardStackUnavailable,
  findOpenscModule,
  startCardStack,
} from './card-stack.ts';
import { ANNA, BERTIL, inventedCard } from './invented-persons.ts';

/** SELECT and READ BINARY (ISO 7816-4 11.1, 11.2): OpenSC recognises no card without them, and CNG's part here needs neither. */
const reading = [0xa4, 0xb0];
const noDiagnosis = 0x6f00;

const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'the holder of a card that two drivers know';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(30_000);
    let stack: CardStack;
    let anna: CardDefinition;
    let host: ModuleHost;
    let cng: CngBackend;
    let watch: ReaderWatch;
    let table: CardTable;
    let holders: Holders;
    let told: string[];
    const environmentBefore = process.env['PCSCLITE_CSOCK_NAME'];

    before(async () => {
      const [hers, his] = await Promise.all([inventedCard(ANNA), inventedCard(BERTIL)]);
      anna = hers;
      stack = await startCardStack({ cards: { anna, bertil: his } });
      process.env['PCSCLITE_CSOCK_NAME'] = stack.environment.PCSCLITE_CSOCK_NAME;
      host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 4_000 });
      await host.start();
    });

    after(async () => {
      await host.stop();
      if (environmentBefore === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
      else process.env['PCSCLITE_CSOCK_NAME'] = environmentBefore;
      await stack.stop();
    });

    beforeEach(async () => {
      const played = new PlayedCng([]);
      const [reader] = stack.readers;
      const certificate = anna.keys[0]!.certificate;
      played.keys = [{ reader, container: 'one', certificate }];
      played.guids.set(reader, 'aaaa');
      cng = new CngBackend(played, { readCardFacts, readIdentity, readPinStatus, resetCardIn, absenceOf });
      told = [];
      table = new CardTable(clock, () => holders.look());
      holders = new Holders(
        clock,
        () => ({ service: 'running', session: 'active', readers: table.sights }),
        () => limits.identifyTime,
        ({ presence }) => told.push(presence.state),
      );
      const source: CardSource = { name: 'pcsc', backends: [host, cng] };
      watch = startReaderWatch((picture) => table.update(source, picture));
      if ((await stack.cardIn()) === undefined) await stack.insert('anna');
      await until(() => table.tokens.length === 1, 5_000, 'the card is not read');
      const [token] = table.tokens;
      const key = token?.keys[0];
      assert.ok(token && key);
      assert.equal(token.backend, host);
      holders.entered(holderIdentity({ token, key }, table.tokens), 'https://journal.example.se', token);
    });

    afterEach(async () => {
      watch.stop();
      await Promise.all([host.release(stack.readers[0]), cng.release(stack.readers[0])]);
    });

    const isReadByCng = (): boolean => table.tokens[0]?.backend === cng;

    it('is there when OpenSC fails for a moment at a card that is read anew', async () => {
      const [{ description }] = table.tokens as [(typeof table.tokens)[number]];
      for (const instruction of reading) await stack.failOn(instruction, noDiagnosis);
      await table.rebind(stack.readers[0], true);
      assert.ok(isReadByCng());
      assert.equal(table.tokens[0]?.description.identity, description.identity);
      assert.notEqual(table.tokens[0].description.serialNumber, description.serialNumber);
      assert.deepEqual(told, []);
    });

    it('is there again when OpenSC fails for a moment after a bad contact', async () => {
      for (const instruction of reading) await stack.failOn(instruction, noDiagnosis);
      await stack.mute(300);
      await until(isReadByCng, 5_000, 'CNG does not read the card');
      assert.deepEqual([told.includes('gone'), told.at(-1)], [false, 'present']);
    });

    it('has left when another’s card is in, which only CNG can read', async () => {
      await stack.swapUnseen('bertil');
      for (const instruction of reading) await stack.failOn(instruction, noDiagnosis);
      await table.rebind(stack.readers[0], true);
      assert.ok(isReadByCng());
      assert.deepEqual(told, ['gone']);
      await stack.swapUnseen('anna');
    });
  },
);

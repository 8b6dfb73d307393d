// A card of a known kind at which a command fails while it is read: a failure that may be over at the next look, and no
// stranger, which nobody would look at again. Needs root; says so where it cannot run.
import assert from 'node:assert/strict';
import { ModuleHost } from '../../agent/tokens/module-host.ts';
import { failsWith } from '../agent/tokens/simulated-world.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';
import { ANNA, inventedCard } from './invented-persons.ts';

const atr = Buffer.from('3b7f96000080318065b0855956fb120ffe829000', 'hex');
/** SELECT and READ BINARY (ISO 7816-4 11.1, 11.2): OpenSC tries more than one way to recognise a card. */
const reading = [0xa4, 0xb0];
const noDiagnosis = 0x6f00;

const module = findOpenscModule() ?? '';
const reason = cardStackUnavailable() ?? (module === '' ? 'opensc-pkcs11 is missing' : undefined);
const title = 'a card that is misread';
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(30_000);
    let stack: CardStack;
    let host: ModuleHost;
    const environmentBefore = process.env['PCSCLITE_CSOCK_NAME'];

    before(async () => {
      stack = await startCardStack({ cards: { anna: await inventedCard(ANNA) } });
      process.env['PCSCLITE_CSOCK_NAME'] = stack.environment.PCSCLITE_CSOCK_NAME;
      host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 4_000 });
      await host.start();
      await stack.insert('anna');
    });

    after(async () => {
      await host.stop();
      if (environmentBefore === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
      else process.env['PCSCLITE_CSOCK_NAME'] = environmentBefore;
      await stack.stop();
    });

    it('has failed, is no stranger, and is read at the next look', async () => {
      for (const instruction of reading) await stack.failOn(instruction, noDiagnosis);
      await assert.rejects(host.bind(stack.readers[0], atr, false), failsWith('ERR_CARD_FAILED'));
      assert.equal((await host.bind(stack.readers[0], atr, true)).length, 1);
    });
  },
);

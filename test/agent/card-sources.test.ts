// Which drivers are run, and that a card which two of them know is one card.
import assert from 'node:assert/strict';
import { driversOf } from '../../agent/card-sources.ts';
import { CardTable } from '../../agent/cards/card-table.ts';
import { CngBackend } from '../../agent/tokens/cng/cng-backend.ts';
import { type TokenBackend, TokenError } from '../../agent/tokens/token.ts';
import { type TokenSource } from '../../shared/policy.ts';
import { description, FakeBackend } from './fake-backend.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { picture } from './reader-pictures.ts';
import { PlayedCards, PlayedCng } from './tokens/cng/played-cng.ts';

const modules = ['C:\\Windows\\System32\\eTPKCS11.dll', 'C:\\Program Files\\OpenSC\\opensc-pkcs11.dll'];
const known = modules.map((module) => ({ type: 'pkcs11', module }));

describe('The drivers', () => {
  it('are the known modules on Windows, and CNG where none is installed, where policy names none', () => {
    assert.deepEqual(driversOf([], 'win32', modules), known);
    assert.deepEqual(driversOf([], 'win32', []), [{ type: 'cng' }]);
  });

  it('are the known modules alone elsewhere', () => {
    assert.deepEqual(driversOf([], 'linux', modules), known);
    assert.deepEqual(driversOf([], 'linux', []), []);
  });

  it("are policy's, in its order and no others, where it names any", () => {
    const policies: readonly TokenSource[][] = [
      [{ type: 'cng' }],
      [{ type: 'cng' }, { type: 'pkcs11', module: modules[1] ?? '' }],
      [{ type: 'pkcs11', module: modules[0] ?? '' }],
    ];
    for (const policy of policies) assert.deepEqual(driversOf(policy, 'win32', modules), policy);
  });
});

describe('A card that a PKCS#11 module and CNG both know', () => {
  let calls: string[];
  let module: FakeBackend;
  let cng: CngBackend;
  let table: CardTable;

  beforeEach(() => {
    calls = [];
    const played = new PlayedCng(calls);
    played.keys = [{ reader: 'A', container: 'one', certificate: 'first' }];
    module = new FakeBackend('module');
    module.cards.set('A', [description({ handle: 'of the module' })]);
    cng = new CngBackend(played, new PlayedCards(calls));
    table = new CardTable(new FakeClock(), () => undefined);
  });

  async function insert(...backends: readonly TokenBackend[]): Promise<TokenBackend[]> {
    const source = { name: 'pcsc', backends };
    table.update(source, picture({ A: ['empty', 0] }));
    table.update(source, picture({ A: ['present', 1] }));
    await table.settled(new AbortController().signal);
    await settle();
    return table.tokens.map(({ backend }) => backend);
  }

  it('is one card, driven by the first of them, and the second never sees it', async () => {
    assert.deepEqual(await insert(module, cng), [module]);
    assert.deepEqual(calls, []);
  });

  it('is driven by CNG where policy puts that first', async () => {
    assert.deepEqual(await insert(cng, module), [cng]);
    assert.deepEqual(module.calls, []);
  });

  it('is driven by CNG when the module does not know it, or is missing', async () => {
    module.cards.clear();
    assert.deepEqual(await insert(module, cng), [cng]);
    assert.equal(table.readers[0]?.card, 'ready');
    module.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_MISSING'));
    await table.rebind('A', false);
    assert.deepEqual(
      table.tokens.map(({ backend }) => backend),
      [cng],
    );
  });
});

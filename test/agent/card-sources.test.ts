// Which drivers are run, and that a card which two of them know is one card, whose holder stays the same whichever reads it.
import assert from 'node:assert/strict';
import { driversOf } from '../../agent/card-sources.ts';
import { CardTable } from '../../agent/cards/card-table.ts';
import { holderIdentity } from '../../agent/cards/holder-identity.ts';
import { Holders } from '../../agent/cards/holders.ts';
import { CngBackend } from '../../agent/tokens/cng/cng-backend.ts';
import { type TokenBackend, TokenError } from '../../agent/tokens/token.ts';
import { type TokenSource } from '../../shared/policy.ts';
import { certificateOf } from './certificates/der.ts';
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

describe('The holder of a card that a PKCS#11 module and CNG both know', () => {
  const idprime = Buffer.from('3b7f96000080318065b0855956fb120ffe829000', 'hex');
  const der = certificateOf();
  const passing = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
  let clock: FakeClock;
  let module: FakeBackend;
  let played: PlayedCng;
  let cards: PlayedCards;
  let table: CardTable;
  let holders: Holders;
  let told: string[];

  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    module = new FakeBackend('module');
    const certificates = [{ id: '45', label: 'Legitimering', der }];
    module.cards.set('A', [description({ serialNumber: '0001', identity: 'anna', certificates })]);
    played = new PlayedCng([]);
    played.keys = [{ reader: 'A', container: 'one', certificate: der }];
    played.guids.set('A', 'aaaa');
    cards = new PlayedCards([]);
    cards.identity = 'anna';
    table = new CardTable(clock, () => holders.look());
    holders = new Holders(
      clock,
      () => ({ service: 'running', session: 'active', readers: table.sights }),
      () => 2_000,
      ({ presence }) => told.push(presence.state),
    );
  });

  /** Logs in by the first of the drivers, which then fails at a card that is read anew; the other reads it. */
  async function readByTheSecond(atr: Uint8Array, isMoved: boolean, cngFirst = false): Promise<void> {
    const cng = new CngBackend(played, cards);
    const source = { name: 'pcsc', backends: cngFirst ? [cng, module] : [module, cng] };
    table.update(source, picture({ A: ['empty', 0] }, 1, atr));
    table.update(source, picture({ A: ['present', 1] }, 1, atr));
    await settle();
    const [token] = table.tokens;
    const key = token?.keys[0];
    assert.ok(token && key);
    assert.equal(token.backend, source.backends[0]);
    holders.entered(holderIdentity({ token, key }, table.tokens), 'https://journal.example.se', token);
    if (cngFirst) played.failures.set('listKeys', 0x80100016);
    else module.bindInstead = passing;
    if (isMoved) {
      table.update(source, picture({ A: ['mute', 1] }));
      table.update(source, picture({ A: ['present', 2] }, 1, atr));
    } else void table.rebind('A', true);
    await settle();
    assert.equal(table.tokens[0]?.backend, source.backends[1]);
    assert.notEqual(table.tokens[0]?.description.serialNumber, token.description.serialNumber);
    clock.advance(60_000);
  }

  for (const cngFirst of [false, true]) {
    for (const isMoved of [false, true]) {
      const first = cngFirst ? 'CNG' : 'the module';
      it(`is there while ${first} fails for a moment at a card that names itself${isMoved ? ', after a bad contact' : ''}`, async () => {
        await readByTheSecond(idprime, isMoved, cngFirst);
        assert.deepEqual(told, isMoved ? ['doubtful', 'doubtful', 'present'] : []);
      });
    }
  }

  it('is there while such a card does not name itself, if it was not moved', async () => {
    cards.identity = '';
    await readByTheSecond(idprime, false);
    assert.deepEqual(told, []);
  });

  it('is told from another’s, which the other driver reads', async () => {
    cards.identity = 'bertil';
    await readByTheSecond(idprime, false);
    assert.deepEqual(told, ['gone']);
  });

  it('is not known again on a card of an unknown kind: only one driver should be named for such', async () => {
    await readByTheSecond(Uint8Array.of(0x3b, 0x7f), false);
    assert.deepEqual(told, ['gone']);
  });
});

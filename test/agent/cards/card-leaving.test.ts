// How the stay of a card ends: pulled, exchanged, silent, or because reader, service, session or driver are gone.
import assert from 'node:assert/strict';
import { type CardSource } from '../../../agent/cards/card-table.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { FakeBackend, description } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { noService, picture } from '../reader-pictures.ts';
import { reasonOf, TableWorld } from './table-world.ts';

describe('The card table', () => {
  let world: TableWorld;
  beforeEach(() => {
    world = new TableWorld();
  });

  describe('ends the stay of a card', () => {
    const endings: [string, () => void, string, string][] = [
      [
        'that is pulled',
        () => world.table.update(world.source, picture({ A: ['empty', 2] })),
        'card',
        'ERR_CARD_REMOVED',
      ],
      [
        'that is exchanged',
        () => world.table.update(world.source, picture({ A: ['present', 3] })),
        'replaced',
        'ERR_CARD_CHANGED',
      ],
      ['whose reader goes', () => world.table.update(world.source, picture({})), 'reader', 'ERR_CARD_REMOVED'],
      ['whose service goes', () => world.table.update(world.source, noService()), 'service', 'ERR_CARD_SERVICE'],
      ['whose session is locked', () => world.table.setSuspended(true), 'suspended', 'ERR_AGENT_SESSION_LOCKED'],
    ];
    for (const [name, happen, cause, code] of endings) {
      it(`${name}: ${cause}, ${code}, and the driver drops its sessions`, async () => {
        const token = await world.bindFirst();
        happen();
        assert.equal(reasonOf(token), code);
        assert.ok(!world.table.tokens.includes(token));
        assert.ok(world.told().includes(`left A ${cause} 1`), world.told().join());
        assert.equal(world.driver.calls[0], 'release A');
        await settle();
      });
    }

    it('and tells so once', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      world.table.update(world.source, picture({}));
      world.table.setSuspended(true);
      assert.deepEqual(world.told(), ['left A card 1']);
    });

    it('before it begins the stay of the next one, which is another token', async () => {
      const before = await world.bindFirst();
      world.table.update(world.source, picture({ A: ['present', 3] }));
      await settle();
      assert.deepEqual(world.told(), ['left A replaced 1', 'came A', 'bound A']);
      assert.deepEqual(world.driver.calls, ['release A', 'bind A']);
      const [after] = world.table.tokens;
      assert.ok(after !== undefined && after !== before);
      assert.equal(after.fingerprint, before.fingerprint);
      assert.equal(reasonOf(after), undefined);
    });

    it('and leaves the other reader alone', async () => {
      world.driver.cards.set('B', [description({ handle: 'h2', serialNumber: '0002' })]);
      world.table.update(world.source, picture({ A: ['present', 1], B: ['present', 1] }));
      await settle();
      const [a, b] = world.table.tokens;
      world.driver.calls.length = 0;
      world.table.update(world.source, picture({ A: ['empty', 2], B: ['present', 1] }));
      assert.deepEqual([reasonOf(a), reasonOf(b)], ['ERR_CARD_REMOVED', undefined]);
      assert.deepEqual(world.table.tokens, [b]);
      assert.deepEqual(world.driver.calls, ['release A']);
      assert.deepEqual([a?.fingerprint === b?.fingerprint, a === b], [false, false]);
    });
  });

  describe('when a driver stops', () => {
    it('ends what it had bound, resets the card and reads it again', async () => {
      const before = await world.bindFirst();
      world.table.driverStopped(world.driver);
      assert.equal(reasonOf(before), 'ERR_AGENT_DRIVER_CRASHED');
      await settle();
      assert.deepEqual(world.driver.calls, ['bind A reset']);
      assert.deepEqual(world.told(), ['bound A']);
    });

    it('leaves the cards of the other drivers alone', async () => {
      const before = await world.bindFirst();
      world.table.driverStopped(new FakeBackend('another'));
      assert.equal(reasonOf(before), undefined);
      assert.deepEqual(world.driver.calls, []);
    });
  });

  describe('when the session is locked', () => {
    it('drops every handle, binds nothing, and reads every card anew with a reset afterwards', async () => {
      world.driver.cards.set('B', [description({ handle: 'h2' })]);
      const before = await world.bindFirst();
      world.table.setSuspended(true);
      world.table.setSuspended(true);
      world.table.update(world.source, picture({ A: ['present', 1], B: ['present', 1] }));
      await settle();
      assert.deepEqual(world.driver.calls, ['release A']);
      assert.equal(reasonOf(before), 'ERR_AGENT_SESSION_LOCKED');
      assert.deepEqual(world.table.tokens, []);
      world.table.setSuspended(false);
      await settle();
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A reset', 'bind B reset']);
      assert.equal(world.table.tokens.length, 2);
    });

    it('does not look for a card that was pulled meanwhile', async () => {
      await world.bindFirst();
      world.table.setSuspended(true);
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      world.table.setSuspended(false);
      await settle();
      assert.deepEqual(world.driver.callsOf('bind'), []);
      assert.equal(world.card(), 'empty');
    });

    it('can still tell an empty reader from one with a card in it, and from one that is not there', async () => {
      await world.bindFirst();
      world.table.setSuspended(true);
      const looks = () => world.table.sights.map(({ name, card }) => `${name} ${card}`);
      assert.deepEqual(looks(), ['A unread']);
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      assert.deepEqual(looks(), ['A empty']);
      world.table.update(world.source, picture({}));
      assert.deepEqual(looks(), []);
      world.table.update(world.source, noService());
      assert.deepEqual(looks(), []);
    });
  });

  describe('keeps apart', () => {
    it('what the driver does not hold against the card: a `release` that fails', async () => {
      await world.bindFirst();
      world.driver.release = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_HUNG'));
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      await settle();
      assert.deepEqual(world.told(), ['left A card 1']);
    });

    it('two sources: the service of one says nothing of the other', () => {
      const other: CardSource = { name: 'simulator', backends: [] };
      world.table.update(world.source, noService());
      assert.equal(world.table.serviceRunning, false);
      world.table.update(other, picture({ S: ['empty', 0] }));
      assert.equal(world.table.serviceRunning, true);
      world.table.update(other, noService());
      assert.equal(world.table.serviceRunning, false);
    });

    it('two readers of one name: the one that was seen first keeps it', async () => {
      const token = await world.bindFirst();
      const other: CardSource = { name: 'simulator', backends: [new FakeBackend()] };
      world.table.update(other, picture({ A: ['empty', 7] }));
      world.table.update(other, picture({ A: ['mute', 7] }));
      world.table.update(other, picture({ A: ['present', 8] }));
      world.table.update(other, picture({}));
      await settle();
      assert.deepEqual([world.card(), reasonOf(token), world.table.tokens], ['ready', undefined, [token]]);
    });

    it('readers whose names are hostile', async () => {
      const names = ['__proto__', 'toString', '\u202eA', 'A\n[B]', '<img src=x>', 'x'.repeat(300)];
      world.driver.bindInstead = () => Promise.resolve([description()]);
      world.table.update(
        world.source,
        picture(Object.fromEntries(names.map((name) => [name, ['present', 1] as const]))),
      );
      await settle();
      assert.deepEqual(
        world.table.readers.map(({ name, card: state }) => [name, state]),
        names.map((name) => [name, 'ready']),
      );
      assert.equal(new Set(world.table.tokens).size, names.length);
    });
  });
});

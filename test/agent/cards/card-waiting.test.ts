// What is waited for while cards are read: not for ever, and not for a card that is gone.
import assert from 'node:assert/strict';
import { type CardSource } from '../../../agent/cards/card-table.ts';
import { TokenError, type TokenDescription } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeBackend, description, gate, kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { noService, picture } from '../reader-pictures.ts';
import { never, TableWorld } from './table-world.ts';

describe('The card table waits', () => {
  let world: TableWorld;
  beforeEach(() => {
    world = new TableWorld();
  });

  describe('while a card is being read', () => {
    let reading: ReturnType<typeof gate<TokenDescription[]>>;
    beforeEach(() => {
      reading = gate<TokenDescription[]>();
      world.driver.bindInstead = () => reading.promise;
      world.table.update(world.source, picture({ A: ['empty', 0] }));
      world.table.update(world.source, picture({ A: ['present', 1] }));
    });

    it('and it is pulled: what the driver then tells is of no use', async () => {
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      reading.open([description()]);
      await settle();
      assert.deepEqual([world.card(), world.table.tokens], ['empty', []]);
      assert.deepEqual(world.told(), ['came A', 'left A card 0']);
    });

    it('and it is exchanged: the first answer does not become the second card', async () => {
      world.driver.bindInstead = undefined;
      world.driver.cards.set('A', [description({ serialNumber: 'Bertil' })]);
      world.table.update(world.source, picture({ A: ['present', 3] }));
      reading.open([description({ serialNumber: 'Anna' })]);
      await settle();
      assert.deepEqual(
        world.table.tokens.map(({ description: { serialNumber } }) => serialNumber),
        ['Bertil'],
      );
    });

    it('and it is pulled: no second driver is asked for a card that is gone', async () => {
      const second = new FakeBackend('second');
      const both: CardSource = { name: 'both', backends: [world.driver, second] };
      world.table.update(both, picture({ B: ['present', 1] }));
      world.table.update(both, picture({ B: ['empty', 2] }));
      reading.fail(new TokenError('ERR_CARD_REMOVED'));
      await settle();
      assert.deepEqual(second.callsOf('bind'), []);
    });

    it('and it falls silent: it does not become ready by what was read before', async () => {
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      reading.open([description()]);
      await settle();
      assert.deepEqual([world.card(), world.table.tokens], ['mute', []]);
      assert.ok(!world.told().includes('bound A'));
    });

    it('and the session is locked: nothing is ready afterwards', async () => {
      world.table.setSuspended(true);
      reading.open([description()]);
      await settle();
      assert.deepEqual([world.card(), world.table.tokens], ['empty', []]);
    });

    it('`settled` waits for it', async () => {
      let done = false;
      const waiting = world.table.settled(never).then(() => (done = true));
      await settle();
      assert.equal(done, false);
      reading.open([description()]);
      await waiting;
      assert.equal(world.table.tokens.length, 1);
    });

    it('`settled` ends with the reason of its signal', async () => {
      const asker = new AbortController();
      const waiting = world.table.settled(asker.signal);
      asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(waiting, kortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(world.table.settled(asker.signal), kortbroError('ERR_REQUEST_CANCELLED'));
    });

    it('`settled` waits for the card that was put in meanwhile, too', async () => {
      let done = false;
      const waiting = world.table.settled(never).then(() => (done = true));
      const second = gate<TokenDescription[]>();
      world.driver.bindInstead = () => second.promise;
      world.table.update(world.source, picture({ A: ['present', 3] }));
      reading.open([]);
      await settle();
      assert.equal(done, false);
      second.open([description()]);
      await waiting;
      assert.equal(world.card(), 'ready');
    });

    it('`settled` is over when the card is pulled, though the driver still hangs', async () => {
      const waiting = world.table.settled(never);
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      await waiting;
      await world.table.settled(never);
    });

    it('a rebind without reset joins the reading; one with reset reads anew', async () => {
      const joined = world.table.rebind('A', false);
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A']);
      world.driver.bindInstead = undefined;
      const anew = world.table.rebind('A', true);
      assert.deepEqual(world.driver.callsOf('bind'), ['bind A', 'bind A reset']);
      reading.open([description({ handle: 'old' })]);
      await Promise.all([joined, anew]);
      assert.deepEqual(
        world.table.tokens.map(({ description: { handle } }) => handle),
        ['h1'],
      );
    });
  });

  describe('when a source has just been started', () => {
    const slow: CardSource = { name: 'slow', backends: [] };
    const isSettled = async (waiting: Promise<void>) => {
      let done = false;
      void waiting.then(() => (done = true));
      await settle();
      return done;
    };

    it('`settled` waits for its first picture, and for the card that is in it', async () => {
      const reading = gate<TokenDescription[]>();
      world.driver.bindInstead = () => reading.promise;
      world.table.expect(world.source);
      const waiting = world.table.settled(never);
      assert.equal(await isSettled(waiting), false);
      world.table.update(world.source, picture({ A: ['present', 1] }));
      assert.equal(await isSettled(waiting), false);
      reading.open([description()]);
      assert.equal(await isSettled(waiting), true);
      assert.equal(world.clock.pending, 0);
    });

    it('`settled` waits for every one of them', async () => {
      world.table.expect(world.source);
      world.table.expect(slow);
      const waiting = world.table.settled(never);
      world.table.update(world.source, picture({ A: ['empty', 0] }));
      assert.equal(await isSettled(waiting), false);
      world.table.update(slow, noService());
      assert.equal(await isSettled(waiting), true);
    });

    it('`settled` does not wait for ever', async () => {
      world.table.expect(slow);
      const waiting = world.table.settled(never);
      world.clock.advance(limits.firstPictureTime - 1);
      assert.equal(await isSettled(waiting), false);
      world.clock.advance(1);
      assert.equal(await isSettled(waiting), true);
    });

    it('`settled` can be called off', async () => {
      world.table.expect(slow);
      const signal = AbortSignal.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
      await assert.rejects(world.table.settled(signal), kortbroError('ERR_REQUEST_CANCELLED'));
    });
  });
});

// A card that falls silent: a contact glitch, or a card that has left. Its login is over either way.
import assert from 'node:assert/strict';
import { limits } from '../../../shared/limits.ts';
import { settle } from '../fake-clock.ts';
import { noService, picture } from '../reader-pictures.ts';
import { reasonOf, TableWorld } from './table-world.ts';

describe('The card table sees', () => {
  let world: TableWorld;
  beforeEach(() => {
    world = new TableWorld();
  });

  describe('a card that falls silent', () => {
    it('ends its login at once, and has left when it stays silent for a second', async () => {
      const token = await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      assert.equal(reasonOf(token), 'ERR_CARD_FAILED');
      assert.deepEqual([world.card(), world.table.tokens, world.told()], ['mute', [], []]);
      world.clock.advance(limits.muteCardGrace - 1);
      assert.deepEqual(world.told(), []);
      world.clock.advance(1);
      assert.deepEqual(world.told(), ['left A mute 1']);
      assert.equal(world.driver.calls[0], 'release A');
      assert.equal(world.card(), 'mute');
    });

    it('and answers again within the second has not left, and is bound anew', async () => {
      const before = await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.clock.advance(limits.muteCardGrace - 1);
      world.table.update(world.source, picture({ A: ['present', 1] }));
      await settle();
      world.clock.advance(10 * limits.muteCardGrace);
      assert.deepEqual(world.told(), ['came A', 'bound A']);
      assert.notEqual(world.table.tokens[0], before);
      assert.equal(world.clock.pending, 0);
    });

    it('and is pulled has left at once, and once', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.table.update(world.source, picture({ A: ['empty', 2] }));
      assert.deepEqual([world.told(), world.card()], [['left A card 1'], 'empty']);
      world.clock.advance(limits.muteCardGrace);
      assert.deepEqual(world.told(), ['left A card 1']);
    });

    it('and whose reader goes has not been pulled', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.table.update(world.source, picture({}));
      world.clock.advance(limits.muteCardGrace);
      assert.deepEqual(world.told(), ['left A reader 1']);
    });

    it('and whose service goes has not been pulled', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.table.update(world.source, noService());
      world.clock.advance(limits.muteCardGrace);
      assert.deepEqual(world.told(), ['left A service 1', 'service stopped'].sort().reverse());
    });

    it('in a session that is locked meanwhile does not end the stay that begins after it', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.table.setSuspended(true);
      world.table.update(world.source, picture({ A: ['present', 1] }));
      world.table.setSuspended(false);
      await settle();
      world.clock.advance(limits.muteCardGrace);
      assert.equal(world.card(), 'ready');
      assert.equal(reasonOf(world.table.tokens[0]), undefined);
    });

    it('is not read by a driver that has stopped meanwhile', async () => {
      await world.bindFirst();
      world.table.update(world.source, picture({ A: ['mute', 1] }));
      world.table.driverStopped(world.driver);
      await settle();
      assert.deepEqual([world.card(), world.driver.callsOf('bind')], ['mute', []]);
    });
  });
});

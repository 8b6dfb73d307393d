// A tenth of the long run (main.ts), over both cards: twenty removals, in which every condition comes up, and fifty disturbances, in an
// order of chance. Real agent, real Chromium, real servers. A failure's seed plays it again: KORTBRO_SEED=N.
import assert from 'node:assert/strict';
import { Random } from './random.ts';
import { removalCardKinds, removalCardUnavailable } from './removal-card.ts';
import { startRemovalWorld, type RemovalWorld } from './removal-world.ts';
import { dealt, run } from './run.ts';

const removals = 20;
const disturbances = 50;

const seed = Number(process.env['KORTBRO_SEED'] ?? Date.now() % 2 ** 32);
const random = new Random(seed);
const all = dealt(random, removals, disturbances);

for (const [index, kind] of removalCardKinds.entries()) {
  /** This card's half. */
  const half = <T>(rounds: readonly T[]): readonly T[] =>
    rounds.slice((index * rounds.length) / 2, ((index + 1) * rounds.length) / 2);

  describe(`the card of a holder (${kind}, seed ${seed})`, function () {
    let world: RemovalWorld | undefined;
    this.timeout(300_000);

    before(async function () {
      const reason = removalCardUnavailable(kind);
      if (reason !== undefined) {
        process.stdout.write(`    not run: ${reason}\n`);
        this.skip();
      }
      world = await startRemovalWorld(kind);
    });
    after(async () => world?.stop());

    const play = async (rounds: Partial<typeof all>) => {
      assert.ok(world);
      return run(world, { removals: [], disturbances: [], random, say: () => undefined, ...rounds });
    };

    it('is pulled: every session ends, and once, whatever else is going on', async () => {
      const { missed, doubled, wrong } = await play({ removals: half(all.removals) });
      assert.deepEqual({ missed, doubled, wrong }, { missed: 0, doubled: 0, wrong: [] });
    });

    it('stays in: no session ends, whatever else is going on', async () => {
      const { false: ended, wrong } = await play({ disturbances: half(all.disturbances) });
      assert.deepEqual({ ended, wrong }, { ended: 0, wrong: [] });
    });
  });
}

// The hardest moments of a removal, each alone: a browser that dies with its holder logged in and comes back for a colleague, a
// machine without power, a card of the same model in the place of another before anybody has looked.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../demo/demo-agent.ts';
import { carriedOver, leftAfter } from '../removal/judgement.ts';
import { removalCardKinds, removalCardUnavailable } from '../removal/removal-card.ts';
import { nameOf, startRemovalWorld, type RemovalWorld } from '../removal/removal-world.ts';
import { isLive } from '../removal/site-record.ts';

/** Chromium writes new rules to disk within so many milliseconds; what it has not written dies with it. */
const rulesOnDisk = 16_000;

for (const kind of removalCardKinds) {
  describe(`a card that leaves in a bad moment (${kind})`, function () {
    let started: RemovalWorld | undefined;
    this.timeout(90_000);
    before(async function () {
      const reason = removalCardUnavailable(kind);
      if (reason !== undefined) {
        process.stdout.write(`    not run: ${reason}\n`);
        this.skip();
      }
      started = await startRemovalWorld(kind);
    });
    after(async () => started?.stop());
    const world = (): RemovalWorld => {
      assert.ok(started);
      return started;
    };

    beforeEach(async () => {
      await world().card.remove();
      await Promise.all(world().profiles.map((profile) => profile.closeTabs()));
      world().harness.pinentry.reset();
      await world().insert('anna');
    });

    it('leaves nothing to a colleague whose browser is the restored one', async () => {
      const { card, profiles, record } = world();
      const [profile] = profiles;
      const from = record.sessions.length;
      await world().mustLogIn(profile, 'recept', 'anna');
      await wait(rulesOnDisk);
      await profile.kill();
      await card.remove();
      const at = Date.now();
      await profile.open(true);
      await world().insert('bertil');
      const hers = record.sessions.slice(from);
      assert.deepEqual(await leftAfter(world(), hers, 15_000), []);
      await world().mustLogIn(profile, 'recept', 'bertil');
      assert.deepEqual(carriedOver(world(), hers, at), []);
      assert.equal(hers.length, 1);
    });

    for (const [how, swap] of [
      ['unseen', () => world().card.swapUnseen('bertil')],
      ['within one look', () => world().card.swapWithinOneLook('bertil')],
    ] as const) {
      it(`ends her sessions when another of the same model takes its place ${how}, and signs nothing in her name`, async () => {
        const { profiles, record, harness } = world();
        const from = record.sessions.length;
        await world().mustLogIn(profiles[0], 'journal', 'anna');
        await world().mustLogIn(profiles[0], 'recept', 'anna');
        await world().mustLogIn(profiles[1], 'journal', 'anna');
        const hers = record.sessions.slice(from);
        await swap();
        const dialogs = harness.pinentry.shown().length;
        // First attempts may end with "another card is in", or while the site is cleared.
        const deadline = Date.now() + 15_000;
        while (Date.now() < deadline && record.live.every(({ name }) => name !== nameOf('bertil'))) {
          await world().logIn(profiles[1], 'recept', 'bertil');
          await wait(300);
        }
        assert.deepEqual(await leftAfter(world(), hers, 15_000), []);
        const later = record.sessions.slice(from + hers.length);
        assert.deepEqual(
          later.map(({ name }) => name),
          [nameOf('bertil')],
        );
        const asked = harness.pinentry.shown().slice(dialogs);
        assert.ok(
          asked.some(({ kind: what, description }) => what === 'pin' && description.includes(nameOf('bertil'))),
        );
      });
    }

    it('is not there to tell when the power goes: the lease ends the session when it says', async () => {
      const { harness, profiles, record } = world();
      await world().mustLogIn(profiles[0], 'jour', 'anna');
      const session = record.sessions.at(-1);
      assert.ok(session);
      // Longer than the lease: it has been renewed.
      await wait(12_000);
      assert.ok(isLive(session));
      const off = Date.now();
      for (const { processId, part } of harness.processes()) if (part === 'agent') process.kill(processId, 'SIGKILL');
      for (const { processId, part } of harness.processes()) {
        if (part === 'native-host') process.kill(processId, 'SIGKILL');
      }
      await Promise.all(profiles.map((profile) => profile.kill()));
      await until(() => !isLive(session), 15_000, 'the session lives on');
      const [end] = session.ends;
      // Ten seconds from the last renewal, which was at most a third of that before, and one of tolerance.
      const after = (end?.at ?? 0) - off;
      assert.ok(after > 5_000 && after < 11_500, `${after} ms`);
      assert.equal(end?.reason, 'lease-expired');
      assert.equal(session.calls, 0);
      // In this order: a browser without an agent would start another one beside it.
      await harness.agent.start();
      for (const profile of profiles) await profile.open();
    });
  });
}

// Pulling the card, seen from outside of one browser: every profile is logged out, and the servers are told although no browser
// is there. The story itself is told by `npm run demo` (login-story.test.ts).
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { describeOnEachCard, type LoginWorld, type SiteName } from './login-world.ts';

/** At the servers, in milliseconds: the product's promise. */
const promise = 2_000;

async function expectEnded(world: LoginWorld, site: SiteName, sessions: number, before: number): Promise<void> {
  const isOut = async () => (await world.harness.ask(site)).verified.length === 0;
  await until(isOut, promise, `the server of ${site} still has somebody logged in`);
  const { ended, calls } = await world.harness.ask(site);
  const reasons = ended.slice(before).map(({ reason }) => reason);
  assert.deepEqual(reasons, Array<string>(sessions).fill('card-removed'));
  const repeated = calls.filter(({ logouts }) => logouts > 1);
  assert.deepEqual(repeated, [], 'no logout comes twice');
}

describeOnEachCard('pulling the card', (world) => {
  const endedSoFar = async (site: SiteName) => (await world().harness.ask(site)).ended.length;

  it('logs out every browser profile', async () => {
    await world().begin();
    const other = await world().harness.openProfile('two');
    try {
      const before = await endedSoFar('journal');
      await world().logInWithPin('journal');
      await world().open('journal', other);
      const { outcome } = await world().press('journal', other);
      assert.ok('name' in (await outcome));
      await world().card.remove();
      await expectEnded(world(), 'journal', 2, before);
      for (const profile of [world().profile, other]) await profile.loggedOutPage('journal');
    } finally {
      await other.close();
    }
  });

  it('reaches the servers although the browser is closed', async () => {
    await world().begin();
    const other = await world().harness.openProfile('three');
    const before = await endedSoFar('recept');
    try {
      await world().open('recept', other);
      const { outcome } = await world().press('recept', other);
      await world().harness.pinentry.waitForDialog();
      world().harness.pinentry.answer('pin 123456');
      assert.ok('name' in (await outcome));
    } finally {
      await other.close();
    }
    await world().expectVerified('recept', 'anna');
    await world().card.remove();
    await expectEnded(world(), 'recept', 1, before);
  });
});

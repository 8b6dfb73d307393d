// Any process on the way to the card is killed (SIGKILL), with a PIN dialog open and with nothing in flight: the visitor gets a
// definite answer within five seconds, nothing is done again by itself, the next login works, and no process is left over.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../demo/demo-agent.ts';
import { cardHolders } from '../../demo/demo-cards.ts';
import { describeOnEachCard, nameOf, type LoginWorld } from './login-world.ts';

const victims = {
  'module-host': 'the module host',
  agent: 'the agent',
  'native-host': 'the native host',
  extension: "the browser's worker",
} as const;

/** What the visitor may be told; every sentence says to try again. */
const definite = ['ERR_AGENT_STOPPED', 'ERR_AGENT_DRIVER_CRASHED', 'ERR_AGENT_NOT_RUNNING'];

/** One of each, and no dialog: also what the killed process had started must be gone. */
async function expectNothingLeftOver(world: LoginWorld): Promise<void> {
  await until(
    () =>
      world.processes('pinentry').length === 0 &&
      (['agent', 'module-host', 'native-host'] as const).every((part) => world.processes(part).length === 1),
    3_000,
    'left over',
  ).catch((error: unknown) => {
    const left = world.harness.processes().filter(({ part }) => part !== 'browser');
    throw new Error(`${String(error)}: ${left.map(({ part, parentId }) => `${part} of ${parentId}`).join(', ')}`);
  });
  const agent = world.process('agent').processId;
  assert.equal(world.process('module-host').parentId, agent);
}

/** PIN-SSO is the agent's and its module host's: it ends with them, and with nobody else. */
function expectPins(world: LoginWorld, dialogsBefore: number, killed: keyof typeof victims): void {
  const dialogs = world.harness.pinentry.shown().slice(dialogsBefore);
  const pins = dialogs.filter(({ kind }) => kind === 'pin').length;
  assert.equal(pins, killed === 'agent' || killed === 'module-host' ? 1 : 0);
}

describeOnEachCard('a process that is killed', (world) => {
  for (const [part, title] of Object.entries(victims) as [keyof typeof victims, string][]) {
    it(`with the PIN dialog open: ${title}`, async () => {
      await world().begin();
      const { outcome } = await world().press('journal');
      const dialog = await world().harness.pinentry.waitForDialog();
      const killed = performance.now();
      process.kill(world().process(part).processId, 'SIGKILL');
      const ended = await outcome;
      const milliseconds = performance.now() - killed;
      assert.ok('code' in ended);
      assert.ok(definite.includes(ended.code), ended.code);
      assert.ok(milliseconds < 5_000, `${Math.round(milliseconds)} ms`);
      await world().expectClosed(dialog);
      assert.deepEqual(world().harness.pinentry.unawaited(), [], 'nothing is asked again by itself');
      assert.equal(await world().card.pinsSent(), 0);
      await world().logInWithPin('journal');
      await expectNothingLeftOver(world());
    });

    it(`while the card signs: ${title}`, async () => {
      await world().begin('none');
      await world().card.insertSlow('bertil', 1_500);
      await world().expectReader('card-bound');
      await world().card.resetCounts();
      const { outcome } = await world().press('journal');
      await world().harness.pinentry.waitForDialog();
      world().harness.pinentry.answer(`pin ${cardHolders.bertil.pin}`);
      await until(async () => (await world().card.pin('bertil')).verified, 5_000, 'the PIN does not reach the card');
      await wait(100);
      const killed = performance.now();
      process.kill(world().process(part).processId, 'SIGKILL');
      const ended = await outcome;
      const milliseconds = performance.now() - killed;
      assert.ok('code' in ended);
      assert.ok(definite.includes(ended.code), ended.code);
      assert.ok(milliseconds < 5_000, `${Math.round(milliseconds)} ms`);
      const dialogsBefore = world().harness.pinentry.shown().length;
      await wait(2_000);
      await world().expectVerified('journal');
      assert.deepEqual(world().harness.pinentry.unawaited(), [], 'nothing is done again by itself');
      const next = await world().press('journal');
      if ('description' in (await world().firstOf(next.outcome))) {
        world().harness.pinentry.answer(`pin ${cardHolders.bertil.pin}`);
      }
      assert.deepEqual(await next.outcome, { name: nameOf('bertil') });
      expectPins(world(), dialogsBefore, part);
      await expectNothingLeftOver(world());
    });

    it(`with nothing in flight: ${title}`, async () => {
      await world().begin();
      await world().logInWithPin('journal');
      const dialogsBefore = world().harness.pinentry.shown().length;
      const killed = performance.now();
      process.kill(world().process(part).processId, 'SIGKILL');
      const { outcome } = await world().press('recept');
      const first = await world().firstOf(outcome);
      const milliseconds = performance.now() - killed;
      assert.ok(milliseconds < 5_000, `${Math.round(milliseconds)} ms`);
      if ('description' in first) {
        world().harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
        assert.deepEqual(await outcome, { name: nameOf('anna') });
      } else if ('code' in first) {
        assert.ok(definite.includes(first.code), first.code);
        await wait(500);
        assert.deepEqual(world().harness.pinentry.unawaited(), [], 'nothing is asked by itself');
      }
      // The next login works, with or without the PIN.
      const next = await world().press('labb');
      const asked = await world().firstOf(next.outcome);
      if ('description' in asked) {
        world().harness.pinentry.answer(asked.kind === 'pin' ? `pin ${cardHolders.anna.pin}` : 'ok');
      }
      assert.deepEqual(await next.outcome, { name: nameOf('anna') });
      expectPins(world(), dialogsBefore, part);
      await expectNothingLeftOver(world());
    });
  }
});

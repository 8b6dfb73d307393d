// Another card takes the place of the one that a dialog has named: it gets no PIN, and nobody is logged in as its holder or
// as the other one. Also where neither the reader nor its service notices anything.
import assert from 'node:assert/strict';
import { cardHolders } from '../../demo/demo-cards.ts';
import { describeOnEachCard, nameOf, type LoginWorld } from './login-world.ts';

async function expectUntouched(world: LoginWorld): Promise<void> {
  assert.equal(await world.card.pinsSent(), 0);
  for (const card of ['anna', 'bertil'] as const) {
    const { triesLeft, verified } = await world.card.pin(card);
    assert.deepEqual({ triesLeft, verified }, { triesLeft: 3, verified: false }, card);
  }
  await world.expectVerified('journal');
}

describeOnEachCard('a card that is swapped while the prompt is open', (world) => {
  it('gets no PIN: the prompt closes, and the next login asks its own holder', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    const dialog = await world().harness.pinentry.waitForDialog();
    await world().card.swap('bertil');
    const ended = await outcome;
    assert.ok('code' in ended);
    assert.ok(['ERR_CARD_REMOVED', 'ERR_CARD_CHANGED'].includes(ended.code), ended.code);
    await world().expectClosed(dialog);
    await expectUntouched(world());
    const [next] = await world().logInWithPin('journal', 'bertil');
    assert.ok(next?.description.includes(nameOf('bertil')));
  });

  it('gets no PIN when no event tells of the swap', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    await world().harness.pinentry.waitForDialog();
    await world().card.swapUnseen('bertil');
    world().harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
    const ended = await outcome;
    assert.ok('code' in ended);
    assert.equal(ended.code, 'ERR_CARD_CHANGED');
    await expectUntouched(world());
    const [next] = await world().logInWithPin('journal', 'bertil');
    assert.ok(next?.description.includes(nameOf('bertil')));
  });
});

describeOnEachCard('a card that is swapped unseen during PIN-SSO', (world) => {
  it('logs nobody in: its own holder is asked', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    await world().card.resetCounts();
    await world().card.swapUnseen('bertil');
    const { outcome } = await world().press('recept');
    const first = await world().firstOf(outcome);
    if ('description' in first) {
      assert.ok(first.description.includes(nameOf('bertil')), first.description);
      world().harness.pinentry.answer('cancel');
    }
    assert.ok('code' in (await outcome));
    assert.equal(await world().card.pinsSent(), 0);
    await world().expectVerified('recept');
    await world().logInWithPin('recept', 'bertil');
  });
});

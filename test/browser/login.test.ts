// A login from the page to the card and back, in Chromium: who is in is judged by the sites' servers, what was asked by the
// dialogs that were shown, what was sent by the card itself.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { cardHolders } from '../../demo/demo-cards.ts';
import { describeOnEachCard, nameOf } from './login-world.ts';

describeOnEachCard('login', (world) => {
  it('asks for the PIN once, naming the site and the holder', async () => {
    await world().begin();
    const [dialog] = await world().logInWithPin('journal');
    assert.ok(dialog);
    assert.equal(dialog.kind, 'pin');
    assert.ok(dialog.description.includes(`${world().harness.site('journal').origin} vill att du legitimerar dig`));
    assert.ok(dialog.description.includes(nameOf('anna')));
    assert.ok(dialog.description.includes(cardHolders.anna.person.hsaId));
    assert.equal(await world().card.pinsSent(), 1);
    assert.equal((await world().card.pin('anna')).verified, true);
  });

  it('lets a second site in without asking', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    const { outcome } = await world().logIn('recept');
    assert.deepEqual(outcome, { name: nameOf('anna') });
    await world().expectVerified('recept', 'anna');
    assert.equal(await world().card.pinsSent(), 1);
  });

  it('shares the PIN between two browser profiles', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    const other = await world().harness.openProfile('other');
    try {
      await world().open('recept', other);
      const { outcome } = await world().press('recept', other);
      assert.deepEqual(await outcome, { name: nameOf('anna') });
      assert.deepEqual(world().harness.pinentry.unawaited(), []);
      assert.equal(world().processes('native-host').length, 2);
      assert.equal(world().processes('agent').length, 1);
      await world().logOut('recept', other);
    } finally {
      await other.close();
    }
  });

  it('ends when the holder cancels, and asks again only when pressed again', async () => {
    await world().begin();
    const { outcome } = await world().logIn('journal', 'cancel');
    assert.ok('code' in outcome);
    assert.equal(outcome.code, 'ERR_USER_CANCELLED');
    assert.equal(await world().card.pinsSent(), 0);
    await world().logInWithPin('journal');
  });

  it('closes the dialog when the visitor cancels on the page', async () => {
    await world().begin();
    const page = await world().profile.page('journal');
    await world().press('journal');
    const dialog = await world().harness.pinentry.waitForDialog();
    await page.click('#cancel');
    await page.locator('#problem', { hasText: 'avbröts' }).waitFor();
    await world().expectClosed(dialog);
    assert.equal(await world().card.pinsSent(), 0);
    await world().logInWithPin('journal');
  });

  it('closes the dialog when the page goes', async () => {
    await world().begin();
    await world().press('journal');
    const dialog = await world().harness.pinentry.waitForDialog();
    const page = await world().open('journal');
    await world().expectClosed(dialog);
    assert.equal(await page.locator('#log-in').count(), 1);
  });

  it('says that the card is missing', async () => {
    await world().begin('none');
    const { outcome } = await world().logIn('journal');
    assert.deepEqual(outcome, { code: 'ERR_CARD_ABSENT', sentence: 'Sätt i ditt kort och försök igen.' });
  });

  it('ends when the card is pulled during the PIN prompt', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    const dialog = await world().harness.pinentry.waitForDialog();
    await world().card.remove();
    const ended = await outcome;
    assert.ok('code' in ended);
    assert.equal(ended.code, 'ERR_CARD_REMOVED');
    await world().expectClosed(dialog);
    await world().expectVerified('journal');
    assert.equal(await world().card.pinsSent(), 0);
  });

  it('does not let a reserve card into a site that asks for more', async () => {
    await world().begin('cecilia');
    const { outcome } = await world().logIn('recept');
    assert.ok('code' in outcome);
    assert.equal(outcome.code, 'ERR_POLICY_ASSURANCE');
    await world().logInWithPin('journal', 'cecilia');
  });
});

describeOnEachCard('the end of PIN-SSO', (world) => {
  it('comes with "forget PIN": the card itself is not verified any more, and the PIN is asked again', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    await world().forgetPin();
    assert.equal((await world().card.pin('anna')).verified, false);
    await world().logInWithPin('recept');
    assert.equal((await world().card.pin('anna')).verified, true);
    assert.equal(await world().card.pinsSent(), 2);
  });

  it('comes when the card is pulled: after it is back the PIN is asked again', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    await world().card.remove();
    await world().profile.loggedOutPage('journal');
    await world().card.insert('anna');
    assert.equal((await world().card.pin('anna')).verified, false);
    await world().logInWithPin('recept');
    assert.equal(await world().card.pinsSent(), 2);
  });
});

describeOnEachCard('a site that policy does not name', (world) => {
  it('is let in by the PIN dialog that names it', async () => {
    await world().begin();
    await world().logInWithPin('labb');
  });

  it('needs one consent when another site has got the PIN, and no second one', async () => {
    await world().begin();
    await world().logInWithPin('journal');
    const { outcome, dialogs } = await world().logIn('labb', 'ok');
    assert.deepEqual(outcome, { name: nameOf('anna') });
    assert.equal(dialogs[0]?.kind, 'confirmation');
    assert.ok(dialogs[0].description.includes(world().harness.site('labb').origin));
    await world().logOut('labb');
    const again = await world().logIn('labb');
    assert.deepEqual(again.outcome, { name: nameOf('anna') });
    assert.equal(await world().card.pinsSent(), 1);
  });

  it('is refused when the holder says no, and the card signs nothing', async () => {
    await world().begin();
    await world().logInWithPin('labb');
    await world().card.resetCounts();
    const { outcome } = await world().logIn('remiss', 'not-ok');
    assert.ok('code' in outcome);
    assert.equal(outcome.code, 'ERR_USER_DECLINED');
    await wait(100);
    assert.deepEqual(await world().card.transcript(), []);
    await world().expectVerified('remiss');
  });
});

// The PIN: what is told of the tries left, that a wrong one is not tried again by itself, that the last try needs a second word
// and that a locked card is sent nothing. The card itself says what reached it.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { cardHolders } from '../../demo/demo-cards.ts';
import { describeOnEachCard, nameOf, type LoginWorld, type Outcome } from './login-world.ts';

const rightPin = `pin ${cardHolders.anna.pin}` as const;
const wrongPin = 'pin 000000';

function codeOf(outcome: Outcome): string {
  return 'code' in outcome ? outcome.code : `logged in as ${outcome.name}`;
}

/** Anna's card comes in with so many tries left: it is read when it comes. */
async function beginWithTries(world: LoginWorld, tries: number): Promise<void> {
  await world.begin('none');
  await world.card.setTriesLeft('anna', tries);
  await world.insert('anna');
  await world.card.resetCounts();
}

/** APDUs (or the simulator's calls) that ask for or send a PIN. */
async function pinCommands(world: LoginWorld): Promise<string[]> {
  return (await world.card.transcript()).filter((line) => /^(?:20 |login|status)/.test(line));
}

describeOnEachCard('a wrong PIN', (world) => {
  it('is told with the tries that the card says are left, and is not tried again by itself', async () => {
    await world().begin();
    const { outcome } = await world().logIn('journal', wrongPin);
    assert.ok('code' in outcome);
    assert.equal(outcome.code, 'ERR_PIN_WRONG');
    assert.match(outcome.sentence, /2\u00a0försök kvar/);
    await wait(400);
    assert.deepEqual(world().harness.pinentry.unawaited(), [], 'nothing is asked by itself');
    assert.equal(await world().card.pinsSent(), 1);
    assert.equal((await world().card.pin('anna')).triesLeft, 2);
    await world().expectVerified('journal');
  });

  it('is remembered by the next dialog; the right PIN then lets in', async () => {
    await world().begin();
    await world().logIn('journal', wrongPin);
    const [dialog] = await world().logInWithPin('journal');
    assert.match(dialog?.description ?? '', /2\u00a0försök kvar/);
    assert.equal((await world().card.pin('anna')).triesLeft, 3);
  });

  it('that cannot be one costs no try', async () => {
    await world().begin();
    const { outcome } = await world().logIn('journal', 'pin hemligt');
    assert.equal(codeOf(outcome), 'ERR_PIN_FORMAT');
    assert.equal(await world().card.pinsSent(), 0);
    assert.equal((await world().card.pin('anna')).triesLeft, 3);
  });
});

describeOnEachCard('the last try', (world) => {
  it('needs a second confirmation before the PIN is asked for', async () => {
    await beginWithTries(world(), 1);
    const { outcome, dialogs } = await world().logIn('journal', 'ok', rightPin);
    assert.deepEqual(outcome, { name: nameOf('anna') });
    assert.deepEqual(
      dialogs.map(({ kind }) => kind),
      ['confirmation', 'pin'],
    );
    assert.match(dialogs[0]?.description ?? '', /Bara ett försök är kvar/);
    assert.match(dialogs[1]?.description ?? '', /Sista försöket/);
    assert.equal((await world().card.pin('anna')).triesLeft, 3);
  });

  it('is not taken without it', async () => {
    await beginWithTries(world(), 1);
    const { outcome } = await world().logIn('journal', 'cancel');
    assert.equal(codeOf(outcome), 'ERR_USER_CANCELLED');
    assert.equal(await world().card.pinsSent(), 0);
    assert.equal((await world().card.pin('anna')).triesLeft, 1);
  });

  it('is found out when another program spends tries while a quick holder types', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    await world().harness.pinentry.waitForDialog();
    await world().card.setTriesLeft('anna', 1);
    world().harness.pinentry.answer(rightPin);
    const confirmation = await world().harness.pinentry.waitForDialog();
    assert.equal(confirmation.kind, 'confirmation');
    assert.equal(await world().card.pinsSent(), 0, 'the PIN that was typed is not sent');
    world().harness.pinentry.answer('ok', rightPin);
    assert.deepEqual(await outcome, { name: nameOf('anna') });
    assert.equal(await world().card.pinsSent(), 1);
  });

  it('locks the card when it is wrong, and from then on nothing is asked or sent', async () => {
    await beginWithTries(world(), 1);
    const { outcome } = await world().logIn('journal', 'ok', wrongPin);
    assert.equal(codeOf(outcome), 'ERR_PIN_LOCKED');
    assert.equal((await world().card.pin('anna')).triesLeft, 0);
    await world().card.resetCounts();
    const again = await world().logIn('journal');
    assert.equal(codeOf(again.outcome), 'ERR_PIN_LOCKED');
    await onlyStatusReads(world());
  });
});

/** The lock may have been undone elsewhere, so that the card is asked for its state: no PIN is in that. */
async function onlyStatusReads(world: LoginWorld): Promise<void> {
  assert.equal(await world.card.pinsSent(), 0);
  const others = (await pinCommands(world)).filter((command) => command !== 'status' && command !== '20 00 11 -> 6983');
  assert.deepEqual(others, []);
}

describeOnEachCard('a locked card', (world) => {
  it('is told at once: no dialog, and no PIN is sent', async () => {
    await beginWithTries(world(), 0);
    const { outcome } = await world().logIn('journal');
    assert.ok('code' in outcome);
    assert.equal(outcome.code, 'ERR_PIN_LOCKED');
    assert.match(outcome.sentence, /upplåsningskod/);
    await onlyStatusReads(world());
    await world().expectVerified('journal');
  });

  it('is found out while the dialog is open, which closes', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    const dialog = await world().harness.pinentry.waitForDialog();
    await world().card.setTriesLeft('anna', 0);
    assert.equal(codeOf(await outcome), 'ERR_PIN_LOCKED');
    await world().expectClosed(dialog);
    assert.equal(await world().card.pinsSent(), 0);
  });

  it('gets no PIN from a holder who types before that', async () => {
    await world().begin();
    const { outcome } = await world().press('journal');
    await world().harness.pinentry.waitForDialog();
    await world().card.setTriesLeft('anna', 0);
    world().harness.pinentry.answer(rightPin);
    assert.equal(codeOf(await outcome), 'ERR_PIN_LOCKED');
    assert.ok((await pinCommands(world())).length <= 1, 'the question about the tries, and nothing after it');
  });
});

describeOnEachCard('a PIN dialog that fails', (world) => {
  for (const [answer, code] of [
    ['timeout', 'ERR_USER_TIMEOUT'],
    ['crash', 'ERR_PIN_PROMPT'],
    ['garbage', 'ERR_PIN_PROMPT'],
  ] as const) {
    it(`answers ${code} after ${answer}, and the next one works`, async () => {
      await world().begin();
      const { outcome, dialogs } = await world().logIn('journal', answer);
      assert.equal(codeOf(outcome), code);
      assert.ok(dialogs[0]);
      await world().expectClosed(dialogs[0]);
      await world().logInWithPin('journal');
    });
  }
});

// The story of a working day with a card: logging in, one PIN for both sites, a wrong PIN, and a colleague's card. The steps stand
// in the order in which a visitor of the demonstration would take them, and build on each other.
import assert from 'node:assert/strict';
import { cardHolders } from './demo-cards.ts';
import { storySites, type StoryStep, type Visitor } from './story.ts';

/** Begins with no card in and nobody logged in; ends with Bertil logged in to the journal. */
export function loginStory(visitor: Visitor): StoryStep[] {
  const { pinentry, card } = visitor.harness;
  return [
    visitor.step('both sites greet a visitor who is not logged in', async () => {
      for (const site of storySites) {
        const tab = await visitor.tab(site);
        await tab.locator('#log-in').waitFor();
        await visitor.nobody(site);
        await visitor.picture(`${site}-logged-out`, tab);
      }
    }),
    visitor.step('without a card the visitor is told to insert it', async () => {
      const journal = await visitor.tab('journal');
      await journal.click('#log-in');
      await visitor.problem('journal', 'ERR_CARD_ABSENT');
      await visitor.picture('no-card', journal);
      await visitor.nobody('journal');
    }),
    visitor.step('Anna inserts her card and logs in to the journal with her PIN', async () => {
      await card.insert('anna');
      await visitor.pinDialog('journal', 'anna');
      await visitor.picture('waiting-for-pin', await visitor.tab('journal'));
      pinentry.answer(`pin ${cardHolders.anna.pin}`);
      await visitor.signedIn('journal', 'anna');
      await visitor.picture('anna-journal', await visitor.tab('journal'));
    }),
    visitor.step('she logs in to the prescriptions without being asked again', async () => {
      await visitor.logInAtOnce('recept', 'anna');
      await visitor.picture('anna-recept', await visitor.tab('recept'));
    }),
    visitor.step('she lets the PIN be forgotten', () =>
      visitor.popup('popup-forgotten', (popup) => popup.evaluate(popupForget)),
    ),
    visitor.step('a wrong PIN is told with the tries left and not tried again', async () => {
      await visitor.logOut('journal');
      await visitor.nobody('journal');
      await visitor.pinDialog('journal', 'anna');
      pinentry.answer('pin 000000');
      await visitor.problem('journal', 'ERR_PIN_WRONG');
      await visitor.picture('wrong-pin', await visitor.tab('journal'));
      assert.deepEqual(pinentry.unawaited(), [], 'nothing is asked again by itself');
      await visitor.nobody('journal');
    }),
    visitor.step('the right PIN is asked for again and lets her in', async () => {
      const dialog = await visitor.pinDialog('journal', 'anna');
      assert.match(
        dialog.description,
        /2\u00a0(?:försök kvar|tries left)|nyligen|recently/,
        'the dialog says what is known of the tries',
      );
      pinentry.answer(`pin ${cardHolders.anna.pin}`);
      await visitor.signedIn('journal', 'anna');
    }),
    visitor.step('she pulls the card and both tabs say that she is logged out', async () => {
      await card.remove();
      for (const site of storySites) {
        await visitor.picture(`${site}-card-pulled`, await visitor.loggedOutTab(site));
        await visitor.nobody(site);
      }
    }),
    visitor.step('Bertil inserts his card and is asked for his own PIN', async () => {
      await card.insert('bertil');
      await visitor.logInWithPin('journal', 'bertil');
      await visitor.picture('bertil-journal', await visitor.tab('journal'));
    }),
  ];
}

/** Presses "forget PIN" in the popup and waits for its word. */
const popupForget = `(async () => {
  const forget = document.querySelector('#forget');
  for (let i = 0; i < 100 && forget.offsetParent === null; i++) await new Promise((resolve) => setTimeout(resolve, 30));
  forget.click();
  const outcome = document.querySelector('#outcome');
  for (let i = 0; i < 100 && outcome.textContent === ''; i++) await new Promise((resolve) => setTimeout(resolve, 30));
  return outcome.textContent;
})()`;

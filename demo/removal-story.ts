// The story of pulling the card: whoever leaves is logged out of both sites, at their servers and on the screen, and the colleague
// who comes next finds nothing of it. The steps build on each other.
import assert from 'node:assert/strict';
import { cardHolders } from './demo-cards.ts';
import { nameOf, storySites, type StorySite, type StoryStep, type Visitor } from './story.ts';

const note = 'Ring Doris om provsvaret.';

/** Begins with any card in, or none; ends with Anna logged in to the journal. */
export function removalStory(visitor: Visitor): StoryStep[] {
  const { harness } = visitor;
  const { card } = harness;
  /** Per site, how many sessions had been ended before she pulled the card. */
  const endedBefore = new Map<StorySite, number>();

  return [
    visitor.step('the reader is empty and nobody is logged in', () => visitor.emptyReader()),
    visitor.step('Anna logs in to both sites with one PIN and begins a note', async () => {
      await card.insert('anna');
      await visitor.logInWithPin('journal', 'anna');
      await visitor.logInAtOnce('recept', 'anna');
      const journal = await visitor.tab('journal');
      await journal.fill('#note', note);
      await journal.locator('#note-hint').scrollIntoViewIfNeeded();
      await visitor.picture('anna-writes', journal);
    }),
    visitor.step('she pulls the card and both servers end her session', async () => {
      for (const site of storySites) endedBefore.set(site, (await harness.ask(site)).ended.length);
      await card.remove();
      for (const site of storySites) {
        await visitor.loggedOutAtServer(site);
        const { ended, calls } = await harness.ask(site);
        const hers = ended.slice(endedBefore.get(site)).map(({ name, reason }) => `${name}: ${reason}`);
        assert.deepEqual(hers, [`${nameOf('anna')}: card-removed`]);
        assert.deepEqual(
          calls.filter(({ logouts }) => logouts > 1),
          [],
          'no logout comes twice',
        );
      }
    }),
    visitor.step('her tabs say that she is logged out, and why', async () => {
      for (const site of storySites) {
        const tab = await visitor.loggedOutTab(site);
        const words = await tab.locator('body').innerText();
        assert.ok(words.includes(harness.site(site).origin), 'the page names the site');
        assert.ok(words.includes('card-removed'), 'the page says why');
        expectNothingOfAnna(words);
        await visitor.picture(`${site}-anna-gone`, tab);
      }
    }),
    visitor.step('Bertil inserts his card: the tab goes to the login page, which asks for his PIN', async () => {
      const tab = await visitor.loggedOutTab('journal');
      await card.insert('bertil');
      await tab.locator('#log-in').waitFor();
      await visitor.pinDialog('journal', 'bertil');
      await visitor.picture('bertil-is-asked', tab);
      harness.pinentry.answer(`pin ${cardHolders.bertil.pin}`);
    }),
    visitor.step("he is logged in to both sites, with nothing of Anna's on the screen", async () => {
      await visitor.signedIn('journal', 'bertil');
      await visitor.logInAtOnce('recept', 'bertil');
      for (const site of storySites) {
        const tab = await visitor.tab(site);
        expectNothingOfAnna(await tab.content());
        assert.equal(await tab.inputValue('#note'), '');
        await visitor.picture(`bertil-${site}`, tab);
      }
    }),
    visitor.step('going back in the tab brings nothing of hers', async () => {
      const tab = await visitor.tab('journal');
      await tab.goBack().catch(() => undefined);
      expectNothingOfAnna(await tab.content());
    }),
    visitor.step('Anna comes back and finds her note', async () => {
      await card.remove();
      for (const site of storySites) await visitor.loggedOutTab(site);
      await card.insert('anna');
      await visitor.logInWithPin('journal', 'anna');
      const tab = await visitor.tab('journal');
      assert.equal(await tab.inputValue('#note'), note);
      await tab.locator('#note-hint').scrollIntoViewIfNeeded();
      await visitor.picture('anna-finds-her-note', tab);
    }),
  ];
}

function expectNothingOfAnna(text: string): void {
  for (const hers of [nameOf('anna'), cardHolders.anna.person.hsaId, note]) {
    assert.ok(!text.includes(hers), `the screen shows "${hers}"`);
  }
}

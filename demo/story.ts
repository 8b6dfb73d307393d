// The story of a working day with a card, told in a browser by program. Each step is judged by what the sites' servers have
// verified, and leaves a picture. The steps stand in the order in which a visitor of the demonstration would take them.
import assert from 'node:assert/strict';
import { type Page } from 'playwright-core';
import { cardHolders, type CardName } from './demo-cards.ts';
import { type Dialog } from './pinentry-script.ts';
import { openPopup } from './extension-popup.ts';
import { type Harness, type Profile } from './harness.ts';

/** A place to put pictures: PNG, by a name that is unique in the story. */
export type KeepPicture = (name: string, png: Buffer) => void;

/** One step: fails when it throws. */
export interface StoryStep {
  readonly name: string;
  run(): Promise<void>;
}

/** The story on `harness`; it has the sites journal and recept, no card in and a scripted pinentry. Steps build on each other. */
export function loginStory(harness: Harness, keepPicture: KeepPicture): StoryStep[] {
  const { pinentry, card } = harness;
  let profile: Profile | undefined;

  const tab = async (site: string): Promise<Page> => {
    profile ??= await harness.openProfile('story');
    return profile.page(site);
  };
  const picture = async (name: string, site: string) => keepPicture(name, await (await tab(site)).screenshot());

  const steps: StoryStep[] = [
    {
      name: 'both sites greet a visitor who is not logged in',
      run: async () => {
        for (const site of ['journal', 'recept']) {
          await (await tab(site)).locator('#log-in').waitFor();
          await nobody(harness, site);
          await picture(`${site}-logged-out`, site);
        }
      },
    },
    {
      name: 'without a card the visitor is told to insert it',
      run: async () => {
        const journal = await tab('journal');
        await journal.click('#log-in');
        await problem(journal, 'ERR_CARD_ABSENT');
        await picture('no-card', 'journal');
        await nobody(harness, 'journal');
      },
    },
    {
      name: 'Anna inserts her card and logs in to the journal with her PIN',
      run: async () => {
        await card.insert('anna');
        const dialog = await pinDialog(harness, await tab('journal'), 'journal', 'anna');
        await picture('waiting-for-pin', 'journal');
        pinentry.answer(`pin ${cardHolders.anna.pin}`);
        assert.equal(dialog.kind, 'pin');
        await signedIn(harness, await tab('journal'), 'journal', 'anna');
        await picture('anna-journal', 'journal');
      },
    },
    {
      name: 'she logs in to the prescriptions without being asked again',
      run: async () => {
        await (await tab('recept')).click('#log-in');
        await signedIn(harness, await tab('recept'), 'recept', 'anna');
        assert.deepEqual(pinentry.unawaited(), [], 'no dialog');
        await picture('anna-recept', 'recept');
      },
    },
    {
      name: 'she lets the PIN be forgotten',
      run: async () => {
        assert.ok(profile);
        const popup = await openPopup(profile.context);
        await popup.evaluate(popupForget);
        keepPicture('popup-forgotten', await popup.screenshot());
        await popup.close();
      },
    },
    {
      name: 'a wrong PIN is told with the tries left and not tried again',
      run: async () => {
        const journal = await tab('journal');
        await logOut(journal);
        await nobody(harness, 'journal');
        await pinDialog(harness, journal, 'journal', 'anna');
        pinentry.answer('pin 000000');
        await problem(journal, 'ERR_PIN_WRONG');
        await picture('wrong-pin', 'journal');
        assert.deepEqual(pinentry.unawaited(), [], 'nothing is asked again by itself');
        await nobody(harness, 'journal');
      },
    },
    {
      name: 'the right PIN is asked for again and lets her in',
      run: async () => {
        const journal = await tab('journal');
        const dialog = await pinDialog(harness, journal, 'journal', 'anna');
        assert.match(
          dialog.description,
          /2 försök kvar|nyligen varit fel/,
          'the dialog says what is known of the tries',
        );
        pinentry.answer(`pin ${cardHolders.anna.pin}`);
        await signedIn(harness, journal, 'journal', 'anna');
      },
    },
    {
      name: 'she pulls the card and both sites are told',
      run: async () => {
        await card.remove();
        for (const site of ['journal', 'recept']) {
          await (await tab(site)).locator('#notice.alarming').waitFor({ timeout: 3_000 });
          await picture(`${site}-card-pulled`, site);
        }
      },
    },
    {
      name: 'Bertil inserts his card and is asked for his own PIN',
      run: async () => {
        const journal = await tab('journal');
        await logOut(journal);
        await nobody(harness, 'journal');
        await card.insert('bertil');
        await pinDialog(harness, journal, 'journal', 'bertil');
        pinentry.answer(`pin ${cardHolders.bertil.pin}`);
        await signedIn(harness, journal, 'journal', 'bertil');
        await picture('bertil-journal', 'journal');
      },
    },
    {
      name: 'the browser closes and nothing is left behind',
      run: async () => {
        await profile?.close();
        await harness.stop();
      },
    },
  ];
  return steps.map((step) => ({ name: step.name, run: () => step.run().catch(failed) }));

  /** A step that failed leaves a picture of what every tab shows. */
  async function failed(reason: unknown): Promise<never> {
    for (const page of profile?.context.pages() ?? []) {
      await page.screenshot().then(
        (png) => keepPicture('failed', png),
        () => undefined, // the browser is gone
      );
    }
    throw reason;
  }
}

/** Presses Log in and waits for the PIN dialog, which must name the site and the holder of the card. */
async function pinDialog(harness: Harness, page: Page, site: string, card: CardName): Promise<Dialog> {
  await page.click('#log-in');
  const dialog = await harness.pinentry.waitForDialog();
  const { givenName, surname } = cardHolders[card].person;
  assert.ok(dialog.description.includes(harness.site(site).origin), 'the dialog names the site');
  assert.ok(dialog.description.includes(`${givenName} ${surname}`), 'the dialog names the holder');
  await page.locator('#cancel').waitFor();
  return dialog;
}

/** The page shows the holder, and the server has verified just this holder. */
async function signedIn(harness: Harness, page: Page, site: string, card: CardName): Promise<void> {
  await page.locator('form[action="/logout"], #problem > p').first().waitFor();
  if (!(await page.locator('form[action="/logout"]').isVisible())) {
    throw new Error(`the page says: ${(await page.locator('#problem > p').allInnerTexts()).join(' ')}`);
  }
  const { person } = cardHolders[card];
  const name = `${person.givenName} ${person.surname}`;
  assert.ok((await page.locator('dl').innerText()).includes(name), 'the page names the holder');
  const { verified } = await harness.ask(site);
  assert.deepEqual(verified, [{ name, holderId: person.hsaId, assuranceLevel: person.assuranceLevel }]);
}

async function logOut(page: Page): Promise<void> {
  await page.click('form[action="/logout"] button');
  await page.locator('#log-in').waitFor();
}

async function nobody(harness: Harness, site: string): Promise<void> {
  assert.deepEqual((await harness.ask(site)).verified, []);
}

async function problem(page: Page, code: string): Promise<void> {
  await page.locator('#problem', { hasText: code }).waitFor();
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

// What stories are told with: steps, and somebody at the clinic's computer who takes them in a browser by program. Each step is
// judged by what the sites' servers have verified, and leaves a picture.
import assert from 'node:assert/strict';
import { type Page } from 'playwright-core';
import { consentWindow } from './consent-window.ts';
import { until } from './demo-agent.ts';
import { cardHolders, type CardName } from './demo-cards.ts';
import { openPopup, type ExtensionPopup } from './extension-popup.ts';
import { type Harness, type Profile } from './harness.ts';
import { type Dialog } from './pinentry-script.ts';

/** A place to put pictures: PNG, by a name that is unique in the story. */
export type KeepPicture = (name: string, png: Buffer) => void;

/** One step: fails when it throws. */
export interface StoryStep {
  readonly name: string;
  run(): Promise<void>;
}

/** Sites of the demonstration clinic. */
export type StorySite = 'journal' | 'recept';
export const storySites: readonly StorySite[] = ['journal', 'recept'];

/** How long being logged out may take at the servers, in milliseconds: the product's promise. */
const promise = 2_000;

/** One browser, opened when it is needed first. The harness has the sites journal and recept, and a scripted pinentry. */
export class Visitor {
  readonly harness: Harness;
  readonly #keepPicture: KeepPicture;
  #profile: Profile | undefined;

  constructor(harness: Harness, keepPicture: KeepPicture) {
    this.harness = harness;
    this.#keepPicture = keepPicture;
  }

  /** A step that leaves a picture of what every tab shows if it fails. */
  step(name: string, run: () => Promise<void>): StoryStep {
    return { name, run: () => run().catch((reason: unknown) => this.#failed(reason)) };
  }

  /** The site's tab, in front. */
  async tab(site: StorySite): Promise<Page> {
    return (await this.#browser()).page(site);
  }

  /** The tab in which the extension says that its visitor is logged out of the site, in front. */
  async loggedOutTab(site: StorySite): Promise<Page> {
    return (await this.#browser()).loggedOutPage(site);
  }

  /** The extension's consent window, ready to be answered. */
  async consent(): Promise<Page> {
    return consentWindow((await this.#browser()).context);
  }

  async picture(name: string, page: Page): Promise<void> {
    this.#keepPicture(name, await page.screenshot());
  }

  /** The extension's popup, for as long as `look` takes; its picture is kept. */
  async popup(name: string, look: (popup: ExtensionPopup) => Promise<unknown>): Promise<void> {
    const popup = await openPopup((await this.#browser()).context);
    await look(popup);
    this.#keepPicture(name, await popup.screenshot());
    await popup.close();
  }

  /** Presses Log in and waits for the PIN dialog, which must name the site and the holder of the card. */
  async pinDialog(site: StorySite, card: CardName): Promise<Dialog> {
    const page = await this.tab(site);
    await page.click('#log-in');
    const dialog = await this.harness.pinentry.waitForDialog();
    assert.equal(dialog.kind, 'pin');
    assert.ok(dialog.description.includes(this.harness.site(site).origin), 'the dialog names the site');
    assert.ok(dialog.description.includes(nameOf(card)), 'the dialog names the holder');
    await page.locator('#cancel').waitFor();
    return dialog;
  }

  /** Logs in with the PIN of `card`. */
  async logInWithPin(site: StorySite, card: CardName): Promise<void> {
    await this.pinDialog(site, card);
    this.harness.pinentry.answer(`pin ${cardHolders[card].pin}`);
    await this.signedIn(site, card);
  }

  /** Logs in where nothing may be asked. */
  async logInAtOnce(site: StorySite, card: CardName): Promise<void> {
    await (await this.tab(site)).click('#log-in');
    await this.signedIn(site, card);
    assert.deepEqual(this.harness.pinentry.unawaited(), [], 'no dialog');
  }

  /** The page shows the holder, and the server has verified just this holder. */
  async signedIn(site: StorySite, card: CardName): Promise<void> {
    const page = await this.tab(site);
    await page.locator('form[action="/logout"], #problem > p').first().waitFor();
    if (!(await page.locator('form[action="/logout"]').isVisible())) {
      throw new Error(`the page says: ${(await page.locator('#problem > p').allInnerTexts()).join(' ')}`);
    }
    assert.ok((await page.locator('dl').innerText()).includes(nameOf(card)), 'the page names the holder');
    const { hsaId, assuranceLevel } = cardHolders[card].person;
    const { verified } = await this.harness.ask(site);
    assert.deepEqual(verified, [{ name: nameOf(card), holderId: hsaId, assuranceLevel }]);
  }

  async logOut(site: StorySite): Promise<void> {
    const page = await this.tab(site);
    await page.click('form[action="/logout"] button');
    await page.locator('#log-in').waitFor();
  }

  /** The server has nobody logged in. */
  async nobody(site: StorySite): Promise<void> {
    assert.deepEqual((await this.harness.ask(site)).verified, []);
  }

  /** Within the product's promise, nobody is logged in any more. */
  async loggedOutAtServer(site: StorySite): Promise<void> {
    const isOut = async () => (await this.harness.ask(site)).verified.length === 0;
    await until(isOut, promise, `the server of ${site} still has somebody logged in`);
  }

  /** Pulls the card that may be in: nobody is logged in then, and both tabs show their login page. */
  async emptyReader(): Promise<void> {
    const states = await Promise.all(storySites.map((site) => this.harness.ask(site)));
    await this.harness.card.remove();
    for (const [index, site] of storySites.entries()) {
      await this.loggedOutAtServer(site);
      if (states[index]?.verified.length !== 0) await this.loggedOutTab(site);
      await (await this.tab(site)).locator('#log-in').waitFor();
    }
  }

  /** The login page says no, with this code. */
  async problem(site: StorySite, code: string): Promise<void> {
    await (await this.tab(site)).locator('#problem', { hasText: code }).waitFor();
  }

  /** Closes the browser, if one is open. */
  async close(): Promise<void> {
    await this.#profile?.close();
    this.#profile = undefined;
  }

  async #browser(): Promise<Profile> {
    return (this.#profile ??= await this.harness.openProfile('story'));
  }

  async #failed(reason: unknown): Promise<never> {
    for (const page of this.#profile?.context.pages() ?? []) {
      await page.screenshot().then(
        (png) => this.#keepPicture('failed', png),
        () => undefined, // the browser is gone
      );
    }
    throw reason;
  }
}

export function nameOf(card: CardName): string {
  const { givenName, surname } = cardHolders[card].person;
  return `${givenName} ${surname}`;
}

/** The last step of every demonstration. */
export function closingStep(visitor: Visitor): StoryStep {
  return visitor.step('the browser closes and nothing is left behind', async () => {
    await visitor.close();
    await visitor.harness.stop();
  });
}

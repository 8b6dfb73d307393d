// The world of the login tests: for each kind of card one agent, the clinic's sites and one Chromium, shared by all files of
// these tests since they are slow to start. Every test begins by making a known state (`begin`).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { isAlive, until } from '../../demo/demo-agent.ts';
import { cardHolders, type CardName } from '../../demo/demo-cards.ts';
import { type DemoProcess } from '../../demo/demo-directory.ts';
import { openPopup } from '../../demo/extension-popup.ts';
import { startHarness, type Harness, type Profile } from '../../demo/harness.ts';
import { type Dialog, type PinentryAnswer } from '../../demo/pinentry-script.ts';
import { journal, recept } from '../../demo/sites/site-definition.ts';
import { cardKinds, cardUnavailable, startCard, type CardKind, type CardUnderTest } from './card-under-test.ts';

/** Sites of the clinic, listed in the policy, and two strangers for which the default holds. */
export type SiteName = 'journal' | 'recept' | 'labb' | 'remiss';
const siteNames: readonly SiteName[] = ['journal', 'recept', 'labb', 'remiss'];

/** How a login ended, as the page shows it: the name of who is in, or a code with its sentence. */
export type Outcome = { name: string } | { code: string; sentence: string };

export class LoginWorld {
  readonly harness: Harness;
  readonly card: CardUnderTest;
  readonly profile: Profile;

  constructor(harness: Harness, card: CardUnderTest, profile: Profile) {
    this.harness = harness;
    this.card = card;
    this.profile = profile;
  }

  /** Nobody is logged in, no PIN is known, nothing is being asked, and `card` is in with three tries left. */
  async begin(card: CardName | 'none' = 'anna'): Promise<void> {
    await this.card.remove();
    for (const name of Object.keys(cardHolders) as CardName[]) {
      if ((await this.card.pin(name)).triesLeft !== 3) await this.card.setTriesLeft(name, 3);
    }
    for (const site of siteNames) await this.expectLoggedOut(site);
    // A browser of an earlier test that is closed goes on owing, and is not waited for.
    await until(() => !this.#isOwed(), 1_500, 'a logout is owed').catch(() => undefined);
    this.harness.pinentry.reset();
    await this.expectReader('empty');
    if (card === 'none') return;
    await this.insert(card);
    await this.card.resetCounts();
  }

  /** Whether the agent's file names a logout that a browser has not carried out. */
  #isOwed(): boolean {
    const directory = join(this.harness.directory.path, 'state/kortbro/visits');
    const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
    return files.some((name) => readFileSync(join(directory, name), 'utf8').includes('"cleared":false'));
  }

  /** Waits until everybody who was logged in is logged out, at the server and in the tabs. */
  async expectLoggedOut(site: SiteName): Promise<void> {
    const { origin } = this.harness.site(site);
    await until(
      async () => (await this.harness.ask(site)).verified.length === 0,
      5_000,
      `somebody is still logged in at ${site}`,
    );
    const isLeft = (page: Page) =>
      page.url().startsWith(`${origin}/`) ? page.locator('form[action="/logout"]').count() : Promise.resolve(0);
    await until(
      async () => {
        const counts = await Promise.all(this.profile.context.pages().map((page) => isLeft(page).catch(() => 1)));
        return counts.every((count) => count === 0);
      },
      5_000,
      `a tab still shows somebody at ${site}`,
    );
  }

  /** The card is in, and the agent has read it. */
  async insert(card: CardName): Promise<void> {
    await this.card.insert(card);
    await this.expectReader('card-bound');
  }

  /** Waits until the agent has noticed what was done to the card: its own log says so. */
  async expectReader(state: 'empty' | 'card-bound'): Promise<void> {
    const log = join(this.harness.directory.path, 'state/kortbro/audit.jsonl');
    const last = () =>
      readFileSync(log, 'utf8')
        .match(/"card-(?:inserted|bound|unreadable|removed)"/g)
        ?.at(-1);
    const isThere = () =>
      state === 'empty' ? [undefined, '"card-removed"'].includes(last()) : last() === `"${state}"`;
    await until(isThere, 5_000, `the agent's reader is not ${state}`);
  }

  /** The site's tab, loaded anew. */
  async open(site: SiteName, profile = this.profile): Promise<Page> {
    const page = await profile.page(site);
    await page.goto(`${this.harness.site(site).origin}/`);
    return page;
  }

  /** Logs out, if somebody is logged in; the login page is shown. */
  async logOut(site: SiteName, profile = this.profile): Promise<void> {
    const page = await this.open(site, profile);
    if ((await page.locator('#log-in').count()) > 0) return;
    await page.click('form[action="/logout"] button');
    await page.locator('#log-in').waitFor();
  }

  /** Presses Log in; the promise inside settles with what comes of it. */
  async press(site: SiteName, profile = this.profile): Promise<{ outcome: Promise<Outcome> }> {
    const page = await profile.page(site);
    await page.click('#log-in');
    return { outcome: outcomeOf(page) };
  }

  /** Presses Log in and answers what is asked, dialog by dialog. No further dialog may have been shown. */
  async logIn(site: SiteName, ...answers: PinentryAnswer[]): Promise<{ outcome: Outcome; dialogs: Dialog[] }> {
    const { outcome } = await this.press(site);
    const dialogs: Dialog[] = [];
    for (const answer of answers) {
      dialogs.push(await this.harness.pinentry.waitForDialog());
      this.harness.pinentry.answer(answer);
    }
    const ended = await outcome;
    assert.deepEqual(this.harness.pinentry.unawaited(), [], 'a dialog that nobody waited for');
    return { outcome: ended, dialogs };
  }

  /** What comes first: the end of a login, or a dialog. */
  async firstOf(outcome: Promise<Outcome>): Promise<Outcome | Dialog> {
    let ended: Outcome | undefined;
    const watched = outcome.then((value) => (ended = value));
    const { pinentry } = this.harness;
    await until(() => ended !== undefined || pinentry.unawaited().length > 0, 20_000, 'neither a dialog nor an end');
    return pinentry.unawaited().length > 0 ? pinentry.waitForDialog() : watched;
  }

  /** Logs in with the PIN of the card that is in, and checks that it worked. */
  async logInWithPin(site: SiteName, card: CardName = 'anna'): Promise<Dialog[]> {
    const { outcome, dialogs } = await this.logIn(site, `pin ${cardHolders[card].pin}`);
    assert.deepEqual(outcome, { name: nameOf(card) });
    await this.expectVerified(site, card);
    return dialogs;
  }

  /** The server's own word: nobody, or exactly these. */
  async expectVerified(site: SiteName, ...cards: CardName[]): Promise<void> {
    const { verified } = await this.harness.ask(site);
    assert.deepEqual(
      verified.map(({ name }) => name),
      cards.map(nameOf),
    );
  }

  /** Chooses "forget PIN" in the extension's popup, as the holder does. */
  async forgetPin(): Promise<void> {
    const popup = await openPopup(this.profile.context);
    await popup.evaluate(pressForget);
    await popup.close();
  }

  processes(part: DemoProcess['part']): DemoProcess[] {
    return this.harness.processes().filter((candidate) => candidate.part === part);
  }

  /** The one process that is this part. */
  process(part: DemoProcess['part']): DemoProcess {
    const [found, ...others] = this.processes(part);
    assert.ok(found, `no ${part}`);
    assert.equal(others.length, 0, `more than one ${part}`);
    return found;
  }

  /** Waits for the program of a dialog that is over to be gone. */
  async expectClosed(dialog: Dialog, milliseconds = 2_000): Promise<void> {
    await until(() => !isAlive(dialog.processId), milliseconds, 'the dialog stays open');
  }
}

const worlds = new Map<CardKind, Promise<LoginWorld>>();

/** Declares the same tests for each card; where a card cannot be had they are skipped, with the reason. */
export function describeOnEachCard(title: string, tests: (world: () => LoginWorld, kind: CardKind) => void): void {
  for (const kind of cardKinds) {
    describe(`${title} (${kind})`, function () {
      let world: LoginWorld | undefined;
      this.timeout(40_000);
      before(async function () {
        const reason = cardUnavailable(kind);
        if (reason !== undefined) {
          process.stdout.write(`    not run: ${reason}\n`);
          this.skip();
        }
        let started = worlds.get(kind);
        if (started === undefined) worlds.set(kind, (started = startWorld(kind)));
        world = await started;
      });
      tests(() => {
        assert.ok(world);
        return world;
      }, kind);
    });
  }
}

// For the whole run: the worlds are shared by files.
after(async function () {
  this.timeout(30_000);
  const ended = await Promise.allSettled([...worlds.values()].map(async (world) => (await world).harness.stop()));
  worlds.clear();
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
});

async function startWorld(kind: CardKind): Promise<LoginWorld> {
  const built: { card?: CardUnderTest } = {};
  const harness = await startHarness({
    card: async (cards, directory) => (built.card = await startCard(kind, cards, directory)),
    sites: [
      { definition: journal, policy: { access: 'silent', minimumAssuranceLevel: 2 } },
      { definition: recept, policy: { access: 'silent', minimumAssuranceLevel: 3 } },
      { definition: { ...journal, name: 'labb' } },
      { definition: { ...journal, name: 'remiss' } },
    ],
    scripted: true,
    headless: true,
    ...(process.env['KORTBRO_TEST_DIST'] === undefined ? {} : { dist: process.env['KORTBRO_TEST_DIST'] }),
  });
  assert.ok(built.card);
  return new LoginWorld(harness, built.card, await harness.openProfile('one'));
}

export function nameOf(card: CardName): string {
  const { givenName, surname } = cardHolders[card].person;
  return `${givenName} ${surname}`;
}

async function outcomeOf(page: Page): Promise<Outcome> {
  const ended = page.locator('form[action="/logout"], #problem > p').first();
  await ended.waitFor({ timeout: 20_000 });
  if (await page.locator('#problem > p').first().isVisible()) {
    const [sentence = '', code = ''] = await page.locator('#problem > p').allInnerTexts();
    return { code: code.replace(/^.*: /, ''), sentence };
  }
  return { name: await page.locator('.who strong').innerText() };
}

const pressForget = `(async () => {
  const forget = document.querySelector('#forget');
  for (let i = 0; i < 100 && forget.offsetParent === null; i++) await new Promise((resolve) => setTimeout(resolve, 30));
  forget.click();
  const outcome = document.querySelector('#outcome');
  for (let i = 0; i < 100 && outcome.textContent === ''; i++) await new Promise((resolve) => setTimeout(resolve, 30));
})()`;

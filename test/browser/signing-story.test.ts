// Signing at the demonstration clinic in a browser that speaks English: its story, and what it leaves to the keyboard, to the page's
// own Cancel, to other judges of signatures, and to eyes. The story in Swedish is told by `npm run demo` (login-story.test.ts).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { consentWindow } from '../../demo/consent-window.ts';
import { cardHolders } from '../../demo/demo-cards.ts';
import { type Harness, type Profile } from '../../demo/harness.ts';
import { signingStory } from '../../demo/signing-story.ts';
import { Visitor } from '../../demo/story.ts';
import { walkStory } from '../../demo/story-report.ts';
import { contrasts } from './extension-contrast.ts';
import { startSigningHarness } from './signing-harness.ts';

describe('signing at the demonstration clinic', function () {
  this.timeout(60_000);
  let harness: Harness;
  before(async () => {
    harness = await startSigningHarness('en');
  });
  after(() => harness.stop());

  it('tells its story', async () => {
    const visitor = new Visitor(harness, () => undefined);
    const { steps } = await walkStory(signingStory(visitor));
    await visitor.close();
    assert.deepEqual(
      steps.filter(({ ok }) => !ok),
      [],
    );
  });

  describe('when somebody is logged in', () => {
    let profile: Profile;
    let page: Page;
    let scratch: string;
    before(async () => {
      scratch = mkdtempSync(join(tmpdir(), 'kb-signed-'));
      profile = await harness.openProfile('keyboard');
      page = await profile.page('journal');
      await harness.card.insert('anna');
      await page.click('#log-in');
      await harness.pinentry.waitForDialog();
      harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
      await page.locator('#signing').waitFor();
    });
    after(async () => {
      await profile.close();
      rmSync(scratch, { recursive: true, force: true });
    });

    const status = (kind: string) => page.locator(`form[data-kind="${kind}"] .status`);
    async function download(extension: string): Promise<string> {
      const link = page.locator(`#signed a[aria-label$="(${extension})"]`).first();
      const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
      const path = join(scratch, `signed.${extension}`);
      await file.saveAs(path);
      return path;
    }

    it('needs no mouse, and keeps the focus where it was', async () => {
      await page.locator('summary', { hasText: 'Decision' }).focus();
      await page.keyboard.press('Enter');
      const submit = page.locator('form[data-kind="decision"] [type=submit]');
      for (
        let presses = 0;
        presses < 10 && !(await submit.evaluate((one) => one === document.activeElement));
        presses++
      ) {
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      const consent = await consentWindow(profile.context);
      await consent.locator('#sign').focus();
      await consent.keyboard.press('Enter');
      await harness.pinentry.waitForDialog();
      assert.match(await status('decision').innerText(), /PIN for signatures/);
      harness.pinentry.answer(`pin ${cardHolders.anna.signaturePin}`);
      await status('decision').filter({ hasText: /^Done/ }).waitFor();
      assert.ok(await submit.evaluate((one) => one === document.activeElement));
    });

    it('makes signatures that other judges take', async () => {
      const pdf = execFileSync('pdfsig', ['-nocert', await download('pdf')], { encoding: 'utf8' });
      assert.match(pdf, /Signature is Valid/);
      assert.match(pdf, /Total document signed/);
    });

    it("ends with the page's own Cancel: the window goes, no PIN is asked for, and it is said calmly", async () => {
      const submit = page.locator('form[data-kind="decision"] [type=submit]');
      await submit.click();
      const consent = await consentWindow(profile.context);
      const closed = consent.waitForEvent('close');
      await page.locator('form[data-kind="decision"] .cancel').click();
      await closed;
      await status('decision').filter({ hasText: 'You did not sign' }).waitFor();
      assert.equal(await page.locator('form[data-kind="decision"] .trouble').innerText(), '');
      assert.ok(await submit.evaluate((one) => one === document.activeElement), 'the focus is not lost');
      assert.deepEqual(harness.pinentry.unawaited(), []);
    });

    it('says a wrong PIN with its code, and leaves the form as it was', async () => {
      await page.fill('form[data-kind="decision"] textarea', 'Kept while the PIN is wrong.');
      await page.click('form[data-kind="decision"] [type=submit]');
      await (await consentWindow(profile.context)).click('#sign');
      await harness.pinentry.waitForDialog();
      harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
      await page.locator('.trouble', { hasText: 'ERR_PIN_WRONG' }).waitFor();
      assert.equal(await page.inputValue('form[data-kind="decision"] textarea'), 'Kept while the PIN is wrong.');
    });

    it('can be read in light and in dark', async () => {
      // What the test runner's compiler leaves in functions.
      await page.evaluate('globalThis.__name = (named) => named');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const faint = (await contrasts(page)).filter(({ ratio }) => ratio < 4.5);
        assert.deepEqual(faint, []);
      }
    });
  });
});

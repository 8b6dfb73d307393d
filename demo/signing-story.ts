// The story of signing: a certificate, a decision and five prescriptions, each read in the consent window and signed with the PIN for
// signatures; then what must not work. The steps build on each other.
import assert from 'node:assert/strict';
import { type Page } from 'playwright-core';
import { decline } from './consent-window.ts';
import { until } from './demo-agent.ts';
import { cardHolders, type CardName } from './demo-cards.ts';
import { nameOf, type StoryStep, type Visitor } from './story.ts';
import { type SigningKind } from './sites/signing/signing-forms.ts';

/** How long an answer of server or window may take, in milliseconds. */
const patience = 10_000;

/** Begins with any card in, or none; ends with the reader empty and nobody logged in. */
export function signingStory(visitor: Visitor): StoryStep[] {
  const { harness } = visitor;
  const { card, pinentry } = harness;
  const signedAtServer = async () => (await harness.ask('journal')).signed;

  return [
    visitor.step('Anna logs in to the journal to sign', async () => {
      await visitor.emptyReader();
      await card.insert('anna');
      await visitor.logInWithPin('journal', 'anna');
    }),
    visitor.step('she reads the sick-leave certificate in the consent window and signs it', async () => {
      const journal = await open('certificate');
      const consent = await ask('certificate');
      assert.ok((await consent.locator('#origin').innerText()).includes(harness.site('journal').origin));
      assert.match(await consent.locator('#frame').innerText(), /Doris Demosson[^]*J06\.9/, 'the document is shown');
      await visitor.picture('consent-certificate', consent);
      await consent.click('#sign');
      const dialog = await signingDialog('anna', 'Läkarintyg – Doris Demosson');
      await journal.bringToFront();
      await visitor.picture('waiting-for-signature-pin', journal);
      assert.ok(!dialog.description.includes('J06'), 'the dialog names the document and does not repeat it');
      pinentry.answer(`pin ${signaturePin('anna')}`);
      await done('certificate', 1);
      await expectSigned('Läkarintyg – Doris Demosson');
      await visitor.picture('certificate-signed', journal);
    }),
    visitor.step('she signs a decision as PDF, with the signature to be seen on its page', async () => {
      await open('decision');
      const consent = await ask('decision');
      await consent.locator('#frame canvas').first().waitFor();
      await visitor.picture('consent-decision', consent);
      await consent.click('#sign');
      await signingDialog('anna', 'Beslut – Doris Demosson');
      pinentry.answer(`pin ${signaturePin('anna')}`);
      await done('decision', 1);
      await expectSigned('Beslut – Doris Demosson');
    }),
    visitor.step('she signs five prescriptions with one PIN', async () => {
      const journal = await open('prescriptions');
      const consent = await ask('prescriptions');
      assert.equal(await consent.locator('#list li').count(), 5);
      await visitor.picture('consent-prescriptions', consent);
      await consent.click('#sign');
      await signingDialog('anna', 'Recept – Doris Demosson, Exempelmedicin 5 mg');
      pinentry.answer(`pin ${signaturePin('anna')}`);
      await done('prescriptions', 5);
      assert.deepEqual(pinentry.unawaited(), [], 'one PIN for all of them');
      await expectSigned('Recept – Frida Fiktiv, Demodroppar');
      await journal.locator('#signed').evaluate((list) => list.scrollIntoView({ block: 'start' }));
      await visitor.picture('signed-list', journal);
      await expectFiles(journal, ['p7m', 'p7m', 'p7m', 'p7m', 'p7m', 'pdf', 'xml']);
    }),
    visitor.step('a document that was changed on its way is refused by the server', async () => {
      const journal = await open('certificate');
      const before = await signedAtServer();
      await changeDocuments(journal);
      const consent = await ask('certificate');
      assert.ok((await consent.locator('#frame').innerText()).includes('100 %'), 'she is shown what she would sign');
      await consent.click('#sign');
      await signingDialog('anna', 'Läkarintyg – Doris Demosson');
      pinentry.answer(`pin ${signaturePin('anna')}`);
      await part(journal, 'certificate', '.trouble', 'ERR_DOCUMENT_CHANGED').waitFor();
      const { signed, signingRefusals } = await harness.ask('journal');
      assert.deepEqual(signed, before, 'nothing is kept of it');
      assert.deepEqual(signingRefusals, ['ERR_DOCUMENT_CHANGED']);
      await visitor.picture('changed-document-refused', journal);
      await journal.reload();
    }),
    visitor.step('she thinks better of it, and the page says calmly that nothing was signed', async () => {
      const journal = await open('decision');
      const consent = await ask('decision');
      await decline(consent);
      await part(journal, 'decision', '.status', /skrev inte under|did not sign/).waitFor();
      assert.equal(await part(journal, 'decision', '.trouble').innerText(), '');
      assert.deepEqual(pinentry.unawaited(), [], 'no PIN is asked for');
      await visitor.picture('not-signed', journal);
    }),
    visitor.step('she pulls the card while she reads: nothing is signed and she is logged out', async () => {
      const before = await signedAtServer();
      await open('certificate');
      const consent = await ask('certificate');
      await card.remove();
      const tab = await visitor.loggedOutTab('journal');
      await until(() => isOver(consent), patience, 'the consent window can still be answered');
      await visitor.picture('card-pulled-while-reading', tab);
      if (!consent.isClosed()) await visitor.picture('consent-ended', consent);
      await visitor.nobody('journal');
      assert.deepEqual(await signedAtServer(), before);
      assert.deepEqual(pinentry.unawaited(), [], 'no PIN is asked for');
    }),
  ];

  function signaturePin(name: CardName): string {
    const { pin, signaturePin: own } = cardHolders[name];
    return card.hasSignaturePin ? own : pin;
  }

  /** The form of that kind, unfolded. */
  async function open(kind: SigningKind): Promise<Page> {
    const journal = await visitor.tab('journal');
    const folded = journal.locator('details.to-sign:not([open])', { has: journal.locator(`[data-kind="${kind}"]`) });
    if ((await folded.count()) > 0) await folded.locator('summary').click();
    return journal;
  }

  /** Presses the form's button; the consent window that comes up. */
  async function ask(kind: SigningKind): Promise<Page> {
    const journal = await visitor.tab('journal');
    await part(journal, kind, 'button[type=submit]').click();
    return visitor.consent();
  }

  async function signingDialog(name: CardName, document: string) {
    const dialog = await pinentry.waitForDialog();
    assert.equal(dialog.kind, 'pin');
    for (const named of [harness.site('journal').origin, nameOf(name), document]) {
      assert.ok(dialog.description.includes(named), `the dialog names ${named}`);
    }
    return dialog;
  }

  /** The page says that it is done, and the server has so many signatures more than before. */
  async function done(kind: SigningKind, documents: number): Promise<void> {
    const journal = await visitor.tab('journal');
    await part(journal, kind, '.status', /^(?:Klart|Done)/)
      .or(part(journal, kind, '.trouble p').first())
      .waitFor();
    assert.equal(await part(journal, kind, '.trouble').innerText(), '');
    const mine = (await signedAtServer()).slice(-documents);
    const { hsaId: holderId, assuranceLevel } = cardHolders.anna.person;
    assert.equal(mine.length, documents);
    for (const one of mine) {
      assert.deepEqual({ ...one, document: '' }, { name: nameOf('anna'), document: '', holderId, assuranceLevel });
    }
  }

  async function expectSigned(document: string): Promise<void> {
    assert.equal((await signedAtServer()).at(-1)?.document, document);
    const row = (await visitor.tab('journal')).locator('#signed tr', { hasText: document });
    assert.match(await row.first().innerText(), new RegExp(nameOf('anna')));
  }
}

/** A part of the form of that kind. */
function part(page: Page, kind: SigningKind, selector: string, hasText?: string | RegExp) {
  return page.locator(`form[data-kind="${kind}"] ${selector}`, hasText === undefined ? {} : { hasText });
}

/** Each is fetched as a file that is not empty, of these kinds from the top. */
async function expectFiles(page: Page, extensions: readonly string[]): Promise<void> {
  const links = await page.locator('#signed a[download]').all();
  assert.equal(links.length, extensions.length);
  for (const [index, link] of links.entries()) {
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.ok(download.suggestedFilename().endsWith(`.${extensions[index] ?? ''}`), download.suggestedFilename());
    await download.delete();
  }
}

/** As a script would that has crept into the page: more sick leave than the server has written. Lasts until the page is left. */
function changeDocuments(page: Page): Promise<void> {
  return page.evaluate(() => {
    const honest = window.fetch.bind(window);
    window.fetch = async (...question) => {
      const response = await honest(...question);
      if (question[0] !== '/sign/begin') return response;
      const task = (await response.json()) as { documents: { content: string }[] };
      const documents = task.documents.map((document) => {
        const bytes = Uint8Array.from(atob(document.content), (character) => character.charCodeAt(0));
        const text = new TextDecoder().decode(bytes).replace('>25 %<', '>100 %<');
        const changed = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
        return { ...document, content: btoa(changed.join('')) };
      });
      return Response.json({ ...task, documents });
    };
  });
}

/** Closed, or with nothing left to agree to. */
async function isOver(consent: Page): Promise<boolean> {
  return (
    consent.isClosed() ||
    (await consent
      .locator('#sign')
      .isHidden()
      .catch(() => true))
  );
}

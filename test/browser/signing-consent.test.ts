// What the consent window shows, and that nobody signs by accident: in Chromium, with a scripted agent. KORTBRO_SCREENS names a
// folder for pictures of every kind.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PDFDocument, PDFName, StandardFonts } from '@cantoo/pdf-lib';
import { type Page } from 'playwright-core';
import { type SignatureFormat } from '../../extension/page-api/api.ts';
import { pieceLength } from '../../extension/page-api/pieces.ts';
import { decline } from '../../demo/consent-window.ts';
import { SigningAgent, signingKey } from '../extension/signing-agent.ts';
import { startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { contrasts } from './extension-contrast.ts';
import { consentWindow, ready, sign, type SigningEnding, type TestDocument } from './signing-page.ts';

const screens = process.env['KORTBRO_SCREENS'];
const recipe = 'Recept\n\nAlvedon 500 mg, 100 tabletter\nDosering: 1 till 2 vid behov, högst 8 per dygn.\n';
const text: TestDocument = { name: 'Recept.txt', type: 'text/plain', content: recipe };
const certificate =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Exempel -->\n<i:intyg xmlns:i="urn:exempel" id="u1"><i:skapadAv><i:namn>Anna Testsson</i:namn><i:enhet><i:adress><i:ort><i:djup>långt in</i:djup></i:ort></i:adress></i:enhet></i:skapadAv><i:svar>Hosta &amp; feber</i:svar></i:intyg>';
const xml: TestDocument = { name: 'Intyg.xml', type: 'application/xml', content: certificate };
const image: TestDocument = { name: 'Röntgen.dcm', type: 'application/dicom', content: { base64: 'AAECAwQ=' } };
const hash: TestDocument = {
  name: 'Journalanteckning',
  type: 'application/octet-stream',
  content: { base64: Buffer.alloc(32, 7).toString('base64') },
};
const cms: SignatureFormat = { type: 'cms', attached: true };

async function pdfOf(pages: number, padding = 0): Promise<TestDocument> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let number = 1; number <= pages; number++) {
    const page = pdf.addPage([595, 842]);
    page.drawText(`Läkarintyg, sida ${number}`, { x: 60, y: 760, size: 22, font });
    page.drawText('Patienten har sedan den 3 november feber och hosta.', { x: 60, y: 720, size: 12, font });
  }
  const action = pdf.context.obj({ S: 'JavaScript', JS: 'app.alert(1)' });
  const visit = pdf.context.obj({ S: 'URI', URI: 'https://prescriptions.test/stolen', Next: action });
  pdf.catalog.set(PDFName.of('OpenAction'), visit);
  if (padding > 0) pdf.context.register(pdf.context.stream(new Uint8Array(padding).map((_, i) => i * 7)));
  const bytes = await pdf.save({ useObjectStreams: false });
  return {
    name: 'Läkarintyg.pdf',
    type: 'application/pdf',
    content: { base64: Buffer.from(bytes).toString('base64') },
  };
}

for (const language of ['sv', 'en'] as const) {
  describe(`the consent window in Chromium (${language})`, function () {
    this.timeout(40_000);
    let build: ExtensionBuild;
    let browser: ExtensionBrowser;
    let page: Page;
    let agent: SigningAgent;
    let ending: Promise<SigningEnding> | undefined;
    const complaints: string[] = [];

    before(async function () {
      this.timeout(120_000);
      build = buildExtension();
      browser = await startExtensionBrowser(build.extension, { language });
      await browser.agent.until(() => browser.agent.received[0]);
      browser.context.on('page', (opened) => {
        opened.on('console', (message) => complaints.push(message.text()));
        opened.on('pageerror', ({ message }) => complaints.push(message));
        opened.on('request', (request) => {
          if (opened.url().startsWith('chrome-extension:') && !/^(chrome-extension|blob|data):/.test(request.url()))
            complaints.push(`asks ${request.url()}`);
        });
      });
    });
    after(async () => {
      await browser.stop();
      build.remove();
    });
    beforeEach(async () => {
      agent = new SigningAgent();
      browser.agent.script = agent.script;
      page = await browser.context.newPage();
      await page.goto(`${browser.sites.journal}/`);
      complaints.length = 0;
    });
    afterEach(async () => {
      const found = complaints.splice(0);
      for (const opened of browser.context.pages().slice(1)) await opened.close().catch(() => undefined);
      await ending?.catch(() => undefined);
      assert.deepEqual(found, [], 'the window complains in its console, or asks somebody');
    });

    /** Asks, and waits for the window. */
    async function ask(
      documents: readonly TestDocument[],
      format: SignatureFormat = cms,
      more: object = {},
      isReady = true,
    ): Promise<Page> {
      ending = sign(page, documents, format, more);
      ending.catch(() => undefined);
      const window = await consentWindow(browser);
      await window.setViewportSize({ width: 1080, height: 820 });
      if (isReady) await ready(window);
      return window;
    }

    const isOpen = (window: Page): Promise<boolean> =>
      window.evaluate(() => document.getElementById('sign')?.ariaDisabled === 'false');
    const frame = (window: Page): Promise<string> => window.locator('#frame').innerText();

    if (language === 'sv') {
      it('says who asks, who signs, what comes of it, and what is signed', async () => {
        const window = await ask([text], { type: 'jws', detached: true }, { level: 'B-T' });
        const words = await window.locator('body').innerText();
        for (const said of [browser.sites.journal, 'Anna Testsson', 'Region Exempel', 'SE0000000000-1ABC', 'JAdES'])
          assert.ok(words.includes(said), said);
        for (const said of ['Med tidsstämpel', 'Recept.txt', 'text/plain', `${Buffer.byteLength(recipe)}\u00a0byte`])
          assert.ok(words.includes(said), said);
        assert.match(await window.locator('#fingerprint').innerText(), /^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
        assert.equal(await frame(window), recipe);
      });

      it('shows text as text, whatever it says, and marks what could not be seen', async () => {
        const content = '<img src=x onerror=alert(1)><script>alert(2)</script>\nBetala 100\u202e001\u202c kr\u200b';
        const name = 'Avtal\u202efdp.txt';
        const window = await ask([{ name, type: 'text/html', content }]);
        assert.equal(
          await frame(window),
          content.replace(/[\u202e\u202c\u200b]/g, (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase()}]`),
        );
        assert.equal(await window.locator('#frame :not(pre, mark)').count(), 0);
        assert.equal(await window.locator('#frame mark').count(), 3);
        assert.equal(await window.locator('#name').innerText(), 'Avtal[U+202E]fdp.txt');
        assert.match(await window.locator('#notes').innerText(), /inte syns/);
      });

      it('shows a long text in parts', async () => {
        const window = await ask([{ ...text, content: `${'a'.repeat(50_000)}${'b'.repeat(10)}` }]);
        assert.match(await window.locator('#part').innerText(), /Del 1 av 2/);
        await window.click('#next');
        assert.equal(await frame(window), 'b'.repeat(10));
        await window.click('#next', { force: true });
        await window.click('#previous');
        assert.equal((await frame(window)).length, 50_000);
      });

      it('shows XML as a tree of text, deep parts folded, and its source', async () => {
        const window = await ask([xml], { type: 'xades', packaging: 'enveloped' });
        const shown = await frame(window);
        for (const part of [
          '<!-- Exempel -->',
          'i:intyg xmlns:i="urn:exempel" id="u1"',
          'i:namn Anna Testsson',
          'Hosta & feber',
        ])
          assert.ok(shown.includes(part), part);
        assert.ok(!shown.includes('långt in'));
        await window.locator('summary', { hasText: 'i:ort' }).click();
        await window.locator('#frame').getByText('långt in').waitFor();
        assert.ok((await frame(window)).includes('i:djup långt in'));
        await window.click('#source');
        assert.equal(await frame(window), certificate);
        await window.click('#source');
        assert.ok((await frame(window)).includes('i:namn Anna Testsson'));
      });

      it('lays out no more of a large tree at once than can be looked at', async () => {
        const many = (name: string, content: string): string => `<${name}>${content}</${name}>`.repeat(150);
        const content = `<a>${many('b', many('c', '<d>1</d><d>2</d>'))}</a>`;
        const window = await ask([{ ...xml, content }], cms);
        const count = await window.locator('#frame *').count();
        assert.ok(count > 500 && count < 10_000, `${count} elements`);
        const folded = await window.locator('#frame details:not([open])').first().elementHandle();
        await folded.$eval('summary', (summary) => summary.click());
        assert.ok(await folded.waitForSelector('.node, details'));
      });

      it('shows XML that could show something else as its source', async () => {
        for (const content of [
          '<!DOCTYPE a [<!ENTITY b "annat">]><a>&b;</a>',
          '<a><b></a>',
          '<a xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script><img src="https://prescriptions.test/x"/></a>',
        ]) {
          const window = await ask([{ ...xml, content }], cms);
          if (content.includes('xhtml')) await window.click('#source');
          assert.equal(await frame(window), content);
          assert.equal(await window.locator('#notes').isVisible(), !content.includes('xhtml'));
          await decline(window);
          await ending;
        }
        // Chromium's own mark of a fault has a style, which does nothing in a document that is only read.
        const own = complaints.splice(0).filter((complaint) => !complaint.startsWith('Applying inline style violates'));
        assert.deepEqual(own, []);
      });

      it('draws the pages of a PDF, does nothing that it says, and reads no network', async () => {
        const window = await ask([await pdfOf(3)], { type: 'pades' });
        const ink = (): Promise<number> =>
          window.evaluate(() => {
            const canvas = document.querySelector('canvas')!;
            const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height / 5);
            return data.filter((value, index) => index % 4 === 0 && value < 100).length;
          });
        assert.ok((await ink()) > 300);
        assert.match(await window.locator('.unseen').textContent().then(String), /Läkarintyg, sida 1/);
        assert.match(await window.locator('#part').innerText(), /Sida 1 av 3/);
        await window.click('#next');
        await window.waitForFunction(() => document.querySelector('.unseen')?.textContent.includes('sida 2'));
        const width = await window.locator('canvas').evaluate((canvas) => canvas.clientWidth);
        await window.click('#larger');
        await window.waitForFunction((before) => (document.querySelector('canvas')?.clientWidth ?? 0) > before, width);
        assert.ok(await isOpen(window));
      });

      it('shows the first page of a large PDF before all of it is there, and signs only then', async () => {
        const large = await pdfOf(2, 12_000_000);
        const reads: number[] = [];
        const held: (() => void)[] = [];
        let isHolding = true;
        const { script } = agent;
        browser.agent.script = (message, host) => {
          if (message.type !== 'read' || message.what !== 'document') return script(message, host);
          reads.push(message.offset);
          // Of the middle, which no page needs; one of the four on the way is left for the others.
          if (!isHolding || ![10, 11, 12].includes(message.offset / pieceLength)) return script(message, host);
          held.push(() => script(message, host));
          return 'handled';
        };
        const window = await ask([large], { type: 'pades' }, {}, false);
        await window.locator('canvas').waitFor();
        assert.equal(await isOpen(window), false);
        assert.match(await window.locator('#status').innerText(), /Läser in/);
        await window.click('#sign', { force: true });
        isHolding = false;
        for (const release of held.splice(0)) release();
        await ready(window);
        assert.equal(agent.last?.answer, undefined);
        assert.equal(new Set(reads).size, reads.length, 'nothing is read twice');
      });

      it('says of a damaged PDF that it cannot be shown, and lets it be saved', async () => {
        const window = await ask([{ name: 'Skadad.pdf', type: 'application/pdf', content: 'ingen PDF' }], cms);
        assert.match(await window.locator('#notes').innerText(), /kunde inte visas/);
        assert.ok(await window.locator('#save').isVisible());
      });

      it('saves what it cannot show, byte for byte, under a name that starts nothing', async () => {
        const window = await ask([{ ...image, name: '../bild.exe' }]);
        assert.match(await window.locator('#notes').innerText(), /kan inte visas här/);
        const saving = window.waitForEvent('download');
        await window.click('#save');
        const download = await saving;
        assert.equal(download.suggestedFilename(), '_bild.exe.bin');
        assert.deepEqual([...readFileSync(await download.path())], [0, 1, 2, 3, 4]);
      });

      it('warns where there is only a hash, and shows it', async () => {
        const window = await ask([hash], { type: 'hash', hash: 'SHA-256' });
        assert.match(await window.locator('#warning').innerText(), /Innehållet kan inte visas/);
        assert.match(await frame(window), /SHA-256[^]*(0707 ){15}0707/);
      });

      it('has nobody chosen where several could sign, and says which key is for logging in', async () => {
        agent.keys = [signingKey, { ...signingKey, key: 'k2', usage: 'authentication' }];
        const window = await ask([text], cms, {}, false);
        await window.waitForFunction(() => document.getElementById('status')?.textContent.startsWith('Välj'));
        assert.equal(await window.locator('input:checked').count(), 0);
        await window.waitForTimeout(1_000);
        assert.equal(await isOpen(window), false);
        assert.match(await window.locator('label').nth(1).innerText(), /inloggning/);
        await window.locator('input').nth(1).check();
        await ready(window);
        await window.click('#sign');
        assert.ok('documents' in (await ending!));
        const { answer } = agent.last!;
        assert.equal(answer?.answer === 'sign' && answer.certificate, 'k2');
      });

      it('tells two keys of one holder apart, for eyes and for ears', async () => {
        const other = {
          key: 'k2',
          reader: 'Omnikey 5422',
          serialNumber: '77AA01B2',
          keyType: 'ec',
          keySize: 256,
        } as const;
        agent.keys = [signingKey, { ...signingKey, ...other, validTo: '2027-06-30T08:00:00.000Z' }];
        const window = await ask([text], cms, {}, false);
        await window.waitForFunction(() => document.getElementById('status')?.textContent.startsWith('Välj vilken'));
        const said = ['kortläsaren Omnikey 5422', '30\u00a0juni\u00a02027', 'ECC, 256 bitar', 'slutar på AA01B2'];
        const seen = await window.locator('label').nth(1).innerText();
        for (const words of said) assert.ok(seen.includes(words), words);
        const heard = await window
          .getByRole('radio', { name: /Omnikey 5422 Giltig från .* slutar på AA01B2$/ })
          .count();
        assert.equal(heard, 1, 'the name for screen readers has a space between the lines');
        assert.match(
          await window.locator('label').first().innerText(),
          /SCR 3310[^]*2028[^]*RSA, 2048 bitar[^]*E5B6A7/,
        );
      });

      it('says which of many will not be signed, before anything is agreed to', async () => {
        agent.change = (consent) => ({
          ...consent,
          documents: consent.documents.map((entry, number) =>
            number === 1 ? { ...entry, refused: 'ERR_DOCUMENT_REFUSED' as const } : entry,
          ),
        });
        const window = await ask([text, xml, image]);
        assert.match(await window.locator('#documents').innerText(), /2 av 3 dokument/);
        assert.match(await window.locator('#list li').nth(1).innerText(), /Intyg\.xml\s+skrivs inte under/);
        assert.equal(await window.locator('#sign').innerText(), 'Skriv under 2 av 3');
        assert.equal(await window.locator('#refused').isVisible(), false);
        await window.locator('#list button').nth(1).click();
        await window.locator('#refused', { hasText: 'Dokumentet får inte undertecknas' }).waitFor();
        await window.locator('#list button').nth(2).click();
        await window.locator('#refused').waitFor({ state: 'hidden' });
      });

      it('opens on a document that would be signed, not on one before it that would not', async () => {
        agent.change = (consent) => ({
          ...consent,
          documents: consent.documents.map((entry, number) =>
            number === 0 ? { ...entry, refused: 'ERR_DOCUMENT_REFUSED' as const } : entry,
          ),
        });
        const window = await ask([text, { ...text, name: 'Två.txt', content: 'den andra' }]);
        assert.equal(await window.locator('#list [aria-current=true]').innerText(), 'Två.txt');
        assert.equal(await frame(window), 'den andra');
        assert.equal(await window.locator('#refused').isVisible(), false);
      });

      it('lists every document of many, each to be read, and signs none before all are there', async () => {
        const documents = [text, xml, image, { ...text, name: 'Två.txt', content: 'den andra' }];
        const window = await ask(documents);
        assert.match(await window.locator('#documents').innerText(), /4 dokument/);
        assert.equal(await window.locator('#sign').innerText(), 'Skriv under alla 4');
        for (const [number, { name }] of documents.entries()) {
          await window.locator('#list button').nth(number).click();
          await window.waitForFunction((wanted) => document.getElementById('name')?.textContent === wanted, name);
          assert.equal(await window.locator('#list [aria-current=true]').innerText(), name);
        }
        assert.equal(await frame(window), 'den andra');
        await window.click('#sign');
        assert.ok('documents' in (await ending!));
      });

      it('lets nobody sign what is not what the agent has frozen, and does not go on showing it', async () => {
        for (const documents of [[text], [text, xml]]) {
          agent.change = (consent) => ({
            ...consent,
            documents: consent.documents.map((entry, number) =>
              number === documents.length - 1 ? { ...entry, fingerprint: '00'.repeat(32) } : entry,
            ),
          });
          const window = await ask(documents, cms, {}, false);
          await window.waitForFunction(() => document.getElementById('status')?.className === 'alarming');
          assert.match(await window.locator('#status').innerText(), /inte det som skulle undertecknas/);
          if (documents.length === 1)
            assert.equal(await window.locator('#save, #notes').filter({ visible: true }).count(), 0);
          if (documents.length === 1) assert.equal(await frame(window), '');
          await window.waitForTimeout(1_000);
          assert.equal(await isOpen(window), false);
          await window.click('#sign', { force: true });
          await decline(window);
          assert.equal('code' in (await ending!) && agent.last?.answer?.answer, 'decline');
        }
      });

      it('takes no click and no key of the first moments, nor of the first after it comes to the front', async () => {
        const window = await ask([text]);
        const press = (): Promise<boolean> =>
          window.evaluate(() => {
            const button = document.getElementById('sign');
            dispatchEvent(new Event('focus'));
            button?.click();
            button?.click();
            return button?.ariaDisabled === 'true';
          });
        assert.ok(await press());
        assert.equal(agent.last?.answer, undefined);
        await ready(window);
        assert.equal(agent.last?.answer, undefined);
      });
    }

    it('is used by keyboard alone', async () => {
      const window = await ask([text]);
      assert.equal(await window.evaluate(() => document.activeElement?.id), 'title');
      const stops: string[] = [];
      while (stops.at(-1) !== 'sign' && stops.length < 9) {
        await window.keyboard.press('Tab');
        stops.push(await window.evaluate(() => document.activeElement?.id ?? ''));
        const outline = await window.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
        assert.equal(outline, 'solid', stops.at(-1));
      }
      assert.deepEqual(stops, ['frame', 'decline', 'sign']);
      await window.keyboard.press('Space');
      assert.ok('documents' in (await ending!));
    });

    const kinds: Record<string, () => Promise<[TestDocument[], SignatureFormat, object?]>> = {
      text: () => Promise.resolve([[text], cms]),
      xml: () => Promise.resolve([[xml], { type: 'xades', packaging: 'enveloped' }, { level: 'B-LT' }]),
      pdf: async () => [[await pdfOf(3)], { type: 'pades', reason: 'Jag intygar' }, { level: 'B-T' }],
      other: () => Promise.resolve([[image], cms]),
      hash: () => Promise.resolve([[hash], { type: 'hash', hash: 'SHA-256' }]),
      keys: () => Promise.resolve([[text], { type: 'raw' }]),
      batch: async () => [[text, await pdfOf(1), xml, image, ...Array<TestDocument>(8).fill(text)], cms],
      hidden: () => Promise.resolve([[{ ...text, content: 'Konto 1234\u202e8765\u202c' }], cms]),
    };
    for (const [kind, given] of Object.entries(kinds)) {
      it(`can be read by everybody: ${kind}`, async () => {
        if (kind === 'keys') agent.keys = [signingKey, { ...signingKey, key: 'k2', usage: 'authentication' }];
        if (kind === 'batch') agent.failure = (number) => (number === 2 ? 'ERR_DOCUMENT_REFUSED' : undefined);
        const [documents, format, more] = await given();
        const window = await ask(documents, format, more, false);
        await window.waitForFunction(() => !/…/.test(document.getElementById('status')?.textContent ?? '…'));
        if (kind === 'keys') await window.locator('input').first().check();
        for (const look of ['light', 'dark', 'forced'] as const) {
          await window.emulateMedia({
            colorScheme: look === 'dark' ? 'dark' : 'light',
            forcedColors: look === 'forced' ? 'active' : 'none',
          });
          for (const { text: words, ratio } of await contrasts(window))
            assert.ok(ratio >= 4.5, `${look}: ${ratio} for ${words}`);
          if (look === 'light') await ready(window);
          await picture(window, `${kind}-${language}-${look}`);
        }
        assert.deepEqual(await unnamed(window), []);
        assert.equal(await window.evaluate(() => document.documentElement.lang), language);
        // 200 % of a window of half the size.
        await window.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
        await window.setViewportSize({ width: 540, height: 410 });
        const { scrollWidth, clientWidth } = await window
          .evaluate(() => document.documentElement)
          .then(() =>
            window.evaluate(() => ({
              scrollWidth: document.documentElement.scrollWidth,
              clientWidth: document.documentElement.clientWidth,
            })),
          );
        assert.ok(scrollWidth <= clientWidth, `${scrollWidth} > ${clientWidth}`);
        await picture(window, `${kind}-${language}-200`);
        if (kind !== 'batch') return;
        await window.setViewportSize({ width: 1080, height: 820 });
        await ready(window);
        await window.click('#sign');
        await window.locator('#ending').waitFor();
        await picture(window, `partly-${language}`);
      });
    }
  });
}

/** What can be worked with and has no name, or a name twice, for those who hear the page. */
function unnamed(window: Page): Promise<string[]> {
  return window.evaluate(() => {
    const found: string[] = [];
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    found.push(...ids.filter((id, index) => ids.indexOf(id) !== index));
    for (const part of document.querySelectorAll<HTMLElement>(
      'button, input, [role=region], nav, section, fieldset, ul, ol',
    )) {
      if (!part.checkVisibility()) continue;
      const labelled = part.getAttribute('aria-labelledby');
      const label = labelled === null ? (part.closest('label') ?? part) : document.getElementById(labelled);
      if ((label?.textContent ?? '').trim() === '' && part.ariaLabel === null) found.push(part.outerHTML.slice(0, 80));
    }
    return found;
  });
}

async function picture(window: Page, name: string): Promise<void> {
  if (screens === undefined) return;
  mkdirSync(screens, { recursive: true });
  await window.screenshot({ path: join(screens, `${name}.png`) });
}

// Every page of the extension and of the demonstration that a person sees, judged by axe-core, light and dark: the extension's in both languages, the
// demonstration's in Swedish. KORTBRO_SCREENS names a folder for pictures of all of them, in both.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import { type Page } from 'playwright-core';
import { startControlPage } from '../../demo/control-page.ts';
import { type Harness } from '../../demo/harness.ts';
import { loginStory } from '../../demo/login-story.ts';
import { signingStory } from '../../demo/signing-story.ts';
import { Visitor } from '../../demo/story.ts';
import { walkStory } from '../../demo/story-report.ts';
import { type SignatureFormat } from '../../extension/page-api/api.ts';
import { type ErrorCode } from '../../shared/errors.ts';
import { logoutReasons } from '../../shared/logout.ts';
import { type SigningConsent } from '../../shared/signing.ts';
import { moreStates, popupStates } from '../extension/popup-states.ts';
import { SigningAgent, signingKey } from '../extension/signing-agent.ts';
import { findings } from './accessibility.ts';
import { startExtensionBrowser, type ExtensionBrowser } from './extension-browser.ts';
import { buildExtension, type ExtensionBuild } from './extension-build.ts';
import { openPopup, show } from './extension-popup-page.ts';
import { removedPage } from './logout-extension-browser.ts';
import { startSigningHarness } from './signing-harness.ts';
import { consentWindow, ready, sign, type TestDocument } from './signing-page.ts';

const screens = process.env['KORTBRO_SCREENS'];
const views = { ...popupStates, ...moreStates };
const cms: SignatureFormat = { type: 'cms', attached: true };
const text: TestDocument = {
  name: 'Recept – Anna Testsson, Exempelmedicin 5 mg.txt',
  type: 'text/plain',
  content: 'Recept\n\nExempelmedicin 5 mg, 100 tabletter\nDosering: 1 tablett vid behov, högst 3 per dygn.\n',
};
const xml: TestDocument = {
  name: 'Läkarintyg.xml',
  type: 'application/xml',
  content:
    '<i:intyg xmlns:i="urn:exempel" id="u1"><i:skapadAv><i:namn>Anna Testsson</i:namn><i:enhet><i:adress><i:ort><i:namn>Exempelstad</i:namn></i:ort></i:adress></i:enhet></i:skapadAv><i:svar>Hosta och feber</i:svar></i:intyg>',
};
const image: TestDocument = { name: 'Röntgen.dcm', type: 'application/dicom', content: { base64: 'AAECAwQ=' } };
const bytes = { base64: Buffer.alloc(32, 7).toString('base64') };
const hash: TestDocument = { name: 'Journalanteckning', type: 'application/octet-stream', content: bytes };
const signedInfo: TestDocument = {
  name: 'Intyg om sjukskrivning',
  type: 'application/xml',
  content: `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Reference URI="#u1"><ds:DigestValue>${bytes.base64}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
};

async function pdf(): Promise<TestDocument> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (let number = 1; number <= 3; number++) {
    const page = document.addPage([595, 842]);
    page.drawText(`Läkarintyg, sida ${number}`, { x: 60, y: 760, size: 22, font });
  }
  const content = { base64: Buffer.from(await document.save()).toString('base64') };
  return { name: 'Läkarintyg.pdf', type: 'application/pdf', content };
}

/** What is asked for, and what is done before the window is looked at. */
interface Look {
  documents: TestDocument[];
  format?: SignatureFormat;
  more?: object;
  prepare?: (agent: SigningAgent) => void;
  act?: (window: Page) => Promise<void>;
}

const agree = async (window: Page): Promise<void> => {
  if ((await window.locator('input[type=radio]').count()) > 0) await window.locator('input').first().check();
  await ready(window);
  await window.click('#sign');
};
const ended = (window: Page): Promise<void> => window.locator('#ending').waitFor();
const changes =
  (change: (entry: SigningConsent['documents'][number], number: number) => object) =>
  (agent: SigningAgent): void => {
    agent.change = (consent) => ({
      ...consent,
      documents: consent.documents.map((entry, number) => ({ ...entry, ...change(entry, number) })),
    });
  };
const failing = (code: ErrorCode) => (agent: SigningAgent) => {
  agent.agreed = ({ id, host }) => {
    host.send({ type: 'signing', id, stage: 'progress', done: 0 });
    host.send({ type: 'error', id, error: { code, message: code, incident: '5f2a90c1' } });
  };
};
const batch = [text, xml, image, { ...text, name: 'Recept – Frida Fiktiv, Demodroppar.txt' }];

const looks: Readonly<Record<string, () => Promise<Look> | Look>> = {
  text: () => ({ documents: [text] }),
  xml: () => ({ documents: [xml], format: { type: 'xades', packaging: 'enveloped' }, more: { level: 'B-LT' } }),
  'xml-source': () => ({ documents: [xml], act: (window) => window.click('#source') }),
  pdf: async () => ({ documents: [await pdf()], format: { type: 'pades', reason: 'Jag intygar' } }),
  other: () => ({ documents: [image] }),
  hash: () => ({ documents: [hash], format: { type: 'hash', hash: 'SHA-256' } }),
  xmldsig: () => ({ documents: [signedInfo], format: { type: 'xmldsig' } }),
  hidden: () => ({ documents: [{ ...text, content: 'Konto 1234\u202e8765\u202c' }] }),
  keys: () => ({
    documents: [text],
    prepare: (agent) => {
      agent.keys = [
        signingKey,
        { ...signingKey, key: 'k2', reader: 'Omnikey 5422', serialNumber: '77AA01B2', keyType: 'ec', keySize: 256 },
        { ...signingKey, key: 'k3', usage: 'authentication' },
      ];
    },
  }),
  batch: () => ({ documents: batch }),
  'batch-refused': () => ({
    documents: batch,
    prepare: changes((_, number) => (number === 1 ? { refused: 'ERR_DOCUMENT_REFUSED' } : {})),
    act: (window) => window.locator('#list button').nth(1).click(),
  }),
  differs: () => ({
    documents: [text],
    prepare: changes(() => ({ fingerprint: '00'.repeat(32) })),
    act: (window) => window.locator('#status.alarming').waitFor(),
  }),
  pin: () => ({
    documents: [text],
    prepare: (agent) => {
      agent.agreed = ({ id, host }) => host.send({ type: 'signing', id, stage: 'progress', done: 0 });
    },
    act: agree,
  }),
  progress: () => ({
    documents: batch,
    prepare: (agent) => {
      agent.agreed = ({ id, host }) => {
        host.send({ type: 'signing', id, stage: 'progress', done: 0 });
        host.send({ type: 'signing', id, stage: 'progress', done: 2 });
      };
    },
    act: async (window) => {
      await agree(window);
      await window.locator('#progress').waitFor();
    },
  }),
  partly: () => ({
    documents: batch,
    prepare: (agent) => {
      agent.failure = (number) => (number === 2 ? 'ERR_SIGNATURE_TIMESTAMP' : undefined);
    },
    act: async (window) => {
      await agree(window);
      await ended(window);
    },
  }),
  failed: () => ({
    documents: [text],
    prepare: failing('ERR_CARD_REMOVED'),
    act: async (window) => {
      await agree(window);
      await ended(window);
    },
  }),
  fault: () => ({
    documents: [text],
    prepare: failing('ERR_AGENT_INTERNAL'),
    act: async (window) => {
      await agree(window);
      await ended(window);
    },
  }),
};

for (const language of ['sv', 'en'] as const) {
  describe(`what axe-core finds in the extension's pages (${language})`, function () {
    this.timeout(60_000);
    let build: ExtensionBuild;
    let browser: ExtensionBrowser;

    before(async function () {
      this.timeout(120_000);
      build = buildExtension();
      browser = await startExtensionBrowser(build.extension, { language });
      await browser.agent.until(() => browser.agent.received[0]);
    });
    after(async () => {
      await browser.stop();
      build.remove();
    });

    afterEach(async () => {
      for (const page of browser.context.pages().slice(1)) await page.close();
    });

    async function judge(page: Page, name: string): Promise<void> {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await picture(page, `${name}-${language}-${colorScheme}`);
        assert.deepEqual(await findings(page), [], `${name}, ${colorScheme}`);
      }
    }

    for (const [name, given] of Object.entries(looks)) {
      it(`nothing in the consent window: ${name}`, async () => {
        const agent = new SigningAgent();
        browser.agent.script = agent.script;
        const { documents, format = cms, more = {}, prepare, act } = await given();
        prepare?.(agent);
        const page = await browser.context.newPage();
        await page.goto(`${browser.sites.journal}/`);
        sign(page, documents, format, more).catch(() => undefined);
        const window = await consentWindow(browser);
        await window.setViewportSize({ width: 1080, height: 820 });
        await window.waitForFunction(() => !/…/.test(document.getElementById('status')?.textContent ?? '…'));
        await act?.(window);
        await judge(window, `consent-${name}`);
      });
    }

    it('nothing in the popup, in any state', async () => {
      const page = await openPopup(browser, views);
      for (const state of Object.keys(views)) {
        await show(page, state);
        await judge(page, `popup-${state}`);
      }
      await page.close();
    });

    it('nothing in the page that a site shows after a logout, for any reason', async () => {
      const page = await browser.context.newPage();
      for (const reason of logoutReasons) {
        await page.goto(removedPage(browser.sites.journal, reason));
        await judge(page, `removed-${reason}`);
      }
      await page.close();
    });
  });
}

// Its pages differ in their words alone: the other language is for pictures.
for (const language of screens === undefined ? (['sv'] as const) : (['sv', 'en'] as const)) {
  describe(`what axe-core finds at the demonstration clinic (${language})`, function () {
    this.timeout(180_000);
    let harness: Harness;
    before(async () => {
      harness = await startSigningHarness(language);
    });
    after(() => harness.stop());

    it('nothing in any page that its stories show', async () => {
      const found: string[] = [];
      const visitor = new Inspector(harness, language, found);
      const { steps } = await walkStory([...loginStory(visitor), ...signingStory(visitor)]);
      await visitor.close();
      assert.deepEqual(
        steps.filter(({ ok }) => !ok),
        [],
      );
      assert.deepEqual([...new Set(found)], []);
      assert.ok(visitor.seen > 8, `only ${visitor.seen} pages were seen`);
    });

    it('nothing in the page with its cards', async () => {
      const control = await startControlPage(harness.card, [...harness.sites.values()]);
      const profile = await harness.openProfile('control');
      try {
        const page = await profile.context.newPage();
        await page.goto(control.origin);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await picture(page, `demo-control-${language}-${colorScheme}`);
          assert.deepEqual(await findings(page), []);
        }
      } finally {
        await profile.close();
        await control.stop();
      }
    });
  });
}

/** Has every page judged that a story keeps a picture of. */
class Inspector extends Visitor {
  seen = 0;
  readonly #language: string;
  readonly #found: string[];

  constructor(harness: Harness, language: string, found: string[]) {
    super(harness, () => undefined);
    this.#language = language;
    this.#found = found;
  }

  override async picture(name: string, page: Page): Promise<void> {
    this.seen++;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `demo-${name}-${this.#language}-${colorScheme}`);
      this.#found.push(...(await findings(page)).map((one) => `${name}, ${colorScheme}: ${one}`));
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }
}

async function picture(page: Page, name: string): Promise<void> {
  if (screens === undefined) return;
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

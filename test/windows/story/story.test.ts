// A roll-out and a working day on Windows, as far as Wine goes: the MSI is installed without a question, the browser finds it, Anna
// logs in with the PIN that is typed into the real dialog, signs, pulls her card, Bertil comes; then the next version, and the end of it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMsi } from '../../../installer/windows/msi.ts';
import { productIcon } from '../../../installer/windows/icon.ts';
import { windowsFiles } from '../../../installer/file-list.ts';
import { extensionId, productVersion } from '../../../shared/names.ts';
import { consentWindow } from '../../../demo/consent-window.ts';
import { until } from '../../../demo/demo-agent.ts';
import { cardHolders, type DemoCards, issueDemoCards } from '../../../demo/demo-cards.ts';
import { testAssuranceLevels } from '../../../demo/demo-policy.ts';
import { openPkiDirectory, pemCertificate } from '../../../demo/pki/pki-directory.ts';
import { spkiSha256 } from '../../../demo/pki/pki.ts';
import { opensslCms, partsOf } from '../../agent/signatures/openssl.ts';
import { sign } from '../../browser/signing-page.ts';
import { cardStackUnavailable } from '../../card/card-stack.ts';
import { nameOf, trustIn } from '../../removal/removal-world.ts';
import { SiteRecord } from '../../removal/site-record.ts';
import { startWatchedSite, type WatchedSite } from '../../removal/watched-site.ts';
import { windowsPath, wineUnavailable } from '../lane/wine.ts';
import { packagesMissing, packedFiles, packedMsi } from '../packages.ts';
import { WindowsBrowser } from './windows-browser.ts';
import { installed, WindowsDesk } from './windows-desk.ts';

type Name = 'anna' | 'bertil';
type Outcome = { name: string } | { code: string };

const reason = wineUnavailable() ?? cardStackUnavailable() ?? packagesMissing();
(reason === undefined ? describe : describe.skip)(
  `The story on Windows${reason === undefined ? '' : ` (not run: ${reason})`}`,
  function () {
    this.timeout(120_000);
    this.bail(true);
    const record = new SiteRecord();
    const scratch = mkdtempSync(join(tmpdir(), 'kortbro-story-'));
    const ends: (() => Promise<void>)[] = [];
    const sites: WatchedSite[] = [];
    let desk: WindowsDesk;
    let browser: WindowsBrowser;
    let policy: string;
    let next: string;
    let siteKeys: string[];
    let cards: DemoCards;
    /** PEM file of those who issue signing certificates, up to the root. */
    const signersAuthorities = join(scratch, 'signers-authorities.pem');

    const origin = (index: number): string => sites[index]?.origin ?? '';
    const live = () => record.live.map(({ site, name }) => `${name} at ${site}`).sort();
    /** Logs in; `pin`: asked for, and typed. */
    const logIn = async (index: number, pin?: string): Promise<Outcome> => {
      const page = await browser.tab(origin(index));
      const outcome = page.evaluate<Outcome>('logIn()');
      if (pin !== undefined) await desk.typePin(pin);
      const said = await outcome;
      if ('name' in said) await page.reload();
      return said;
    };
    const isIn = (name: Name) => ({ name: nameOf(name) });

    before(async function () {
      this.timeout(600_000);
      const directory = await openPkiDirectory(scratch, { keyKind: 'ec-p256' });
      cards = await issueDemoCards(directory);
      const { root, issuers } = directory.pki;
      writeFileSync(signersAuthorities, [root, ...Object.values(issuers)].map(pemCertificate).join(''));
      const tls = await directory.pki.issueServer(['journal.localhost', 'recept.localhost']);
      const key = tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      siteKeys = [spkiSha256(tls.publicKey)];
      for (const name of ['journal', 'recept'])
        sites.push(
          await startWatchedSite({
            name,
            record,
            tls: { key, cert: pemCertificate(tls.certificate) },
            trust: trustIn(directory.pki),
          }),
        );
      desk = await WindowsDesk.start(cards);
      ends.push(() => desk.end());
      policy = desk.deploy(
        {
          sites: sites.map((site) => ({ origin: site.origin, access: 'silent' as const })),
          assuranceLevels: testAssuranceLevels,
        },
        pemCertificate(directory.pki.tlsRoot),
      );
    });
    after(async () => {
      for (const end of ends.reverse()) await end();
      await Promise.all(sites.map((site) => site.stop()));
      rmSync(scratch, { recursive: true });
    });

    it('the MSI is installed without a question, with the policy that IT names', async () => {
      assert.equal(await desk.msiexec('/i', windowsPath(packedMsi()), `POLICYFILE=${policy}`), 0);
      const { output } = await desk.run(['cmd', '/c', 'dir', '/b', installed]);
      assert.deepEqual(output.trim().split(/\s+/).sort(), [...windowsFiles].sort());
      assert.deepEqual(await desk.kortbro('--version'), { status: 0, output: `kortbro ${productVersion}\n` });
    });

    it('the browser starts the native host, and that the agent', async () => {
      browser = await WindowsBrowser.open(desk, siteKeys);
      ends.push(() => browser.close());
      const page = await browser.tab(origin(0));
      assert.deepEqual(await page.evaluate('kortbro.status()'), { version: productVersion, agent: productVersion });
      const [first] = await desk.audit();
      assert.equal(first?.['policy'], 'file');
    });

    it('Anna inserts her card and logs in with the PIN that she types', async () => {
      await desk.stack.insert('anna');
      const read = async () => (await desk.kortbro('status')).output.includes(nameOf('anna'));
      await until(read, 20_000, 'her card is not read');
      assert.deepEqual(await logIn(0, cardHolders.anna.pin), isIn('anna'));
      assert.deepEqual(live(), [`${nameOf('anna')} at journal`]);
    });

    it('the next site asks for nothing', async () => {
      assert.deepEqual(await logIn(1), isIn('anna'));
      assert.equal(live().length, 2);
    });

    it('she signs: the window shows her the document, her PIN is typed once more, and openssl verifies the signature', async () => {
      const page = await browser.tab(origin(0));
      const text = 'Recept: Exempelmedicin 5 mg, en tablett till natten';
      const document = { name: 'Recept.txt', type: 'text/plain', content: text };
      const before = await desk.stack.operations('anna');
      // What the loader of the tests puts into functions.
      await page.evaluate('globalThis.__name = (named) => named');
      const ending = sign(page, [document], { type: 'cms', attached: false });
      const refused = ending.then((end) => assert.fail(`no window comes: ${JSON.stringify(end)}`));
      const consent = await Promise.race([consentWindow(browser.context), refused]);
      assert.equal((await consent.locator('#origin').innerText()).trim(), origin(0));
      assert.ok((await consent.locator('#frame').innerText()).includes(text));
      await consent.click('#sign');
      await desk.typePin(cardHolders.anna.pin);
      const signed = await ending;
      assert.ok('documents' in signed, JSON.stringify(signed));
      const [entry] = signed.documents;
      assert.ok(entry !== undefined && 'signature' in entry, JSON.stringify(entry));
      const cms = Buffer.from(entry.signature, 'hex');
      const signer = cards.anna.keys.find(({ kind }) => kind === 'signature')?.certificate;
      assert.deepEqual(Buffer.from(partsOf(cms).certificates[0] ?? []), Buffer.from(signer ?? []));
      const verdict = opensslCms(cms, signersAuthorities, Buffer.from(text));
      assert.ok(verdict.accepted, verdict.output);
      assert.equal(opensslCms(cms, signersAuthorities, Buffer.from(`${text}!`)).accepted, false);
      // By the key for signatures, once; the keys for login were not used.
      const { signatures } = await desk.stack.operations('anna');
      assert.deepEqual(
        signatures.map((count, key) => count - (before.signatures[key] ?? 0)),
        cards.anna.keys.map(({ kind }) => (kind === 'signature' ? 1 : 0)),
      );
    });

    it('she pulls the card: the servers end both sessions, once, and the browser shows it', async () => {
      await desk.stack.remove();
      await until(() => live().length === 0, 10_000, 'a session lives on');
      for (const index of [0, 1])
        await until(() => browser.loggedOutTab(origin(index)) !== undefined, 10_000, 'the tab stays');
      const ends = record.sessions.map(({ ends: list, calls }) => [list.map(({ reason: why }) => why), calls]);
      assert.deepEqual(ends, [
        [['card-removed'], 1],
        [['card-removed'], 1],
      ]);
    });

    it("a colleague's card asks for the colleague's PIN; a wrong one is told, and not sent twice", async () => {
      await desk.stack.insert('bertil');
      const read = async () => (await desk.kortbro('status')).output.includes(nameOf('bertil'));
      await until(read, 20_000, 'his card is not read');
      assert.deepEqual(await logIn(0, '000000'), { code: 'ERR_PIN_WRONG' });
      assert.equal((await desk.stack.pinState('bertil')).triesLeft, 2);
      assert.deepEqual(await logIn(0, cardHolders.bertil.pin), isIn('bertil'));
    });

    it('the next version is installed while everything runs: settings stay, nobody is logged out, PIN-SSO ends', async () => {
      const version = productVersion.replace(/\d+$/, (patch) => String(Number(patch) + 1));
      next = join(desk.directory, 'next.msi');
      buildMsi({ files: packedFiles, outfile: next, version, extensionId, icon: productIcon(), date: 0 });
      assert.equal(await desk.msiexec('/i', windowsPath(next)), 0);
      const { output } = await desk.run(['reg', 'query', 'HKLM\\SOFTWARE\\Kortbro']);
      assert.match(output, new RegExp(`Version\\s+REG_SZ\\s+${version.replaceAll('.', '\\.')}`));
      assert.ok(output.includes(policy), output);
      const answers = async () => {
        const page = await browser.tab(origin(1));
        return (
          (await page.evaluate<string | undefined>('kortbro.status().then(({ agent }) => agent, () => undefined)')) !==
          undefined
        );
      };
      await until(answers, 40_000, 'the browser does not find the new version');
      assert.deepEqual(live(), [`${nameOf('bertil')} at journal`]);
      const read = async () => (await desk.kortbro('status')).output.includes(nameOf('bertil'));
      await until(read, 20_000, 'his card is not read');
      assert.deepEqual(await logIn(1, cardHolders.bertil.pin), isIn('bertil'));
    });

    it('uninstalled, it leaves no file, no key and no program that runs', async () => {
      await browser.close();
      assert.equal(await desk.msiexec('/x', windowsPath(next)), 0);
      assert.notEqual((await desk.run(['cmd', '/c', 'dir', installed])).status, 0);
      for (const key of [
        'HKLM\\SOFTWARE\\Kortbro',
        'HKLM\\SOFTWARE\\Google',
        'HKLM\\SOFTWARE\\Microsoft\\Edge',
        'HKLM\\SOFTWARE\\Chromium',
      ])
        assert.notEqual((await desk.run(['reg', 'query', key])).status, 0, `${key} is left`);
      const { output: running } = await desk.run(['tasklist']);
      assert.doesNotMatch(running, /kortbro/i);
    });
  },
);

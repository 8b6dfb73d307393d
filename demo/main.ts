// `npm run demo`: the two sites of a demonstration clinic, a card, and a browser to use them in. Everything of it lies in a
// directory of its own and is gone when it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { writeFileSync } from 'node:fs';
import { startControlPage } from './control-page.ts';
import { prepareProfile, browserEnvironment } from './chromium.ts';
import { parseDemoArguments, usage, type DemoArguments } from './demo-arguments.ts';
import { cardHolders, cardNames } from './demo-cards.ts';
import { startHarness, type Harness } from './harness.ts';
import { pkcs11Card } from './pkcs11-card.ts';
import { simulatedCards } from './simulated-card.ts';
import { journal, recept } from './sites/site-definition.ts';
import { loginStory } from './login-story.ts';
import { removalStory } from './removal-story.ts';
import { signingStory } from './signing-story.ts';
import { closingStep, Visitor } from './story.ts';
import { pictureKeeper, walkStory } from './story-report.ts';
import { readTrustFile } from './trust-file.ts';

const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

function say(words: string): void {
  process.stdout.write(`${words}\n`);
}

async function main(): Promise<number> {
  let options: DemoArguments;
  try {
    options = parseDemoArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return exitCodes.usage;
  }
  if (!options.headless && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    process.stderr.write(
      'There is no display here. Without one the demonstration can walk by itself:\n  npm run demo -- --headless --report demo-report.json\n',
    );
    return exitCodes.usage;
  }
  const interrupted = new Promise<number>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => stop(exitCodes.interrupted));
    }
  });
  const { card, control } = options;
  const harness = await startHarness({
    card: (cards, directory) =>
      card.kind === 'simulated' ? simulatedCards(directory, cards) : pkcs11Card(card.module, control),
    sites: [
      {
        definition: journal,
        policy: { access: 'silent', minimumAssuranceLevel: journal.minimumLevel, signing: { documents: 5 } },
      },
      { definition: recept, policy: { access: 'silent', minimumAssuranceLevel: recept.minimumLevel } },
    ],
    scripted: options.headless,
    headless: options.headless,
    language: options.language,
    ...(options.dist === undefined ? {} : { dist: resolve(options.dist) }),
    ...(options.pki === undefined ? {} : { pkiDirectory: resolve(options.pki) }),
    ...(options.trust === undefined ? {} : { trust: readTrustFile(resolve(options.trust)) }),
  });
  try {
    if (!options.headless) return await showPeople(harness, options.language, interrupted);
    return await Promise.race([walkAlone(harness, resolve(options.report)), interrupted]);
  } finally {
    await harness.stop();
  }
}

/** Headless: the stories, their report and their pictures. */
async function walkAlone(harness: Harness, reportFile: string): Promise<number> {
  const visitor = new Visitor(harness, pictureKeeper(reportFile));
  const steps = [...loginStory(visitor), ...removalStory(visitor), ...signingStory(visitor), closingStep(visitor)];
  const report = await walkStory(steps, ({ name, ok, ms, reason }) =>
    say(`${ok ? 'ok    ' : 'FAILED'} ${name} (${ms} ms)${reason === undefined ? '' : `\n       ${reason}`}`),
  );
  writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  say(`report: ${reportFile}`);
  return report.steps.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

/** On a screen: sites, control page and a browser, until it is closed or `interrupted` settles. */
async function showPeople(harness: Harness, language: 'sv' | 'en', interrupted: Promise<number>): Promise<number> {
  const sites = [...harness.sites.values()];
  const control = await startControlPage(harness.card, sites);
  const profile = join(harness.directory.make('profiles'), 'demo');
  prepareProfile(profile, harness.directory.dist);
  const browser = spawn(
    harness.browserProgram,
    [
      ...harness.browserArguments,
      // Chrome and Edge take --load-extension only with this.
      '--disable-features=DisableLoadExtensionCommandLineSwitch',
      // No bar about the switches above.
      '--test-type',
      `--user-data-dir=${profile}`,
      control.origin,
      ...sites.map(({ origin }) => `${origin}/`),
    ],
    { env: browserEnvironment(harness.environment, language), stdio: 'ignore', detached: true },
  );
  instruct(harness, control.origin);
  try {
    return await Promise.race([ended(browser), interrupted]);
  } finally {
    if (browser.pid !== undefined && browser.exitCode === null) {
      browser.kill('SIGTERM');
      await ended(browser);
    }
    await control.stop();
  }
}

function instruct({ card, sites }: Harness, control: string): void {
  say(`The demonstration clinic is open (${card.title}).\n`);
  for (const { definition, origin } of sites.values()) say(`  ${definition.title.en.padEnd(16)} ${origin}/`);
  say(`  ${'Cards and reader'.padEnd(16)} ${control}/\n`);
  if (card.controlled) {
    say(
      '1. On "Cards and reader", insert a card. 2. Log in to both sites: the PIN is asked once. 3. In the records, sign a',
    );
    say(
      '   certificate, a decision or five prescriptions: the PIN for signatures is asked each time. 4. Pull the card: both',
    );
    say("   tabs and both servers log you out. 5. Insert a colleague's card and go to the same site.\n");
    for (const name of cardNames) {
      const { person, pin, signaturePin } = cardHolders[name];
      say(`  ${`${person.givenName} ${person.surname}`.padEnd(16)} PIN ${pin}, for signatures ${signaturePin}`);
    }
  } else say('Insert your card, log in to both sites, pull the card: both tabs and both servers log you out.');
  say('\nClose the browser or press Ctrl-C to end; nothing is left behind.');
}

function ended(browser: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    if (browser.exitCode !== null || browser.signalCode !== null) resolve(exitCodes.ok);
    browser.once('exit', () => resolve(exitCodes.ok));
    browser.once('error', reject);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitCodes.failed);
  },
);

// Everything that a demonstration consists of, put together and taken apart again: a private directory, policy, agent,
// sites, and browsers that run by program. `npm run demo` and the browser tests are told on top of it.
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type Page } from 'playwright-core';
import { developmentPolicyVariable } from '../shared/names.ts';
import { type CardDriver } from './card-driver.ts';
import { browserArguments, browserEnvironment, findChromium, prepareProfile } from './chromium.ts';
import { demoAgent, isAlive, until, type DemoAgent } from './demo-agent.ts';
import { issueDemoCards, type DemoCards } from './demo-cards.ts';
import { makeDemoDirectory, processesOf, type DemoDirectory, type DemoProcess } from './demo-directory.ts';
import { demoPolicy, writePolicy, type PolicyFile } from './demo-policy.ts';
import { launchChromium } from './launch-chromium.ts';
import { openPkiDirectory, pemCertificate } from './pki/pki-directory.ts';
import { spkiSha256, type TestPki } from './pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from './pki/policies.ts';
import { PinentryScript } from './pinentry-script.ts';
import { askSite } from './sites/site-health.ts';
import { type SiteDefinition } from './sites/site-definition.ts';
import { loggedOutTab, siteTab } from './tabs.ts';
import { startSite, type Site, type SiteState, type SiteTrust } from './sites/site-server.ts';

/** A site to start, and its entry in the policy. Without an entry it is a stranger: the holder is asked. */
export interface HarnessSite {
  readonly definition: SiteDefinition;
  readonly policy?: Omit<NonNullable<PolicyFile['sites']>[number], 'origin'>;
}

export interface HarnessOptions {
  /** Makes whoever plays the card; called once the cards are known. `directory` is one of its own. */
  readonly card: (cards: DemoCards, directory: string) => CardDriver | Promise<CardDriver>;
  readonly sites: readonly HarnessSite[];
  /** Whether the PIN is asked by script; else by the system's own pinentry, on the screen. */
  readonly scripted: boolean;
  readonly headless: boolean;
  readonly language?: 'sv' | 'en';
  /** Where the test PKI is kept; default: made anew in the run's directory. */
  readonly pkiDirectory?: string;
  /** Who the card's issuers are; default: the test PKI. */
  readonly trust?: SiteTrust & { readonly policyLevels: NonNullable<PolicyFile['assuranceLevels']> };
  /** Further settings of the policy. */
  readonly policy?: PolicyFile;
  /** The built product; default: dist/. */
  readonly dist?: string;
}

/** One browser profile. */
export interface Profile {
  readonly context: BrowserContext;
  /** The tab of a site, in front; opened when there is none. */
  page(site: string): Promise<Page>;
  /** The tab in which the extension says that its visitor is logged out of the site, in front. @throws Error when none comes */
  loggedOutPage(site: string): Promise<Page>;
  close(): Promise<void>;
}

export interface Harness {
  readonly directory: DemoDirectory;
  readonly environment: Readonly<Record<string, string>>;
  readonly agent: DemoAgent;
  readonly card: CardDriver;
  readonly sites: ReadonlyMap<string, Site>;
  readonly browserProgram: string;
  /** For a browser that is not run by program. */
  readonly browserArguments: readonly string[];
  /** @throws Error when the PIN is not asked by script */
  readonly pinentry: PinentryScript;
  site(name: string): Site;
  /** What the site's server knows. */
  ask(site: string): Promise<SiteState>;
  openProfile(name: string): Promise<Profile>;
  /** Every process of this run. */
  processes(): DemoProcess[];
  /** Ends everything in order, by process id, and removes the directory. @throws Error naming what would not end */
  stop(): Promise<void>;
}

/** Starts a run: the agent is reached and the sites answer when it settles. No browser yet, no card in. */
export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const { scripted, headless, language = 'sv' } = options;
  const directory = makeDemoDirectory(options.dist ?? fileURLToPath(new URL('../dist', import.meta.url)));
  const stops: (() => Promise<void> | void)[] = [() => directory.remove()];
  try {
    const pki = await openPkiDirectory(options.pkiDirectory ?? join(directory.path, 'pki'), { keyKind: 'ec-p256' });
    const card = await options.card(await issueDemoCards(pki), directory.make('cards'));
    stops.push(() => card.stop());
    const names = options.sites.map(({ definition }) => `${definition.name}.localhost`);
    const tls = await pki.pki.issueServer(names);
    const sites = new Map<string, Site>();
    stops.push(async () => {
      await Promise.all([...sites.values()].map((site) => site.stop()));
    });
    for (const { definition } of options.sites) {
      const site = await startSite({
        definition,
        tls: {
          key: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          cert: pemCertificate(tls.certificate),
        },
        trust: options.trust ?? trustIn(pki.pki),
        pageModule: join(directory.dist, 'page/kortbro.js'),
      });
      sites.set(definition.name, site);
    }
    const pinentry = scripted ? new PinentryScript(directory.make('pinentry')) : undefined;
    if (pinentry !== undefined) stops.push(() => pinentry.close());
    const policyPath = join(directory.path, 'policy.json');
    const environment = {
      ...directory.environment(headless),
      ...card.environment,
      ...pinentry?.environment,
      [developmentPolicyVariable]: policyPath,
    };
    const listed = options.sites.flatMap(({ definition, policy }) =>
      policy === undefined ? [] : [{ ...policy, origin: sites.get(definition.name)?.origin ?? '' }],
    );
    const authorities = join(directory.path, 'authorities.pem');
    const authority = pemCertificate(pki.pki.tlsRoot);
    writeFileSync(authorities, authority, { mode: 0o600 });
    const program = scripted ? copyPinentry(directory) : undefined;
    const policy = demoPolicy({ sites: listed, source: card.source, pinentry: program, authorities });
    writePolicy(policyPath, {
      ...policy,
      ...(options.trust && { assuranceLevels: options.trust.policyLevels }),
      ...options.policy,
      logout: { ...policy.logout, ...options.policy?.logout },
    });
    const agent = demoAgent(join(directory.dist, 'agent/main.js'), environment);
    stops.push(() => endProcesses(directory.path));
    stops.push(async () => {
      // A native host would start the agent again.
      const hosts = () => processesOf(directory.path).filter(({ part }) => part === 'native-host');
      await until(() => hosts().length === 0, 5_000, 'a native host does not end').catch(() => undefined);
      await agent.stop();
    });
    await agent.start();

    const siteNamed = (name: string): Site => {
      const site = sites.get(name);
      if (site === undefined) throw new Error(`there is no site ${name}`);
      return site;
    };
    const place = { dist: directory.dist, siteKeys: [spkiSha256(tls.publicKey)], language };
    const browser = findChromium();
    return {
      directory,
      environment,
      agent,
      card,
      sites,
      browserProgram: browser,
      browserArguments: browserArguments(place),
      get pinentry() {
        if (pinentry === undefined) throw new Error('the PIN is not asked by script');
        return pinentry;
      },
      site: siteNamed,
      ask: (name) => askSite(siteNamed(name), authority),
      processes: () => processesOf(directory.path),
      openProfile: async (name) => {
        const profile = join(directory.make('profiles'), name);
        prepareProfile(profile, directory.dist);
        const context = await launchChromium(profile, {
          executablePath: browser,
          headless,
          args: browserArguments(place),
          ignoreDefaultArgs: ['--disable-extensions', '--lang=en-US'],
          env: browserEnvironment(environment, language),
          locale: language === 'sv' ? 'sv-SE' : 'en-GB',
          viewport: { width: 1000, height: 700 },
          handleSIGINT: false,
          handleSIGTERM: false,
          handleSIGHUP: false,
        });
        context.setDefaultTimeout(10_000);
        stops.push(() => context.close());
        return {
          context,
          close: () => context.close(),
          page: (site) => siteTab(context, siteNamed(site)),
          loggedOutPage: (site) => loggedOutTab(context, siteNamed(site)),
        };
      },
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops).catch(() => undefined);
    throw error;
  }
}

function trustIn({ root, issuers }: TestPki): SiteTrust {
  return {
    roots: [root],
    trustedIssuers: [
      { certificate: issuers.hsaId3, assuranceLevel: 3 },
      { certificate: issuers.hsaId2, assuranceLevel: 2 },
      { certificate: issuers.id3, assuranceLevel: 3 },
      { certificate: issuers.id2, assuranceLevel: 2 },
    ],
    assuranceLevels: TEST_ASSURANCE_LEVELS,
  };
}

/** A copy in the run's directory, as with everything else that runs. */
function copyPinentry(directory: DemoDirectory): string {
  const program = join(directory.path, 'scripted-pinentry');
  copyFileSync(fileURLToPath(new URL('scripted-pinentry', import.meta.url)), program);
  // Whatever the checkout's own mode: the agent runs no program that its group could change.
  chmodSync(program, 0o700);
  return program;
}

/** Waits until every process of the run has ended; what does not is ended, and told. */
async function endProcesses(path: string): Promise<void> {
  const left = () => processesOf(path);
  try {
    await until(() => left().length === 0, 5_000, 'left over');
  } catch {
    const stubborn = left();
    for (const { processId } of stubborn) if (isAlive(processId)) process.kill(processId, 'SIGKILL');
    const names = stubborn.map(({ part, processId }) => `${part} ${processId}`).join(', ');
    if (names !== '') throw new Error(`these processes did not end by themselves: ${names}`);
  }
}

/** In the opposite order; all of them, whatever comes of one. Once. */
async function stopAll(stops: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

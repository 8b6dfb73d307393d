// The world of a removal run: the real agent, two Chromium profiles, three sites that keep a record, a card. What people do in
// it: put a card in, log in, answer a dialog, pull the card. What has come of it is judged in judgement.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browserArguments } from '../../demo/chromium.ts';
import { until } from '../../demo/demo-agent.ts';
import { cardHolders, type CardName } from '../../demo/demo-cards.ts';
import { startHarness, type Harness } from '../../demo/harness.ts';
import { openPkiDirectory, pemCertificate } from '../../demo/pki/pki-directory.ts';
import { spkiSha256, type TestPki } from '../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import { startHost } from '../bench/bench-host.ts';
import { BrowserProfile } from './browser-profile.ts';
import { startRemovalCard, type RemovalCard, type RemovalCardKind } from './removal-card.ts';
import { SiteRecord } from './site-record.ts';
import { startWatchedSite, type WatchedSite, type WatchedSiteOptions } from './watched-site.ts';

/** How a login ended, as the page has it. */
export type LoginOutcome = { name: string } | { code: string };

const pageGone: LoginOutcome = { code: 'the page is gone' };

/**
 * `journal` and `recept` may use the card without a question once the PIN is given, and `recept` is guarded; `labb` asks its
 * holder first; `jour` holds a lease of ten seconds.
 */
export const siteNames = ['journal', 'recept', 'labb', 'jour'] as const;
export type SiteName = (typeof siteNames)[number];

const registrations: Readonly<Record<SiteName, Pick<WatchedSiteOptions, 'guard' | 'leaseSeconds'>>> = {
  journal: {},
  recept: { guard: true },
  labb: {},
  jour: { leaseSeconds: 10 },
};

/** How long reader, service or session may be away, in seconds: more than any disturbance takes. */
const grace = 30;

export class RemovalWorld {
  readonly harness: Harness;
  readonly card: RemovalCard;
  readonly record: SiteRecord;
  readonly sites: Readonly<Record<SiteName, WatchedSite>>;
  readonly profiles: readonly [BrowserProfile, BrowserProfile];
  readonly #pkiDirectory: string;

  constructor(parts: Pick<RemovalWorld, 'harness' | 'card' | 'record' | 'sites' | 'profiles'>, pkiDirectory: string) {
    this.#pkiDirectory = pkiDirectory;
    ({
      harness: this.harness,
      card: this.card,
      record: this.record,
      sites: this.sites,
      profiles: this.profiles,
    } = parts);
  }

  get origins(): string[] {
    return siteNames.map((name) => this.sites[name].origin);
  }

  /** The card is in, and the agent has read it. */
  async insert(card: CardName, slowSignature?: number): Promise<void> {
    const before = Date.now();
    const isRead = () => this.audit().some(({ event, time }) => event === 'card-bound' && Date.parse(time) >= before);
    if (slowSignature === undefined) await this.card.insert(card);
    else await this.card.insertSlow(card, slowSignature);
    await until(isRead, 10_000, `the agent does not read ${card}'s card`);
  }

  /** Opens the site and starts a login there; nobody answers dialogs. */
  async press(profile: BrowserProfile, site: SiteName): Promise<{ outcome: Promise<LoginOutcome> }> {
    const page = await profile.tab(this.sites[site].origin);
    const outcome = page.evaluate<LoginOutcome>('logIn()').catch(() => pageGone);
    return { outcome };
  }

  /** Logs in as the holder of `card` does: gives the PIN, lets the site in. Afterwards the page shows who is in. */
  async logIn(profile: BrowserProfile, site: SiteName, card: CardName): Promise<LoginOutcome> {
    const { outcome } = await this.press(profile, site);
    let ended: LoginOutcome | undefined;
    void outcome.then((value) => (ended = value));
    const { pinentry } = this.harness;
    await until(
      async () => {
        if (ended !== undefined) return true;
        if (pinentry.unawaited().length === 0) return false;
        const { kind } = await pinentry.waitForDialog();
        pinentry.answer(kind === 'pin' ? `pin ${cardHolders[card].pin}` : 'ok');
        return false;
      },
      30_000,
      `a login at ${site} does not end`,
    );
    const said = await outcome;
    if ('name' in said) {
      const page = await profile.reloaded(this.sites[site].origin);
      // A tab that met the block is loaded anew by the extension too, perhaps just now.
      await page.evaluate('marked').catch(() => page.evaluate('marked'));
    }
    return said;
  }

  /**
   * A page that is taken away, by the logout of the one before, is opened again, as people do.
   * @throws Error when the login is refused, or another's
   */
  async mustLogIn(profile: BrowserProfile, site: SiteName, card: CardName): Promise<void> {
    let outcome: LoginOutcome = pageGone;
    for (let attempt = 0; attempt < 5 && outcome === pageGone; attempt++) {
      outcome = await this.logIn(profile, site, card);
    }
    if (!('name' in outcome)) throw new Error(`the login of ${card} at ${site} is refused: ${outcome.code}`);
    if (outcome.name !== nameOf(card)) throw new Error(`${card} logs in at ${site} as ${outcome.name}`);
  }

  /** The agent forgets the PIN, as at the holder's own wish. */
  async forgetPin(): Promise<void> {
    const host = await startHost(this.harness.directory.dist, this.harness.environment);
    try {
      await host.client.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    } finally {
      await host.client.end();
    }
  }

  /** @throws Error when there is none */
  get agentProcess(): number {
    const { processId } = this.harness.agent;
    if (processId === undefined) throw new Error('no agent');
    return processId;
  }

  /** Settles when an agent can be reached that is not `earlier`: a native host has started it. */
  async expectNewAgent(earlier: number): Promise<void> {
    const isNew = () => ![undefined, earlier].includes(this.harness.agent.processId);
    await until(isNew, 15_000, 'no new agent is started');
  }

  /** The agent's own log, the newest file of it: a line for each event, oldest first. */
  audit(): readonly { readonly time: string; readonly event: string; readonly origin?: string }[] {
    const log = join(this.harness.directory.path, 'state/kortbro/audit.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as { time: string; event: string; origin?: string });
  }

  async stop(): Promise<void> {
    for (const profile of this.profiles) await profile.close();
    await Promise.all(Object.values(this.sites).map((site) => site.stop()));
    await this.harness.stop();
    rmSync(this.#pkiDirectory, { recursive: true });
  }
}

/** Starts a world: both browsers are open, no card is in. */
export async function startRemovalWorld(kind: RemovalCardKind): Promise<RemovalWorld> {
  const pkiDirectory = mkdtempSync(join(tmpdir(), 'kortbro-pki-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(pkiDirectory, { recursive: true })];
  try {
    const { pki } = await openPkiDirectory(join(pkiDirectory, 'pki'), { keyKind: 'ec-p256' });
    const record = new SiteRecord();
    const tls = await pki.issueServer(siteNames.map((name) => `${name}.localhost`));
    const start = (name: SiteName) =>
      startWatchedSite({
        name,
        record,
        tls: {
          key: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          cert: pemCertificate(tls.certificate),
        },
        trust: trustIn(pki),
        ...registrations[name],
      });
    const [journal, recept, labb, jour] = await Promise.all([
      start('journal'),
      start('recept'),
      start('labb'),
      start('jour'),
    ]);
    const sites = { journal, recept, labb, jour };
    stops.push(async () => {
      await Promise.all(Object.values(sites).map((site) => site.stop()));
    });
    const authorities = join(pkiDirectory, 'tls-root.pem');
    writeFileSync(authorities, pemCertificate(pki.tlsRoot));
    const built: { card?: RemovalCard } = {};
    const harness = await startHarness({
      card: async (cards, directory) => (built.card = await startRemovalCard(kind, cards, directory)),
      sites: [],
      scripted: true,
      headless: true,
      pkiDirectory: join(pkiDirectory, 'pki'),
      policy: {
        sites: [
          { origin: journal.origin, access: 'silent' },
          { origin: recept.origin, access: 'silent' },
          { origin: labb.origin, access: 'ask' },
          { origin: jour.origin, access: 'silent' },
        ],
        logout: {
          authorities,
          grace: { readerSeconds: grace, serviceSeconds: grace, sessionSeconds: grace },
        },
      },
    });
    stops.push(() => harness.stop());
    if (built.card === undefined) throw new Error('no card');
    const words = browserArguments({
      dist: harness.directory.dist,
      siteKeys: [spkiSha256(tls.publicKey)],
      language: 'sv',
    });
    const profile = (name: string) =>
      new BrowserProfile({
        path: join(harness.directory.make('profiles'), name),
        dist: harness.directory.dist,
        words,
        environment: harness.environment,
      });
    const profiles = [profile('one'), profile('two')] as const;
    for (const one of profiles) await one.open();
    return new RemovalWorld({ harness, card: built.card, record, sites, profiles }, pkiDirectory);
  } catch (error) {
    for (const stop of stops.reverse()) await Promise.resolve(stop()).catch(() => undefined);
    throw error;
  }
}

export function nameOf(card: CardName): string {
  const { givenName, surname } = cardHolders[card].person;
  return `${givenName} ${surname}`;
}

export function trustIn({ root, issuers }: TestPki): WatchedSiteOptions['trust'] {
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

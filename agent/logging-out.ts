// Wires what follows a card's leaving: holders, visits, the agent's calls to sites, leases. Decides nothing itself.
import { join } from 'node:path';
import { type Clock } from '../shared/clock.ts';
import { limits } from '../shared/limits.ts';
import { type Policy } from '../shared/policy.ts';
import { type Announcer } from './announcer.ts';
import { type AuditEvent } from './audit/audit-event.ts';
import { reportHolder } from './card-news.ts';
import { type CardTable } from './cards/card-table.ts';
import { Holders } from './cards/holders.ts';
import { type EndpointServer } from './endpoint/endpoint-server.ts';
import { Deliveries } from './logout/deliveries.ts';
import { Leases } from './logout/leases.ts';
import { Logouts } from './logout/logouts.ts';
import { type SystemProxy } from './network/proxy.ts';
import { callSite, type SiteCall } from './logout/site-call.ts';
import { type TrustStore } from './network/trust-store.ts';
import { openVisitStore } from './logout/visit-store.ts';
import { type SessionUse } from './session-use.ts';

type Browsers = Pick<EndpointServer, 'send' | 'profiles'>;

/** What is wired from the rest of the agent. */
export interface LoggingOutParts {
  clock: Clock;
  /** The agent's own directory for what outlives it. */
  directory: string;
  cards: CardTable;
  session: () => SessionUse;
  policy: () => Policy;
  announcer: Pick<Announcer, 'announce'>;
  audit: (event: AuditEvent) => void;
  /** How the agent's calls reach sites. */
  systemProxy: SystemProxy;
  trust: TrustStore;
  lockWorkstation: () => Promise<boolean>;
}

/** What the rest of the agent uses. `start` when browsers can be told; `stop` makes the calls that are owed, for a moment. */
export interface LoggingOut {
  holders: Holders;
  logouts: Logouts;
  look: () => void;
  /** The session is in use again, perhaps after a sleep in which every timer stood still. */
  resumed: () => void;
  policyChanged: () => void;
  start: (browsers: Browsers) => void;
  stop: () => Promise<void>;
}

/** How long the agent's end may wait for calls that are owed, in milliseconds. */
const lastCalls = 2_000;

/** Puts the parts together and takes up what the agent before this one left. */
export function startLoggingOut(parts: LoggingOutParts): LoggingOut {
  const { clock, cards, session, policy, audit, systemProxy, trust } = parts;
  const now = () => Date.now();
  const longestRead = () => policy().card.operationSeconds * 1000;
  let browsers: Browsers | undefined;
  const store = openVisitStore(join(parts.directory, 'visits'));
  if (store.broken > 0) audit({ event: 'visits-broken', files: store.broken });

  const holders = new Holders(
    clock,
    () => ({
      service: cards.serviceRunning ? 'running' : 'stopped',
      session: session(),
      readers: cards.sights,
    }),
    // A card may be read a second time before it counts as another's. Before the first has been read, nobody knows how slow they are.
    () => Math.max(limits.identifyTime, cards.readingTime === undefined ? longestRead() : 3 * cards.readingTime),
    (holder, before) => {
      logouts.review();
      reportHolder(holder, before, parts.announcer);
    },
  );

  const call = (siteCall: SiteCall, signal: AbortSignal) =>
    callSite(siteCall, { clock, trust, policy: policy(), systemProxy }, signal);
  const deliveries = new Deliveries({
    clock,
    now,
    call,
    settled: (id, { outcome }) => logouts.called(id, outcome),
  });
  const leases = new Leases({
    clock,
    call,
    isPresent: (id) => logouts.mayRenew(id),
    // The server has lost or ended the session. The logout is called all the same: better told twice than not at all.
    over: () => undefined,
  });
  const logouts: Logouts = new Logouts({
    clock,
    now,
    policy,
    presence: (holder) => holders.presence(holder),
    store: { found: store.found, save: saved },
    browsers: {
      isConnected: (profile) => browsers?.profiles.has(profile) ?? false,
      send: (profile, message) => browsers?.send(profile, message),
    },
    calls: deliveries,
    leases,
    lockWorkstation: () => void parts.lockWorkstation().then((done) => audit({ event: 'workstation-locked', done })),
    audit,
  });
  for (const { holder, origin, reader } of logouts.open) holders.restore(holder, origin, reader);

  function saved(...visits: Parameters<typeof store.save>): boolean {
    const done = store.save(...visits);
    if (!done) audit({ event: 'visits-unsaved' });
    return done;
  }

  return {
    holders,
    logouts,
    look: () => {
      holders.look();
      for (const reader of holders.undecided) cards.lookOnceMore(reader);
    },
    resumed: () => logouts.renewLeases(),
    policyChanged: () => {
      logouts.review();
      for (const profile of browsers?.profiles ?? []) browsers?.send(profile, logouts.message(profile));
    },
    start: (those) => {
      browsers = those;
      logouts.resume();
    },
    stop: async () => {
      leases.stopAll();
      logouts.hurry();
      await deliveries.drain(lastCalls);
      deliveries.stop();
      store.close();
    },
  };
}

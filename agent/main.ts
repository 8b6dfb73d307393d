// The agent of one OS session: puts the parts together, starts them in order, ends them in order. Decides nothing itself.
import { join } from 'node:path';
import { type Clock } from '../shared/clock.ts';
import { defaultPolicy } from '../shared/policy.ts';
import { productVersion } from '../shared/names.ts';
import { Announcer } from './announcer.ts';
import { type AuditEvent } from './audit/audit-event.ts';
import { openAuditLog } from './audit/audit-log.ts';
import { type BoundToken } from './cards/bound-token.ts';
import { reportCard } from './card-news.ts';
import { CardTable } from './cards/card-table.ts';
import { startCardSources } from './card-sources.ts';
import { dispatch } from './endpoint/dispatch.ts';
import { startEndpoint } from './endpoint/endpoint-server.ts';
import { startLoggingOut } from './logging-out.ts';
import { lockFile } from './native/file-lock.ts';
import { watchSession, type SessionSnapshot } from './native/session-events.ts';
import { agentState } from './operations/agent-state.ts';
import { TrustStore } from './network/trust-store.ts';
import { type OperationContext } from './operations/context.ts';
import { lockCard } from './operations/end-pin-sso.ts';
import { DocumentBudget } from './operations/sign/document-store.ts';
import { DialogQueue } from './pin/dialog-queue.ts';
import { PinSso } from './pin/pin-sso.ts';
import { sessionUse, type SessionUse } from './session-use.ts';
import { hardenProcess } from './start-up.ts';
import { linuxSystem } from './system-linux.ts';
import { windowsSystem } from './system-windows.ts';

const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

async function main(): Promise<void> {
  hardenProcess();
  const system = process.platform === 'win32' ? windowsSystem(process.env) : linuxSystem(process.env);
  const directory = system.sessionDirectory();
  const instance = lockFile(join(directory, 'instance.lock'));
  if (instance === undefined) return;

  const log = openAuditLog(system.stateDirectory);
  let policy = system.policy.load();
  // A file that is broken later on loosens nothing: the limits of the last good one hold.
  let lastGood = policy.ok ? policy.policy : defaultPolicy;
  log.write({ event: 'agent-started', version: productVersion, policy: policy.ok ? policy.source : 'invalid' });
  const notePolicy = () => {
    if (!policy.ok) log.write({ event: 'policy-refused', line: policy.line, reason: policy.reason });
  };
  notePolicy();
  const policyWatch = system.policy.watch(() => {
    policy = system.policy.load();
    if (policy.ok) lastGood = policy.policy;
    notePolicy();
    pinSso.limitsChanged();
    loggingOut.policyChanged();
  });

  let session: SessionUse = 'active';
  const audit = (event: AuditEvent) => log.write(event);
  const cards: CardTable = new CardTable(clock, (change) => reportCard(change, loggingOut.look, announcer, audit));
  const locking = new Set<Promise<void>>();
  const pinSso = new PinSso<BoundToken>(
    clock,
    () => lastGood.pin,
    (token, reason, sites) => {
      audit({ event: 'pin-sso-ended', token: token.fingerprint, reason });
      const locked = lockCard(cards, token, reason);
      locking.add(locked);
      void locked.finally(() => locking.delete(locked));
      announcer.announce('pin-sso-ended', sites);
    },
  );
  const { systemProxy } = system;
  const trust = new TrustStore({
    system: system.systemAuthorities,
    unreadable: () => audit({ event: 'authorities-unreadable' }),
    trust: system.policy.trust,
  });
  const loggingOut = startLoggingOut({
    clock,
    directory: system.stateDirectory,
    cards,
    session: () => session,
    policy: () => lastGood,
    announcer: { announce: (name, sites) => announcer.announce(name, sites) },
    audit,
    systemProxy,
    trust,
    lockWorkstation: system.lockWorkstation,
  });
  const context: OperationContext = {
    clock,
    today: () => new Date(),
    policy: () => policy,
    cards,
    pinSso,
    dialogs: new DialogQueue(clock),
    consents: new DialogQueue(clock),
    holders: loggingOut.holders,
    logouts: loggingOut.logouts,
    documents: new DocumentBudget(),
    authorities: { clock, trust, systemProxy, fileTrust: system.policy.trust },
    changed: () => announcer.announce('changed', []),
    suspended: () => session !== 'active',
    audit: (event) => {
      audit(event);
      if (event.event === 'pin-sso-started') announcer.announce('pin-sso-started', []);
    },
    environment: process.env,
  };
  const announcer: Announcer = new Announcer(() => agentState(context));

  const endpoint = await startEndpoint(directory, clock, {
    answer: (asker, request, signal, channel) => dispatch(context, asker, request, signal, channel),
    greet: (profile) => [announcer.snapshot(), ...(profile === '' ? [] : [loggingOut.logouts.message(profile)])],
    logoutStep: (profile, visit, step) => loggingOut.logouts.step(profile, visit, step),
    openDoor: system.openDoor,
    isOwnUser: system.isOwnUser,
    audit,
    lost: stop,
  });
  announcer.connect((message) => endpoint.broadcast(message));
  loggingOut.start(endpoint);
  const { tokens, card } = lastGood;
  const stopSources = startCardSources(tokens, card.operationSeconds * 1000, cards, audit);
  const sessionWatch = watchSession(sessionChanged);

  function sessionChanged(snapshot: SessionSnapshot): void {
    const before = session;
    session = sessionUse(snapshot, before);
    if (session !== before) {
      audit({ event: 'session', state: session });
      if (session !== 'active') pinSso.endAll('session-locked');
      cards.setSuspended(session !== 'active');
      loggingOut.look();
      if (session === 'active') loggingOut.resumed();
    }
    if (snapshot.ended) stop();
  }

  let stopping = false;
  function stop(): void {
    if (stopping) return;
    stopping = true;
    void stopAll().finally(() => process.exit(0));
  }

  async function stopAll(): Promise<void> {
    pinSso.endAll('agent-stopped');
    policyWatch.stop();
    await Promise.race([Promise.allSettled(locking), new Promise((resolve) => setTimeout(resolve, 2000))]);
    await stopSources();
    await loggingOut.stop();
    await endpoint.stop();
    log.write({ event: 'agent-stopped' });
    instance?.release();
    // Last: at the end of a session Windows waits for it.
    sessionWatch?.stop();
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
}

void main();

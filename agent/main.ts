// The agent of one OS session: puts the parts together, starts them in order, ends them in order. Decides nothing itself.
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex } from 'node:stream';
import { type Clock } from '../shared/clock.ts';
import { defaultPolicy } from '../shared/policy.ts';
import { type AgentMessage, type EventName } from '../shared/messages.ts';
import { developmentPolicyVariable, policyPath, productVersion } from '../shared/names.ts';
import { openAuditLog } from './audit/audit-log.ts';
import { type BoundToken } from './cards/bound-token.ts';
import { CardTable, type CardChange } from './cards/card-table.ts';
import { startCardSources } from './card-sources.ts';
import { dispatch } from './endpoint/dispatch.ts';
import { prepareEndpointDirectory } from './endpoint/endpoint-directory.ts';
import { startEndpoint } from './endpoint/endpoint-server.ts';
import { lockFile } from './native/file-lock.ts';
import { peerCredentials } from './native/peer-credentials.ts';
import { watchSession, type SessionSnapshot } from './native/session-events.ts';
import { agentState } from './operations/agent-state.ts';
import { type OperationContext } from './operations/context.ts';
import { lockCard } from './operations/end-pin-sso.ts';
import { DialogQueue } from './pin/dialog-queue.ts';
import { PinSso } from './pin/pin-sso.ts';
import { Visitors } from './pin/visitors.ts';
import { loadPolicy, watchPolicyFile } from './policy/policy-file.ts';
import { hardenProcess } from './start-up.ts';

/** Causes of a card's leaving that end its holder's visits; the others only suspend PIN-SSO. */
const removals: readonly string[] = ['card', 'replaced', 'mute'];

const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

async function main(): Promise<void> {
  hardenProcess();
  const userId = process.getuid?.() ?? 0;
  const directory = prepareEndpointDirectory({ environment: process.env, userId, temporaryDirectory: tmpdir() });
  const instance = lockFile(join(directory, 'instance.lock'));
  if (instance === undefined) return;

  const log = openAuditLog(join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'kortbro'));
  const path = policyFile();
  const owner = path === policyPath ? 0 : undefined;
  let policy = loadPolicy(path, owner);
  log.write({ event: 'agent-started', version: productVersion, policy: policy.ok ? policy.source : 'invalid' });
  const notePolicy = () => {
    if (!policy.ok) log.write({ event: 'policy-refused', line: policy.line, reason: policy.reason });
  };
  notePolicy();
  const policyWatch = watchPolicyFile(path, () => {
    policy = loadPolicy(path, owner);
    notePolicy();
  });

  let suspended = false;
  let sequence = 0;
  const visitors = new Visitors();
  const cards = new CardTable(clock, cardChanged);
  const limitsInForce = () => (policy.ok ? policy.policy : defaultPolicy).pin;
  const pinSso = new PinSso<BoundToken>(clock, limitsInForce, (token, reason, sites) => {
    log.write({ event: 'pin-sso-ended', token: token.fingerprint, reason });
    locking.add(lockCard(cards, token, reason));
    announce('pin-sso-ended', sites);
  });
  const locking = new Set<Promise<void>>();
  const context: OperationContext = {
    clock,
    today: () => new Date(),
    policy: () => policy,
    cards,
    pinSso,
    dialogs: new DialogQueue(clock),
    visitors,
    suspended: () => suspended,
    audit: (event) => {
      log.write(event);
      if (event.event === 'pin-sso-started') announce('pin-sso-started', []);
    },
    environment: process.env,
  };

  const snapshot = (): AgentMessage => ({ type: 'snapshot', sequence, state: agentState(context) });
  const endpoint = await startEndpoint(directory, clock, {
    answer: (peer, request, signal) => dispatch(context, peer, request, signal),
    snapshot,
    isOwnUser: (stream) => peerCredentials(fileDescriptor(stream)).uid === userId,
    audit: (event) => log.write(event),
  });
  let lastState = '';
  const announce = (name: EventName, origins: string[]) => {
    const state = agentState(context);
    const text = JSON.stringify(state);
    if (name === 'changed' && text === lastState) return;
    lastState = text;
    endpoint.broadcast({ type: 'event', sequence: ++sequence, name, origins, state });
  };
  const { tokens, card } = policy.ok ? policy.policy : defaultPolicy;
  const stopSources = startCardSources(tokens, card.operationSeconds * 1000, cards, (event) => log.write(event));
  const sessionWatch = watchSession(sessionChanged);

  function cardChanged(change: CardChange): void {
    if (change.kind === 'left') {
      const removed = removals.includes(change.cause);
      for (const token of change.tokens)
        pinSso.end(token, change.cause === 'replaced' ? 'card-changed' : 'card-removed');
      log.write({ event: 'card-removed', reader: change.reader });
      announce(removed ? 'card-removed' : 'changed', removed ? visitors.sites : []);
    } else if (change.kind === 'bound') {
      log.write({
        event: 'card-bound',
        reader: change.reader,
        tokens: change.tokens.length,
        milliseconds: change.milliseconds,
      });
      announce('card-inserted', visitors.sites);
    } else if (change.kind === 'came') {
      log.write({ event: 'card-inserted', reader: change.reader });
    } else {
      if (change.kind === 'unreadable') {
        const native = change.native === undefined ? {} : { native: change.native };
        log.write({ event: 'card-unreadable', reader: change.reader, code: change.code, ...native });
      }
      if (change.kind === 'service') log.write({ event: 'service', state: change.running ? 'running' : 'stopped' });
      announce('changed', []);
    }
  }

  function sessionChanged(session: SessionSnapshot): void {
    const now = session.locked === true || session.active === false || session.suspending || session.ended;
    if (now !== suspended) {
      suspended = now;
      log.write({ event: 'session', state: now ? 'suspended' : 'active' });
      if (now) pinSso.endAll('session-locked');
      cards.setSuspended(now);
    }
    if (session.ended) stop();
  }

  let stopping = false;
  function stop(): void {
    if (stopping) return;
    stopping = true;
    void stopAll().finally(() => process.exit(0));
  }

  async function stopAll(): Promise<void> {
    pinSso.endAll('agent-stopped');
    sessionWatch?.stop();
    policyWatch.stop();
    await Promise.race([Promise.allSettled(locking), new Promise((resolve) => setTimeout(resolve, 2000))]);
    await stopSources();
    await endpoint.stop();
    log.write({ event: 'agent-stopped' });
    instance?.release();
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
}

function policyFile(): string {
  const development = typeof __DEVELOPMENT__ === 'undefined' || __DEVELOPMENT__;
  return (development ? process.env[developmentPolicyVariable] : undefined) ?? policyPath;
}

/** Node shows a stream's descriptor only on its handle. */
function fileDescriptor(stream: Duplex): number {
  const handle: unknown = Reflect.get(stream, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' ? fd : -1;
}

void main();

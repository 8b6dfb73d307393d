// Everything that operations stand on, for one test: a table of cards with a driver that the test plays, a clock of its own,
// real pinentry programs in sh, cards whose keys are made at run time and sign only for origins and nonces of the test.
import { createHash, sign, type KeyObject } from 'node:crypto';
import { type AuditEvent } from '../../../agent/audit/audit-event.ts';
import { type BoundToken } from '../../../agent/cards/bound-token.ts';
import { CardTable, type CardSource } from '../../../agent/cards/card-table.ts';
import { authenticate } from '../../../agent/operations/authenticate.ts';
import { type OperationContext, type RequestChannel } from '../../../agent/operations/context.ts';
import { Holders } from '../../../agent/cards/holders.ts';
import { Logouts } from '../../../agent/logout/logouts.ts';
import { TrustStore } from '../../../agent/network/trust-store.ts';
import { DocumentBudget } from '../../../agent/operations/sign/document-store.ts';
import { lockCard } from '../../../agent/operations/end-pin-sso.ts';
import { DialogQueue } from '../../../agent/pin/dialog-queue.ts';
import { PinSso } from '../../../agent/pin/pin-sso.ts';
import { type PolicyOutcome } from '../../../agent/policy/policy-file.ts';
import { type TokenDescription } from '../../../agent/tokens/token.ts';
import { anna, bertil, type Person } from '../../../demo/pki/persons.ts';
import { createTestPki, type PersonRequest, type TestPki } from '../../../demo/pki/pki.ts';
import { type AgentMessage, type LogoutRegistration } from '../../../shared/messages.ts';
import { policySchema } from '../../../shared/policy.ts';
import { waitUntil } from '../../native-host/within.ts';
import { FakeBackend, description } from '../fake-backend.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { ScriptedPinentry } from '../pin/scripted-pinentry.ts';
import { picture } from '../reader-pictures.ts';

/** For requests under whose id nothing else is said. */
export const noChannel: RequestChannel = { tell: () => undefined, hear: () => undefined };

export const journal = 'https://journal.example.se';
export const prescriptions = 'https://recept.example.se';
export const stranger = 'https://stranger.example.se';
export const another = 'https://another.example.se';
export const barred = 'https://barred.example.se';
export const nonce = Buffer.alloc(33, 7).toString('base64');
const today = new Date('2026-03-02T12:00:00Z');

/** Two sites are silent after the PIN, one is refused, the holder is asked for all others. */
export const settings = {
  sites: [
    { origin: journal, access: 'silent' },
    { origin: prescriptions, access: 'silent' },
    { origin: barred, access: 'refuse' },
  ],
};

/** A certificate on a card, with its key. */
export interface CardKey {
  id: string;
  label: string;
  der: Uint8Array;
  privateKey: KeyObject;
}

let pki: Promise<TestPki> | undefined;

/** A certificate of the test PKI with a new P-256 key. */
export async function cardKey(
  id: string,
  person: Person = anna,
  changes: Partial<PersonRequest> = {},
): Promise<CardKey> {
  pki ??= createTestPki({ keyKind: 'ec-p256', now: () => new Date('2026-03-01T12:00:00Z') });
  const issued = await (await pki).issuePerson({ person, kind: 'authentication', identity: 'hsa-id', ...changes });
  return { id, label: 'Legitimering', der: issued.certificate, privateKey: issued.privateKey };
}

export class OperationWorld {
  readonly clock = new FakeClock();
  readonly driver = new FakeBackend();
  readonly pinentry = new ScriptedPinentry();
  readonly log: AuditEvent[] = [];
  readonly source: CardSource = { name: 'pcsc', backends: [this.driver] };
  readonly cards: CardTable = new CardTable(this.clock, () => this.holders.look());
  readonly holders: Holders = new Holders(
    this.clock,
    () => ({ service: 'running', session: this.suspended ? 'locked' : 'active', readers: this.cards.sights }),
    () => 2_000,
    () => this.logouts.review(),
  );
  /** What the browser was told of visits, and calls that the agent was to make. */
  readonly orders: AgentMessage[] = [];
  readonly called: string[] = [];
  readonly logouts: Logouts = new Logouts({
    clock: this.clock,
    now: () => today.getTime() + this.clock.now(),
    policy: () => (this.policy.ok ? this.policy.policy : policySchema.parse({})),
    presence: (holder) => this.holders.presence(holder),
    store: { found: [], save: () => true },
    browsers: { isConnected: () => true, send: (_profile, message) => this.orders.push(message) },
    calls: { deliver: ({ url }, reason) => this.called.push(`${url} ${reason}`) },
    leases: { start: () => undefined, stop: () => undefined },
    lockWorkstation: () => undefined,
    audit: (event) => this.log.push(event),
  });
  readonly context: OperationContext;
  /** How often the picture of the state was announced. */
  changes = 0;
  suspended = false;
  policy: PolicyOutcome;
  readonly #conditions: Parameters<typeof picture>[0] = { A: ['empty', 0] };

  constructor(policy: Record<string, unknown> = settings) {
    this.policy = this.policyOf(policy);
    this.context = {
      clock: this.clock,
      today: () => today,
      policy: () => this.policy,
      cards: this.cards,
      pinSso: new PinSso<BoundToken>(
        this.clock,
        () => ({ idleMinutes: 120, absoluteMinutes: 720 }),
        (token, reason) => {
          this.log.push({ event: 'pin-sso-ended', token: token.fingerprint, reason });
          void lockCard(this.cards, token, reason);
        },
      ),
      dialogs: new DialogQueue(this.clock),
      consents: new DialogQueue(this.clock),
      holders: this.holders,
      logouts: this.logouts,
      documents: new DocumentBudget(),
      authorities: {
        clock: this.clock,
        trust: new TrustStore({ system: { version: () => '', read: () => [] }, unreadable: () => undefined }),
        systemProxy: () => undefined,
        fileTrust: undefined,
      },
      suspended: () => this.suspended,
      audit: (event) => this.log.push(event),
      changed: () => this.changes++,
      environment: { PATH: process.env['PATH'] },
    };
    this.#look();
  }

  /** A policy with the scripted pinentry. */
  policyOf(policy: Record<string, unknown>): PolicyOutcome {
    const pin = { program: this.pinentry.program, dialogSeconds: 10, ...(policy['pin'] as object | undefined) };
    return { ok: true, policy: policySchema.parse({ ...policy, pin }), source: 'registry' };
  }

  /** Puts a card into a reader and waits until it has been read. */
  async insert(keys: readonly CardKey[], changes: Partial<TokenDescription> = {}, reader = 'A'): Promise<BoundToken> {
    this.place(keys, changes, reader);
    await settle();
    const token = this.cards.tokens.find((one) => one.reader === reader);
    if (token === undefined) throw new Error('the card was not read');
    this.driver.calls.length = 0;
    return token;
  }

  /** Puts a card into a reader. */
  place(keys: readonly CardKey[], changes: Partial<TokenDescription> = {}, reader = 'A'): void {
    const handle = `handle of ${reader}`;
    const certificates = keys.map(({ id, label, der }) => ({ id, label, der }));
    this.driver.cards.set(reader, [
      description({ handle, reader, serialNumber: `in ${reader}`, certificates, ...changes }),
    ]);
    this.driver.signer = signerOf([...this.#keys.values()].flat().concat(keys));
    this.#keys.set(reader, keys);
    this.#conditions[reader] = ['present', (this.#conditions[reader]?.[1] ?? 0) + (this.#isIn(reader) ? 2 : 1)];
    this.#look();
  }

  pull(reader = 'A'): void {
    this.#conditions[reader] = ['empty', (this.#conditions[reader]?.[1] ?? 0) + 1];
    this.#look();
  }

  /** As when the screen is locked. */
  suspend(): void {
    this.suspended = true;
    this.context.pinSso.endAll('session-locked');
    this.cards.setSuspended(true);
  }

  login(origin = journal, signal = new AbortController().signal, logout?: LogoutRegistration) {
    const request = logout === undefined ? { nonce } : { nonce, logout };
    return authenticate(this.context, { language: 'sv', signal, profile: 'p' }, origin, request);
  }

  /** Waits until this many dialogs have been shown in all. */
  async dialogs(count: number): Promise<void> {
    await waitUntil(() => this.pinentry.dialogs.length >= count, `${count} dialogs`, 5_000);
  }

  /** Calls of the driver that send a PIN, and that use a key. */
  get logins(): string[] {
    return this.driver.callsOf('login');
  }

  get signatures(): string[] {
    return this.driver.callsOf('sign');
  }

  /** The dialogs that were shown, in order. */
  get kinds(): ('pin' | 'question')[] {
    return this.pinentry.dialogs.map((dialog) => (dialog === 'GETPIN' ? 'pin' : 'question'));
  }

  /** What was written down. */
  get events(): string[] {
    return this.log.map(({ event }) => event);
  }

  /** The reasons for which PIN-SSO sessions have ended. */
  get ends(): string[] {
    return this.log.flatMap((event) => (event.event === 'pin-sso-ended' ? [event.reason] : []));
  }

  readonly #keys = new Map<string, readonly CardKey[]>();

  #isIn(reader: string): boolean {
    return this.#conditions[reader]?.[0] === 'present';
  }

  #look(): void {
    this.cards.update(this.source, picture(this.#conditions));
  }
}

/** hash(origin) || hash(nonce), put together here anew. */
export function signedBytes(origin: string): Buffer {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return Buffer.concat([digest(origin), digest(nonce)]);
}

/** Signs the digest of a login at an origin of these tests, and refuses every other: a card must never be asked for it. */
function signerOf(keys: readonly CardKey[]): FakeBackend['signer'] {
  return (_handle, id, algorithm, digest) => {
    const bytes = [journal, prescriptions, stranger, another]
      .map(signedBytes)
      .find((one) => createHash('sha256').update(one).digest().equals(digest));
    const key = keys.find((one) => one.id === id);
    if (bytes === undefined || key === undefined || algorithm !== 'ES256') throw new Error('nobody may sign this');
    return sign('sha256', bytes, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  };
}

/** Anna's card with the HSA-id, hers with the personal number, and Bertil's. */
export interface LoginCards {
  hsa: CardKey;
  personal: CardKey;
  bertils: CardKey;
}

/** The cards of the login tests, made once in a process. */
export function loginCards(): Promise<LoginCards> {
  cards ??= Promise.all([
    cardKey('45'),
    cardKey('46', anna, { identity: 'personal-number' }),
    cardKey('47', bertil),
  ]).then(([hsa, personal, bertils]) => ({ hsa, personal, bertils }));
  return cards;
}
let cards: Promise<LoginCards> | undefined;

export { anna, bertil };

// What every attack in this folder is measured against: a private agent on the simulator with Anna's card in, two sites that
// policy lets in silently, one that it refuses, and strangers. After the attack: no private key was used, and honesty works.
import assert from 'node:assert/strict';
import { constants, createHash, randomBytes, verify, X509Certificate } from 'node:crypto';
import { until } from '../../demo/demo-agent.ts';
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { closeCodes } from '../../shared/endpoint.ts';
import { type AuthenticationToken, parseResult } from '../../shared/messages.ts';
import { AgentUnderTest, type AgentOptions } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { simulatedCard, testCard, type TestCard } from '../support/test-cards.ts';

export const journal = 'https://journal.example';
export const prescriptions = 'https://prescriptions.example';
/** Policy says no. */
export const barred = 'https://barred.example';
/** Policy says nothing: the holder is asked. */
export const stranger = 'https://stranger.example';

/** The sites of a target. */
export const sites: NonNullable<PolicyFile['sites']> = [
  { origin: journal, access: 'silent' },
  { origin: prescriptions, access: 'silent' },
  { origin: barred, access: 'refuse' },
];

export interface Target {
  readonly agent: AgentUnderTest;
  readonly anna: TestCard;
  readonly bertil: TestCard;
}

/** Starts one with Anna's card in; `cards` go beside hers and Bertil's. */
export async function startTarget(options: AgentOptions = {}): Promise<Target> {
  const [anna, bertil] = await Promise.all([testCard('anna'), testCard('bertil')]);
  const agent = await AgentUnderTest.start({
    ...options,
    cards: { anna: simulatedCard(anna), bertil: simulatedCard(bertil), ...options.cards },
    policy: { sites, ...options.policy },
  });
  await agent.simulator.insert('anna');
  return { agent, anna, bertil };
}

/** 44 characters of base64, never the same. */
export function newNonce(): string {
  return randomBytes(32).toString('base64');
}

/** Does something hostile; fails when a private key of any card was used, or a PIN sent to one, meanwhile. */
export async function withoutKeyUse<T>({ agent }: Pick<Target, 'agent'>, attack: () => Promise<T>): Promise<T> {
  const before = await allKeyUse(agent);
  const outcome = await attack();
  assert.deepEqual(await allKeyUse(agent), before, 'a private key was used, or a PIN was sent to a card');
  return outcome;
}

async function allKeyUse(agent: AgentUnderTest): Promise<Record<string, [number, number]>> {
  const { cards } = await agent.simulator.state();
  return Object.fromEntries(
    Object.entries(cards).map(([name, { logins, signatures, signaturePin }]) => [
      name,
      [logins + (signaturePin?.logins ?? 0), signatures + (signaturePin?.signatures ?? 0)],
    ]),
  );
}

/** The next honest request: a login, with the PIN if it is asked. Fails unless the token is the holder's, Anna's else, and good. */
export async function honestLogin(
  { agent, anna }: Pick<Target, 'agent' | 'anna'>,
  host: HostClient,
  origin: string = journal,
  holder: TestCard = anna,
): Promise<AuthenticationToken> {
  const nonce = newNonce();
  agent.pinentry.reset();
  agent.pinentry.answer(`pin ${holder.pin}`);
  const answer = await host.authenticate(origin, nonce).answer;
  agent.pinentry.reset();
  assert.ok('result' in answer, `the honest login is refused: ${JSON.stringify(answer)}`);
  const token = parseResult('authenticate', answer.result);
  assert.ok(isSignedFor(token, origin, nonce), 'the token is not signed for this origin and nonce');
  assert.equal(token.unverifiedCertificate, Buffer.from(holder.keys[0]!.certificate).toString('base64'));
  return token;
}

/** Replaces the policy and waits until the agent goes by it, which shows in what it says of http://localhost. */
export async function impose({ agent }: Pick<Target, 'agent'>, host: HostClient, policy: PolicyFile): Promise<void> {
  const code = async () => codeOf(await host.authenticate('http://localhost', 'x').answer);
  // Either the origin is refused, or, where it is allowed, the nonce.
  const allowLocalhost = (await code()) === 'ERR_REQUEST_ORIGIN';
  agent.writePolicy({ ...policy, allowLocalhost });
  const wanted = allowLocalhost ? /^ERR_(REQUEST_NONCE|POLICY_ORIGIN)$/ : /^ERR_REQUEST_ORIGIN$/;
  await until(async () => wanted.test((await code()) ?? ''), 5_000, 'the policy is not taken');
}

/** Sends one message as a proven peer; fails unless the agent ends the connection for it, without a word of answer. */
export async function assertEndsConnection(
  agent: AgentUnderTest,
  text: string,
  reason = 'ERR_REQUEST_INVALID',
): Promise<void> {
  const peer = await new RawPeer(agent.endpoint).prove(agent.endpoint.secret);
  peer.say(text);
  const end = await peer.ended().catch(() => assert.fail(`the connection stays open after ${text.slice(0, 200)}`));
  assert.equal(end.reason, reason, text.slice(0, 200));
  assert.equal(end.code, closeCodes[reason as keyof typeof closeCodes]);
  assert.equal(peer.received.length, 1, 'more than the challenge was said');
}

/** Whether the token's own certificate signs this origin and nonce, by the book (Web eID 1.0), not by our code. */
export function isSignedFor(token: AuthenticationToken, origin: string, nonce: string): boolean {
  const { publicKey } = new X509Certificate(Buffer.from(token.unverifiedCertificate, 'base64'));
  const hash = `sha${token.algorithm.slice(2)}`;
  const digest = (text: string): Buffer => createHash(hash).update(text).digest();
  const bytes = Buffer.concat([digest(origin), digest(nonce)]);
  const padding = token.algorithm.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const key = { key: publicKey, padding, dsaEncoding: 'ieee-p1363' as const };
  return verify(hash, bytes, key, Buffer.from(token.signature, 'base64'));
}

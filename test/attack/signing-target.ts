// What attacks on signing are measured against: a private agent on the simulator with a card of Anna's that has a PIN for login and
// another for signatures, and steps of one signing that a test can leave in any order. After the attack an honest signature works.
import assert from 'node:assert/strict';
import { createHash, randomUUID, verify, X509Certificate } from 'node:crypto';
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { type SigningConsent } from '../../shared/signing.ts';
import { AgentUnderTest, type AgentOptions } from '../support/agent-under-test.ts';
import { type Answer, codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient, type SentDocument, type SigningWish } from '../support/signing-client.ts';
import { simulatedTwoPinCard, twoPinCard, type TwoPinTestCard } from '../support/test-cards.ts';
import { journal, sites } from './target.ts';

export interface SigningTarget {
  readonly agent: AgentUnderTest;
  readonly card: TwoPinTestCard;
}

/** One signing that has come so far. */
export interface OpenSigning {
  readonly signing: SigningClient;
  readonly answer: Promise<Answer>;
  /** What is shown, once it is. */
  readonly consent?: SigningConsent;
}

/** The signature alone. */
export const raw: SigningWish = { format: { type: 'raw' } };

/** Policy of a target: `journal` may have several documents signed at once, and other changes of its. */
export function signingPolicy(changes: object = {}): PolicyFile {
  const more = { origin: journal, access: 'silent' as const, signing: { documents: 10, ...changes } };
  return { sites: [...sites.filter(({ origin }) => origin !== journal), more] };
}

/** Starts one with Anna's card in. */
export async function startSigningTarget(options: AgentOptions = {}): Promise<SigningTarget> {
  const card = await twoPinCard('anna', { authentication: ['rsa-2048'], signature: ['ec-p256'] });
  const agent = await AgentUnderTest.start({
    ...options,
    cards: { anna: simulatedTwoPinCard(card), ...options.cards },
    policy: { ...signingPolicy(), ...options.policy },
  });
  await agent.simulator.insert('anna');
  return { agent, card };
}

/** A text that is nobody else's. */
export function newDocument(changes: Partial<SentDocument> = {}): SentDocument {
  return { name: 'intyg.txt', content: Buffer.from(`Intyg ${randomUUID()}`), ...changes };
}

/** Asks for signatures; no byte has been sent. */
export async function opened(
  host: HostClient,
  documents: readonly SentDocument[] = [newDocument()],
  wish: SigningWish = raw,
  origin: string = journal,
): Promise<OpenSigning> {
  const signing = new SigningClient(host, documents);
  const open = { signing, answer: signing.open(origin, wish) };
  await reached(open, 'receiving');
  return open;
}

/** The same, with everything sent and the consent asked for. */
export async function atConsent(
  ...from: Parameters<typeof opened>
): Promise<OpenSigning & { consent: SigningConsent }> {
  const open = await opened(...from);
  if (open.signing.documents.some(({ content }) => content.length > 0)) await open.signing.send();
  return { ...open, consent: await consentOf(open) };
}

/** The same, with the holder's yes given and the PIN asked for. */
export async function atPin(agent: AgentUnderTest, ...from: Parameters<typeof opened>): Promise<OpenSigning> {
  const open = await atConsent(...from);
  sayYes(open);
  await agent.pinentry.waitForDialog();
  return open;
}

/** The holder agrees, with the first key, or another. Before the consent has been seen it is a guess. */
export function sayYes({ signing, consent }: OpenSigning, certificate = consent?.keys[0]?.key ?? '0'): void {
  signing.say({ type: 'consent', answer: 'sign', certificate });
}

/** The holder does not. */
export function sayNo({ signing }: OpenSigning): void {
  signing.say({ type: 'consent', answer: 'decline' });
}

/** What the holder is shown, now or as soon as it is. */
export async function consentOf(open: OpenSigning): Promise<SigningConsent> {
  const message = await reached(open, 'consent');
  assert.ok('stage' in message && message.stage === 'consent');
  return message.consent;
}

/** Waits until the agent tells of a stage. @throws Error with its refusal when it ends the request instead */
export async function reached({ signing, answer }: OpenSigning, stage: string) {
  const { id, host } = signing;
  const told = host.until((m) => m.type === 'signing' && m.id === id && m.stage === stage);
  const refused = answer.then((end) => {
    throw new Error(`${stage} is never reached: ${JSON.stringify(end)}`);
  });
  refused.catch(() => undefined);
  return Promise.race([told, refused]);
}

/** Fails unless the request is refused with this code, and no PIN was asked for since the last look. */
export async function assertRefused({ agent }: SigningTarget, { answer }: OpenSigning, code: string): Promise<void> {
  const end = await answer;
  assert.equal(codeOf(end), code, JSON.stringify(end));
  assert.deepEqual(agent.pinentry.unawaited(), [], 'a PIN was asked for');
}

/** The next honest signature: shown, agreed to, its own PIN given. Fails unless it is one over these very bytes. */
export async function honestSignature(
  { agent, card }: SigningTarget,
  host: HostClient,
  origin: string = journal,
): Promise<void> {
  const document = newDocument();
  agent.pinentry.reset();
  agent.pinentry.answer(`pin ${card.signature.pin}`);
  const { answer, consent, signed, signatures } = await new SigningClient(host, [document]).run(origin, raw);
  assert.deepEqual(answer, { result: { signed: 1 } }, 'the honest signature is refused');
  assert.equal(agent.pinentry.unawaited().length, 1, 'one PIN, once');
  agent.pinentry.reset();
  assert.equal(consent?.documents[0]?.fingerprint, createHash('sha256').update(document.content).digest('hex'));
  assert.equal(consent.origin, origin);
  assert.ok(isSignedBy(card, document.content, signed!.certificate, signatures[0]!));
}

/** Whether the card's own key for signatures signed these bytes; by node:crypto, not by our code. */
export function isSignedBy(
  { signature: { keys } }: TwoPinTestCard,
  content: Uint8Array,
  certificate: string,
  signature: Uint8Array,
): boolean {
  const der = Buffer.from(certificate, 'base64');
  if (!der.equals(keys[0]!.certificate)) return false;
  return verify('sha256', content, { key: new X509Certificate(der).publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

// 19: what was said once is not taken twice, and every answer goes to the one who asked. The handshake, requests and cancels of
// several browser profiles, and the tokens themselves at a relying party. What pages see of one another is in the -page part.
import assert from 'node:assert/strict';
import {
  createMemoryNonceStore,
  createNonces,
  createTokenVerifier,
  TokenError,
} from '../../relying-party/src/index.ts';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import { parseResult } from '../../shared/messages.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { proofIn, RawPeer } from '../support/raw-peer.ts';
import { testPki } from '../support/test-cards.ts';
import {
  assertEndsConnection,
  honestLogin,
  isSignedFor,
  journal,
  newNonce,
  prescriptions,
  startTarget,
  stranger,
  type Target,
  withoutKeyUse,
} from './target.ts';

describe('19 replay and confusion of answers', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    target = await startTarget();
    host = await target.agent.host();
    await honestLogin(target, host);
  });
  after(async () => target.agent.stop());
  afterEach(async () => {
    await honestLogin(target, host);
  });

  describe('the handshake', () => {
    /** A peer that says exactly these two things; how it ends. */
    async function say(makeProof: (peer: RawPeer, challenge: string) => string, role = 'native-host') {
      const peer = await new RawPeer(target.agent.endpoint).opened();
      peer.greet(role);
      const challenge = await peer.heard(0);
      peer.say(JSON.stringify({ proof: makeProof(peer, challenge) }));
      peer.say('{"type":"request","id":"x","language":"en","verb":"status","caller":{"kind":"user"}}');
      const end = await peer.ended();
      return [end.reason, peer.received.length];
    }
    const refused = ['ERR_AGENT_PROOF', 1];

    it('takes no proof of another connection, no reflection of its own, none of another role or direction', async () => {
      const { secret } = target.agent.endpoint;
      const earlier = await new RawPeer(target.agent.endpoint).opened();
      earlier.greet();
      const first = await earlier.heard(0);
      const recorded = earlier.proofFor(first, secret);
      earlier.say(JSON.stringify({ proof: recorded }));
      await withoutKeyUse(target, async () => {
        assert.deepEqual(await say(() => recorded), refused, 'a recorded proof');
        assert.deepEqual(await say((_peer, challenge) => proofIn(challenge)), refused, "the agent's own proof");
        assert.deepEqual(
          await say((peer, challenge) => peer.proofFor(challenge, secret, { role: 'command' })),
          refused,
          'another role',
        );
        assert.deepEqual(
          await say((peer, challenge) => peer.proofFor(challenge, secret), 'command'),
          refused,
          'another role',
        );
        assert.deepEqual(
          await say((peer, challenge) => peer.proofFor(challenge, secret, { direction: 'agent-to-client' })),
          refused,
          'another direction',
        );
        assert.deepEqual(await say((peer) => peer.proofFor(first, secret)), refused, "another connection's nonce");
      });
      earlier.close();
    });

    it('takes no second greeting, and nothing before the proof', async () => {
      for (const words of [
        ['{"type":"request","id":"x","language":"en","verb":"status","caller":{"kind":"user"}}'],
        ['{"type":"hello","protocol":1,"version":"x"}'],
      ]) {
        const peer = await new RawPeer(target.agent.endpoint).opened();
        for (const text of words) peer.say(text);
        assert.equal((await peer.ended()).reason, 'ERR_AGENT_PROOF');
        assert.deepEqual(peer.received, []);
      }
      const peer = await new RawPeer(target.agent.endpoint).opened();
      peer.greet();
      peer.greet();
      assert.equal((await peer.ended()).reason, 'ERR_AGENT_PROOF');
    });

    it('takes no secret of an earlier start', async () => {
      const { secret } = target.agent.endpoint;
      await target.agent.kill('SIGTERM');
      await target.agent.start();
      assert.notDeepEqual(target.agent.endpoint.secret, secret);
      const peer = await new RawPeer(target.agent.endpoint).prove(secret);
      assert.equal((await peer.ended()).reason, 'ERR_AGENT_PROOF');
      host = await target.agent.host();
    });
  });

  describe('two browser profiles', () => {
    it('with the same request id get their own answers', async () => {
      const other = await target.agent.host();
      const nonces = [newNonce(), newNonce()] as const;
      const [mine, his] = await Promise.all([
        host.authenticate(journal, nonces[0], 'same').answer,
        other.authenticate(prescriptions, nonces[1], 'same').answer,
      ]);
      assert.ok('result' in mine && 'result' in his);
      assert.ok(isSignedFor(parseResult('authenticate', mine.result), journal, nonces[0]));
      assert.ok(isSignedFor(parseResult('authenticate', his.result), prescriptions, nonces[1]));
      await other.end();
    });

    it("cannot cancel each other's requests, nor hear their answers", async () => {
      const other = await target.agent.host();
      const { agent } = target;
      agent.pinentry.reset();
      const { answer } = host.authenticate(stranger, newNonce(), 'mine');
      await agent.pinentry.waitForDialog();
      other.cancel('mine');
      assert.equal(codeOf(await other.ask({ verb: 'status', caller: { kind: 'user' } }, 'mine').answer), undefined);
      assert.equal(agent.processesNamed('pinentry').length, 1, 'the dialog was closed by somebody else');
      agent.pinentry.answer('not-ok');
      assert.equal(codeOf(await answer), 'ERR_USER_DECLINED');
      const others = other.messages.filter((message) => 'id' in message);
      assert.equal(others.length, 1);
      await other.end();
    });
  });

  it('an id that is in use is refused, and the request that has it goes on', async () => {
    const { pinentry } = target.agent;
    pinentry.reset();
    const nonce = newNonce();
    const from = host.messages.length;
    host.authenticate(stranger, nonce, 'twice').answer.catch(() => undefined);
    await pinentry.waitForDialog();
    host.send({ type: 'request', id: 'twice', language: 'en', verb: 'status', caller: { kind: 'user' } });
    const refusal = await host.until((message) => 'id' in message && message.id === 'twice', from);
    assert.ok(refusal.type === 'error' && refusal.error.code === 'ERR_REQUEST_DUPLICATE');
    pinentry.answer('ok');
    const done = await host.until((message) => message.type === 'response' && message.id === 'twice', from);
    assert.ok(done.type === 'response');
    assert.ok(isSignedFor(parseResult('authenticate', done.result), stranger, nonce));
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
  });

  it('a cancelled request is answered once, as cancelled; its id may be used again and means the new request only', async () => {
    const { pinentry } = target.agent;
    pinentry.reset();
    const from = host.messages.length;
    const { answer } = host.authenticate('https://second.example', newNonce(), 'again');
    await pinentry.waitForDialog();
    host.cancel('again');
    host.cancel('again');
    assert.equal(codeOf(await answer), 'ERR_REQUEST_CANCELLED');
    const nonce = newNonce();
    const next = await host.authenticate(journal, nonce, 'again').answer;
    assert.ok('result' in next && isSignedFor(parseResult('authenticate', next.result), journal, nonce));
    await honestLogin(target, host);
    assert.equal(host.messages.slice(from).filter((message) => 'id' in message && message.id === 'again').length, 2);
  });

  it('nobody may answer in the place of the agent', async () => {
    for (const message of [
      { type: 'response', id: 'x', result: {} },
      { type: 'error', id: 'x', error: { code: 'ERR_USER_CANCELLED', message: '' } },
      { type: 'agent', state: 'connected' },
      { type: 'event', sequence: 1, name: 'card-removed', origins: [], state: {} },
      { type: 'snapshot', sequence: 1, state: {} },
    ])
      await withoutKeyUse(target, () => assertEndsConnection(target.agent, JSON.stringify(message)));
  });

  it('events are numbered without a gap, and a snapshot carries the number of the last one', async () => {
    const { simulator } = target.agent;
    const watcher = await target.agent.host();
    await simulator.remove();
    await simulator.insert('anna');
    await honestLogin(target, host);
    await watcher.until((message) => message.type === 'event' && message.name === 'pin-sso-started');
    const numbers = watcher.messages.flatMap((message) => ('sequence' in message ? [message.sequence] : []));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
    );
    const late = await target.agent.host();
    const snapshot = late.messages.find(({ type }) => type === 'snapshot');
    assert.equal(snapshot?.type === 'snapshot' ? snapshot.sequence : -1, numbers.at(-1));
    await watcher.end();
    await late.end();
  });

  describe('a token at a relying party', () => {
    async function relyingParty(origin: string) {
      const pki = await testPki();
      const nonces = createNonces({ store: createMemoryNonceStore() });
      const verifier = createTokenVerifier({
        origin,
        nonces,
        roots: [pki.root],
        trustedIssuers: [{ certificate: pki.issuers.hsaId3, assuranceLevel: 3 }],
        assuranceLevels: TEST_ASSURANCE_LEVELS,
        minimumLevel: 3,
      });
      return { nonces, verifier };
    }
    const tokenFor = async (origin: string, nonce: string): Promise<unknown> => {
      const answer = await host.authenticate(origin, nonce).answer;
      assert.ok('result' in answer, JSON.stringify(answer));
      return answer.result;
    };
    const refusedWith = (code: string) => (error: unknown) => error instanceof TokenError && error.code === code;

    it('is good once, for the session and the site that it was asked for', async () => {
      const { nonces, verifier } = await relyingParty(journal);
      const token = await tokenFor(journal, await nonces.issue('session'));
      assert.ok(await verifier.verify({ token: token, session: 'session' }));
      await assert.rejects(verifier.verify({ token: token, session: 'session' }), refusedWith('ERR_NONCE_UNKNOWN'));
    });

    it("is no good with another session's nonce, for another site, or with parts of another token", async () => {
      const { nonces, verifier } = await relyingParty(journal);
      const token = await tokenFor(journal, await nonces.issue('session'));
      await nonces.issue('another');
      await assert.rejects(verifier.verify({ token: token, session: 'another' }), refusedWith('ERR_SIGNATURE_INVALID'));
      const elsewhere = await tokenFor(prescriptions, await nonces.issue('third'));
      await assert.rejects(
        verifier.verify({ token: elsewhere, session: 'third' }),
        refusedWith('ERR_SIGNATURE_INVALID'),
      );
      const fourth = await tokenFor(journal, await nonces.issue('fourth'));
      const mixed = { ...(fourth as object), signature: (token as { signature: string }).signature };
      await assert.rejects(verifier.verify({ token: mixed, session: 'fourth' }), refusedWith('ERR_SIGNATURE_INVALID'));
    });
  });
});

// 10: the authentication key signs logins and nothing else: no bytes, no hash and no origin of an attacker's choice.
import assert from 'node:assert/strict';
import { createHash, publicDecrypt, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { parseResult } from '../../shared/messages.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { simulatedCard, testCard } from '../support/test-cards.ts';
import {
  assertEndsConnection,
  honestLogin,
  isSignedFor,
  journal,
  newNonce,
  prescriptions,
  startTarget,
  type Target,
  withoutKeyUse,
} from './target.ts';

describe('10 the authentication key used as an oracle', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    const anna = simulatedCard(await testCard('anna'));
    const [, , signatureKey] = anna.certificates;
    const signer = { ...anna, serialNumber: '00signer', certificates: [signatureKey!] };
    target = await startTarget({ cards: { signer } });
    host = await target.agent.host();
    await honestLogin(target, host);
  });
  after(async () => target.agent.stop());

  const login = async (origin: string, nonce: string) => {
    const answer = await host.authenticate(origin, nonce).answer;
    assert.ok('result' in answer, JSON.stringify(answer));
    return parseResult('authenticate', answer.result);
  };

  const request = (fields: object): string =>
    JSON.stringify({
      type: 'request',
      id: 'a',
      language: 'en',
      verb: 'authenticate',
      caller: { kind: 'page', origin: journal },
      nonce: newNonce(),
      ...fields,
    });

  it('takes no hash, no bytes, no algorithm and no key of somebody else: ERR_REQUEST_INVALID, and nobody listens on', async () => {
    const hostile = [
      { hash: 'A'.repeat(44) },
      { hashFunction: 'SHA-256' },
      { algorithm: 'RS256' },
      { bytes: 'AAAA' },
      { certificate: '46' },
      { origin: journal },
      { nonce: { toString: 'x' } },
      { nonce: [newNonce()] },
      { caller: { kind: 'user' } },
      { caller: { kind: 'page', origin: journal, certificate: '46' } },
    ];
    await withoutKeyUse(target, async () => {
      for (const fields of hostile) await assertEndsConnection(target.agent, request(fields));
      // The same through a native host: the browser is told why.
      const attacker = await target.agent.host();
      attacker.sendText(request({ hash: 'A'.repeat(44) }));
      const gone = await attacker.until((message) => message.type === 'agent' && message.state === 'gone');
      assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_REQUEST_INVALID', JSON.stringify(gone));
    });
    await honestLogin(target, host);
  });

  it('has no verb that signs anything else', async () => {
    await withoutKeyUse(target, async () => {
      for (const verb of ['sign', 'decrypt', 'tls', 'derive', 'getSigningCertificate', 'constructor', '__proto__'])
        await assertEndsConnection(target.agent, request({ verb }));
    });
    await honestLogin(target, host);
  });

  it('signs hash(origin) || hash(nonce) and never a digest that the nonce carries, whatever nonce and origin', async () => {
    const certificate = new X509Certificate(target.anna.keys[0]!.certificate);
    const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 95 }),
        fc.constantFrom(journal, prescriptions),
        async (bytes, origin) => {
          const nonce = Buffer.from(bytes).toString('base64');
          const token = await login(origin, nonce);
          // DigestInfo of PKCS #1 v1.5, opened by the public key: what the card was really given.
          const signed = publicDecrypt(certificate.publicKey, Buffer.from(token.signature, 'base64')).subarray(-32);
          assert.deepEqual(signed, sha256(Buffer.concat([sha256(origin), sha256(nonce)])));
          assert.notDeepEqual(signed, Buffer.from(bytes).subarray(0, 32));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('cannot be led to sign what TLS or CMS would take: their bytes do not fit into a nonce', async () => {
    const tls = Buffer.concat([
      Buffer.alloc(64, 0x20),
      Buffer.from('TLS 1.3, client CertificateVerify\0'),
      Buffer.alloc(32),
    ]);
    const cms = Buffer.from('3118301506092a864886f70d01090331080606', 'hex');
    await withoutKeyUse(target, async () => {
      await assertEndsConnection(target.agent, request({ nonce: tls.toString('base64') }));
      for (const nonce of [cms.toString('base64'), tls.toString('latin1').slice(0, 128)])
        assert.equal(codeOf(await host.authenticate(journal, nonce).answer), 'ERR_REQUEST_NONCE');
    });
    await honestLogin(target, host);
  });

  it('refuses a nonce that is not 44 to 128 characters of canonical base64', async () => {
    const good = newNonce();
    const hostile = [
      '',
      'A',
      good.slice(0, 40),
      good.slice(0, 43),
      `${good}=`,
      `${good} `,
      ` ${good}`,
      `${good}\n`,
      good.replace(/.=$/, '=='),
      `${good.slice(0, 42)}B=`,
      `-_${good.slice(2)}`,
      `å${good.slice(1)}`,
      'A'.repeat(43),
      'A'.repeat(127),
      `${good.slice(0, 20)}\0${good.slice(21)}`,
    ];
    await withoutKeyUse(target, async () => {
      for (const nonce of hostile)
        assert.equal(
          codeOf(await host.authenticate(journal, nonce).answer),
          'ERR_REQUEST_NONCE',
          JSON.stringify(nonce),
        );
    });
    await honestLogin(target, host);
  });

  it("makes no token that is good for another origin's login", async () => {
    const nonce = newNonce();
    const token = await login(prescriptions, nonce);
    assert.ok(isSignedFor(token, prescriptions, nonce));
    for (const other of [journal, `${prescriptions}/`, `${prescriptions}:443`, 'https://PRESCRIPTIONS.example'])
      assert.ok(!isSignedFor(token, other, nonce), other);
  });

  it('releases no signature that does not verify against the chosen certificate', async () => {
    const { simulator } = target.agent;
    await simulator.corruptSignature();
    assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), 'ERR_CARD_FAILED');
    await honestLogin(target, host);
  });

  it('never logs in with the signature key, not even where the card has no other', async () => {
    const { simulator } = target.agent;
    await simulator.swap('signer');
    await withoutKeyUse(target, async () => {
      assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), 'ERR_CARD_NO_CERTIFICATE');
    });
    await simulator.swap('anna');
    await honestLogin(target, host);
  });
});

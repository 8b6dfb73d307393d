// 10, by way of signing: on a card that has only a key for logins, the holder may sign documents where policy says so, and still
// nothing that could be a login elsewhere, a TLS handshake or bytes of a site's choice: containers, which say what they are.
import assert from 'node:assert/strict';
import { createHash, publicDecrypt, X509Certificate } from 'node:crypto';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient, type SigningWish } from '../support/signing-client.ts';
import { simulatedCard, testCard, type TestCard } from '../support/test-cards.ts';
import {
  assertRefused,
  atPin,
  honestSignature,
  newDocument,
  opened,
  raw,
  signingPolicy,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { honestLogin, impose, journal, newNonce, prescriptions, withoutKeyUse } from './target.ts';

const hashOf = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** What a site would like to have signed: a login at another one, and what TLS 1.3 and CMS sign. */
const loot = {
  login: Buffer.concat([hashOf(prescriptions), hashOf(newNonce())]),
  tls: Buffer.concat([
    Buffer.alloc(64, 0x20),
    Buffer.from('TLS 1.3, client CertificateVerify\0'),
    hashOf('transcript'),
  ]),
  'CMS attributes': Buffer.from('3118301506092a864886f70d01090331080606', 'hex'),
  'a SignedInfo behind the blanks of TLS': Buffer.concat([
    Buffer.alloc(64, 0x20),
    Buffer.from('<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:SignedInfo>'),
  ]),
};

const containers: readonly (readonly [SigningWish['format'], string])[] = [
  [{ type: 'cms', attached: true }, 'application/octet-stream'],
  [{ type: 'cms', attached: false }, 'application/octet-stream'],
  [{ type: 'jws', detached: false }, 'application/octet-stream'],
  [{ type: 'jws', detached: true }, 'application/octet-stream'],
  [{ type: 'xades', packaging: 'enveloping' }, 'application/octet-stream'],
  [{ type: 'xades', packaging: 'detached' }, 'application/octet-stream'],
];

describe('10 the authentication key used as an oracle through signing', function () {
  this.timeout(40_000);
  let target: SigningTarget;
  let anna: TestCard;
  let host: HostClient;
  const allowed = signingPolicy({ authenticationKey: true, hash: true, sha1: true });

  before(async () => {
    const whole = await testCard('anna');
    anna = { ...whole, keys: whole.keys.slice(0, 1) };
    target = await startSigningTarget({ cards: { 'login-only': simulatedCard(anna) }, policy: allowed });
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(async () => {
    await target.agent.simulator.swap('login-only');
    // An open PIN session makes what is to be refused as easy as it can be.
    await honestLogin({ agent: target.agent, anna }, host);
    target.agent.pinentry.reset();
  });
  afterEach(async () => {
    await honestLogin({ agent: target.agent, anna }, host);
    await target.agent.simulator.swap('anna');
    await honestSignature(target, host);
  });

  it('no raw bytes and no hash, whatever policy allows beside: ERR_CARD_NO_SIGNATURE_KEY before a byte is sent', async () => {
    await withoutKeyUse(target, async () => {
      for (const content of Object.values(loot)) {
        const signing = new SigningClient(host, [newDocument({ content })]);
        assert.equal(codeOf(await signing.open(journal, raw)), 'ERR_CARD_NO_SIGNATURE_KEY');
      }
      for (const hash of ['SHA-1', 'SHA-256'] as const) {
        const content = createHash(hash.replace('-', '')).update(loot.login).digest();
        const signing = new SigningClient(host, [newDocument({ content })]);
        assert.equal(
          codeOf(await signing.open(journal, { format: { type: 'hash', hash } })),
          'ERR_CARD_NO_SIGNATURE_KEY',
        );
      }
    });
  });

  for (const [what, content] of Object.entries(loot)) {
    it(`as a SignedInfo, ${what} is refused before anybody is asked`, async () => {
      await withoutKeyUse(target, async () => {
        const open = await opened(host, [newDocument({ content, type: 'application/xml' })], {
          format: { type: 'xmldsig' },
        });
        await open.signing.send();
        await assertRefused(target, open, 'ERR_DOCUMENT_FORMAT');
      });
    });
  }

  it('nothing at all where policy does not say so', async () => {
    await impose(target, host, signingPolicy());
    await withoutKeyUse(target, async () => {
      for (const [format, type] of [...containers, [{ type: 'xmldsig' }, 'application/xml'] as const]) {
        const signing = new SigningClient(host, [newDocument({ type })]);
        assert.equal(codeOf(await signing.open(journal, { format })), 'ERR_CARD_NO_SIGNATURE_KEY');
      }
    });
    await impose(target, host, allowed);
  });

  it('not without its PIN, although the PIN session is open', async () => {
    await withoutKeyUse(target, async () => {
      const open = await atPin(target.agent, host, [newDocument()], { format: { type: 'cms', attached: true } });
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
    });
  });

  for (const [format, type] of containers) {
    it(`${JSON.stringify(format)} over a login's bytes: what the card signs is another hash`, async () => {
      const { agent } = target;
      const seen: Buffer[] = [];
      for (const content of [loot.login, loot.tls]) {
        agent.pinentry.answer(`pin ${anna.pin}`);
        const end = await new SigningClient(host, [newDocument({ content, type })]).run(journal, { format });
        assert.deepEqual(end.answer, { result: { signed: 1 } });
        assert.equal(end.consent?.keys[0]?.usage, 'authentication');
        seen.push(...digestsIn(end.signatures[0]!, anna));
        assert.ok(seen.every((digest) => !digest.equals(hashOf(content))));
      }
      assert.equal(seen.length, 2, 'the signature value is not found in its container');
    });
  }

  it('where the card has a key for signatures, no wish of a site leads to the other one', async () => {
    await target.agent.simulator.swap('anna');
    const [login] = target.card.authentication.keys;
    const { serialNumber } = new X509Certificate(login!.certificate);
    await withoutKeyUse(target, async () => {
      const wish = {
        format: { type: 'cms', attached: true },
        certificate: { serialNumber: serialNumber.replace(/^0+/, '') },
      };
      const signing = new SigningClient(host, [newDocument()]);
      assert.equal(codeOf(await signing.open(journal, wish as SigningWish)), 'ERR_CARD_NO_SIGNATURE_KEY');
      const open = await opened(host, [newDocument()], { format: { type: 'cms', attached: true } });
      host.cancel(open.signing.id);
      await assertRefused(target, open, 'ERR_REQUEST_CANCELLED');
    });
    await target.agent.simulator.swap('login-only');
  });
});

/** What RSA signatures of the card's key stand in a container, opened by the public key: DER, base64 or base64url, as it may be. */
function digestsIn(container: Buffer, { keys }: TestCard): Buffer[] {
  const { publicKey } = new X509Certificate(keys[0]!.certificate);
  const texts = container.toString('latin1').match(/[A-Za-z0-9+/_=-]{342,344}(?![A-Za-z0-9+/_=-])/g) ?? [];
  const octets: Buffer[] = [];
  // OCTET STRING of 256 bytes.
  for (let at = container.indexOf('04820100', 0, 'hex'); at >= 0; at = container.indexOf('04820100', at + 1, 'hex'))
    octets.push(container.subarray(at + 4, at + 260));
  return [...octets, ...texts.map((text) => Buffer.from(text, 'base64'))].flatMap((signature) => {
    try {
      const opened = publicDecrypt(publicKey, signature);
      return [opened.subarray(-32)];
    } catch {
      return [];
    }
  });
}

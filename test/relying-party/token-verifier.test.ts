import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { cecilia } from '../../demo/pki/persons.ts';
import { type Issued, type TestPki } from '../../demo/pki/pki.ts';
import { createNonces, createTokenVerifier } from '../../relying-party/src/index.ts';
import {
  assertRefused,
  createPki,
  issueAnna,
  NONCE,
  NOW,
  ORIGIN,
  present,
  signToken,
  siteOptions,
} from './login-fixture.ts';

describe('the token verifier', () => {
  let pki: TestPki;
  let card: Issued;
  before(async () => {
    pki = await createPki();
    card = await issueAnna(pki);
  });

  describe('says who logged in', () => {
    it('by HSA-id, with name, title, organisation, level and issuer', async () => {
      const token = signToken(card);
      assert.deepEqual(await present(pki, JSON.stringify(token)), {
        identity: { kind: 'hsa-id', hsaId: 'SE0000000000-1ABC' },
        name: 'Anna Testsson',
        givenName: 'Anna',
        surname: 'Testsson',
        title: 'Läkare',
        organisation: 'Testkliniken (demo)',
        assuranceLevel: 3,
        issuer: 'TEST SITHS e-id Person HSA-id 3 CA v1',
        certificate: card.certificate,
        certificateSha256: createHash('sha256').update(card.certificate).digest('hex'),
        notAfter: new Date('2028-02-29T11:00:00Z'),
        appVersion: token.appVersion,
        nonce: NONCE,
      });
    });

    it('by personal number, without an organisation', async () => {
      const holder = await present(pki, signToken(await issueAnna(pki, { identity: 'personal-number' })));
      assert.deepEqual(holder.identity, { kind: 'personal-number', personalNumber: '199001012385' });
      assert.equal('organisation' in holder, false);
      assert.equal(holder.issuer, 'TEST SITHS e-id Person ID 3 CA v1');
    });

    it('with the level of a reserve card where level 2 is enough', async () => {
      const reserve = await issueAnna(pki, { person: cecilia });
      const holder = await present(pki, signToken(reserve), { minimumLevel: 2 });
      assert.equal(holder.assuranceLevel, 2);
      assert.equal(holder.name, 'Cecilia Exempel');
    });

    for (const [kind, algorithms] of [
      ['rsa-2048', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
      ['ec-p384', ['ES384']],
      ['ec-p521', ['ES512']],
    ] as const) {
      it(`with ${kind} and ${algorithms.join(', ')}`, async () => {
        const issued = await issueAnna(pki, { key: kind });
        for (const algorithm of algorithms) {
          assert.equal((await present(pki, signToken(issued, { algorithm }))).name, 'Anna Testsson', algorithm);
        }
      });
    }

    it('with a certificate that says nothing of extended key usage', async () => {
      const issued = await issueAnna(pki, { extendedKeyUsage: [] });
      assert.equal((await present(pki, signToken(issued))).name, 'Anna Testsson');
    });
  });

  describe('binds a login to its site and session', () => {
    const freshSite = () => {
      const nonces = createNonces({ clock: () => NOW });
      return { nonces, verifier: createTokenVerifier({ ...siteOptions(pki), nonces }) };
    };

    it('and refuses a replay', async () => {
      const { nonces, verifier } = freshSite();
      const token = signToken(card, { nonce: await nonces.issue('anna') });
      assert.equal((await verifier.verify({ token, session: 'anna' })).name, 'Anna Testsson');
      await assertRefused(verifier.verify({ token, session: 'anna' }), 'ERR_NONCE_UNKNOWN');
    });

    it('and lets exactly one of two simultaneous tokens pass', async () => {
      const { nonces, verifier } = freshSite();
      const token = signToken(card, { nonce: await nonces.issue('anna') });
      const outcomes = await Promise.allSettled([
        verifier.verify({ token, session: 'anna' }),
        verifier.verify({ token, session: 'anna' }),
      ]);
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    });

    it("and refuses another session's nonce", async () => {
      const { nonces, verifier } = freshSite();
      const token = signToken(card, { nonce: await nonces.issue('anna') });
      await nonces.issue('mallory');
      await assertRefused(verifier.verify({ token, session: 'mallory' }), 'ERR_SIGNATURE_INVALID');
    });

    it('and lets a bad token use the nonce up', async () => {
      const { nonces, verifier } = freshSite();
      const token = signToken(card, { nonce: await nonces.issue('anna') });
      await assertRefused(verifier.verify({ token: 'bad', session: 'anna' }), 'ERR_TOKEN_MALFORMED');
      await assertRefused(verifier.verify({ token, session: 'anna' }), 'ERR_NONCE_UNKNOWN');
    });

    it('and refuses a token for another origin', async () => {
      await assertRefused(
        present(pki, signToken(card, { origin: 'https://recept.example.org' })),
        'ERR_SIGNATURE_INVALID',
      );
    });

    it('and refuses an origin with a trailing slash', async () => {
      await assertRefused(present(pki, signToken(card, { origin: `${ORIGIN}/` })), 'ERR_SIGNATURE_INVALID');
    });

    it('and refuses a nonce that was decoded before it was hashed', async () => {
      const token = signToken(card, { nonce: Buffer.from(NONCE, 'base64') });
      await assertRefused(present(pki, token), 'ERR_SIGNATURE_INVALID');
    });
  });

  describe('refuses an algorithm', () => {
    for (const named of ['none', 'HS256', 'RS1', 'ES256K', 'EdDSA', 'es256', 'constructor']) {
      it(`that is not of the list: ${named}`, async () => {
        await assertRefused(present(pki, signToken(card, { named })), 'ERR_ALGORITHM_UNSUPPORTED');
      });
    }

    for (const named of ['RS256', 'PS256', 'ES384', 'ES512']) {
      it(`that does not fit a key on P-256: ${named}`, async () => {
        await assertRefused(present(pki, signToken(card, { named })), 'ERR_ALGORITHM_MISMATCH');
      });
    }

    it('of another padding or hash than was signed with', async () => {
      const issued = await issueAnna(pki, { key: 'rsa-2048' });
      for (const named of ['PS256', 'RS512']) {
        await assertRefused(present(pki, signToken(issued, { algorithm: 'RS256', named })), 'ERR_SIGNATURE_INVALID');
      }
      await assertRefused(present(pki, signToken(issued, { named: 'ES256' })), 'ERR_ALGORITHM_MISMATCH');
    });

    it('under PS with another length of salt than the hash has', async () => {
      const issued = await issueAnna(pki, { key: 'rsa-2048' });
      for (const saltLength of [0, 20, 222]) {
        const token = signToken(issued, { algorithm: 'PS256', saltLength });
        await assertRefused(present(pki, token), 'ERR_SIGNATURE_INVALID');
      }
    });

    it('whose signature is DER and not r || s', async () => {
      const half = (part: string): Buffer => createHash('sha256').update(part).digest();
      const der = sign('sha256', Buffer.concat([half(ORIGIN), half(NONCE)]), card.privateKey);
      await assertRefused(
        present(pki, { ...signToken(card), signature: der.toString('base64') }),
        'ERR_SIGNATURE_INVALID',
      );
    });

    it('when the signature is all zeros', async () => {
      const zeros = Buffer.alloc(64).toString('base64');
      await assertRefused(present(pki, { ...signToken(card), signature: zeros }), 'ERR_SIGNATURE_INVALID');
    });

    it('when the key is of less than 2048 bits', async () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const weak = await issueAnna(pki, { key: { publicKey, privateKey: card.privateKey } });
      const token = { ...signToken(weak, { algorithm: 'ES256' }), algorithm: 'RS256' };
      await assertRefused(present(pki, token), 'ERR_CERTIFICATE_KEY_UNSUPPORTED');
    });
  });
});

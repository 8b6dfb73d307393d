import assert from 'node:assert/strict';
import { createRoot, issueCertificate } from '../../demo/pki/certificate-authority.ts';
import { createKeyPair } from '../../demo/pki/keys.ts';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { type TestPki } from '../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../demo/pki/policies.ts';
import { createTokenVerifier, type TokenVerifierOptions } from '../../relying-party/src/index.ts';
import { createPki, ISSUED_AT, issueAnna, NOW, present, signToken, siteOptions } from './login-fixture.ts';

describe('the configuration of a token verifier', () => {
  let pki: TestPki;
  before(async () => {
    pki = await createPki();
  });
  const assertRefused = (changes: Partial<TokenVerifierOptions>, message: RegExp): void => {
    assert.throws(
      () => createTokenVerifier({ ...siteOptions(pki), ...changes }),
      (error: unknown) => error instanceof TypeError && message.test(error.message),
    );
  };

  it('takes certificates as PEM as well', async () => {
    const holder = await present(pki, signToken(await issueAnna(pki)), {
      roots: [pemCertificate(pki.root)],
      trustedIssuers: [{ certificate: `\n${pemCertificate(pki.issuers.hsaId3)}\n`, assuranceLevel: 3 }],
    });
    assert.equal(holder.name, 'Anna Testsson');
  });

  it('takes an origin only as browsers write it', () => {
    for (const origin of [
      'https://journal.example.org/',
      'https://journal.example.org/login',
      'https://JOURNAL.example.org',
      'https://journal.example.org:443',
      'https://user@journal.example.org',
      'journal.example.org',
      'null',
      '',
      `https://${'a.'.repeat(130)}org`,
    ]) {
      assertRefused({ origin }, /^origin must be as browsers write it/);
    }
    for (const origin of ['http://journal.example.org', 'http://localhost.example.org', 'ws://localhost']) {
      assertRefused({ origin }, /^origin must be/);
    }
    for (const origin of ['https://journal.localhost:8443', 'http://localhost:8080', 'http://recept.localhost']) {
      assert.ok(createTokenVerifier({ ...siteOptions(pki), origin }));
    }
  });

  it('names at least one root and one issuer', () => {
    assertRefused({ roots: [] }, /at least one/);
    assertRefused({ trustedIssuers: [] }, /at least one/);
  });

  it('says which certificate does not parse', () => {
    assertRefused({ roots: [pki.root, new Uint8Array([1, 2, 3])] }, /^roots\[1\] is not one certificate/);
    assertRefused({ roots: ['not PEM'] }, /^roots\[0\] is not one certificate/);
    const bundle = pemCertificate(pki.root) + pemCertificate(pki.issuers.id3);
    assertRefused({ roots: [bundle] }, /^roots\[0\] is not one certificate/);
  });

  it('says which issuer does not belong to a root', async () => {
    const other = await createPki();
    const trustedIssuers = [{ certificate: other.issuers.hsaId3, assuranceLevel: 3 }] as const;
    assertRefused({ trustedIssuers }, /^trustedIssuers\[0\] is not issued by any of the roots/);
  });

  it('takes no holder for a CA', async () => {
    const { certificate } = await issueAnna(pki);
    assertRefused({ trustedIssuers: [{ certificate, assuranceLevel: 3 }] }, /^trustedIssuers\[0\] is not a CA/);
  });

  it('takes no CA beneath a root that may have none', async () => {
    const [rootKeys, keys] = [await createKeyPair('ec-p256'), await createKeyPair('ec-p256')];
    const validity = { notBefore: ISSUED_AT, notAfter: new Date(NOW + 1e9), keyUsage: ['keyCertSign'] } as const;
    const root = await createRoot({ subject: [['CN', 'Root']], authority: { pathLength: 0 }, ...validity }, rootKeys);
    const certificate = await issueCertificate(root, { subject: [['CN', 'CA']], authority: {}, ...validity }, keys);
    assertRefused(
      { roots: [root.certificate], trustedIssuers: [{ certificate, assuranceLevel: 3 }] },
      /is not issued by any of the roots/,
    );
  });

  it('knows the levels 1 to 4 and object identifiers', () => {
    const level = 5 as unknown as 3;
    assertRefused({ minimumLevel: level }, /^minimumLevel/);
    assertRefused(
      { trustedIssuers: [{ certificate: pki.issuers.id3, assuranceLevel: level }] },
      /assuranceLevel must be/,
    );
    assertRefused({ assuranceLevels: {} }, /at least one policy/);
    assertRefused({ assuranceLevels: { 'SITHS 3': 3 } }, /is not an object identifier/);
    assertRefused({ assuranceLevels: { [TEST_POLICY.personHsaId3]: level } }, /the level of 2\.999/);
  });
});

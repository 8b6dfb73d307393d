import assert from 'node:assert/strict';
import { issueCertificate } from '../../demo/pki/certificate-authority.ts';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { EXTENDED_KEY_USAGE, type Issued, type TestPki } from '../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../demo/pki/policies.ts';
import { assertRefused, createPki, DAY_MS, issueAnna, NOW, present, signToken, siteOptions } from './login-fixture.ts';

describe('the token verifier refuses a certificate', () => {
  let pki: TestPki;
  let card: Issued;
  before(async () => {
    pki = await createPki();
    card = await issueAnna(pki);
  });

  it('that has expired, and accepts it in its last second', async () => {
    const token = signToken(card);
    const end = Date.parse('2028-02-29T11:00:00Z');
    assert.equal((await present(pki, token, { clock: () => end })).name, 'Anna Testsson');
    await assertRefused(present(pki, token, { clock: () => end + 1 }), 'ERR_CERTIFICATE_EXPIRED');
  });

  it('that is not valid yet', async () => {
    const notBefore = new Date(NOW + DAY_MS);
    await assertRefused(present(pki, signToken(await issueAnna(pki, { notBefore }))), 'ERR_CERTIFICATE_NOT_YET_VALID');
  });

  it('from an unknown issuer with the same name', async () => {
    const impostor = await createPki();
    await assertRefused(present(pki, signToken(await issueAnna(impostor))), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('from an issuer of the same PKI that the site does not trust', async () => {
    const trustedIssuers = siteOptions(pki).trustedIssuers.slice(1);
    await assertRefused(present(pki, signToken(card), { trustedIssuers }), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('that a holder has issued with the own card', async () => {
    const certificate = await issueCertificate(
      { keys: card, certificate: card.certificate },
      {
        subject: [
          ['CN', 'Mallory'],
          ['serialNumber', 'SE0000000000-9ZZZ'],
        ],
        notBefore: new Date(NOW - DAY_MS),
        notAfter: new Date(NOW + DAY_MS),
        keyUsage: ['digitalSignature'],
        policies: [TEST_POLICY.personHsaId3],
      },
      card,
    );
    await assertRefused(present(pki, signToken({ ...card, certificate })), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('when the CA above it has expired', async () => {
    const notAfter = new Date('2040-01-01T00:00:00Z');
    const token = signToken(await issueAnna(pki, { notAfter }));
    const clock = (): number => Date.parse('2037-01-01T00:00:00Z');
    await assertRefused(present(pki, token, { clock }), 'ERR_ISSUER_NOT_VALID');
  });

  it('for signatures: nonRepudiation alone', async () => {
    const token = signToken(await issueAnna(pki, { kind: 'signature' }));
    await assertRefused(present(pki, token), 'ERR_CERTIFICATE_PURPOSE');
  });

  it('without a word about key usage', async () => {
    await assertRefused(present(pki, signToken(await issueAnna(pki, { keyUsage: [] }))), 'ERR_CERTIFICATE_PURPOSE');
  });

  it('for servers: another extended key usage', async () => {
    const issued = await issueAnna(pki, { extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth] });
    await assertRefused(present(pki, signToken(issued)), 'ERR_CERTIFICATE_PURPOSE');
  });

  it('that may sign certificates itself', async () => {
    const issued = await issueAnna(pki, { keyUsage: ['digitalSignature', 'keyCertSign'] });
    await assertRefused(present(pki, signToken(issued)), 'ERR_CERTIFICATE_PURPOSE');
  });

  it('that says it is a CA, even without the key usage of one', async () => {
    const certificate = await issueCertificate(
      pki.authorities.issuers.hsaId3,
      {
        subject: [
          ['CN', 'Mallory'],
          ['serialNumber', 'SE0000000000-9ZZZ'],
        ],
        notBefore: new Date(NOW - DAY_MS),
        notAfter: new Date(NOW + DAY_MS),
        keyUsage: ['digitalSignature'],
        policies: [TEST_POLICY.personHsaId3],
        authority: {},
      },
      card,
    );
    await assertRefused(present(pki, signToken({ ...card, certificate })), 'ERR_CERTIFICATE_PURPOSE');
  });

  it('of an issuing CA', async () => {
    const { keys, certificate } = pki.authorities.issuers.hsaId3;
    await assertRefused(present(pki, signToken({ ...keys, certificate, chain: [] })), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('with a critical extension that is not understood', async () => {
    const extensions = [{ oid: '2.999.1', critical: true, value: new Uint8Array([0x05, 0x00]) }];
    await assertRefused(present(pki, signToken(await issueAnna(pki, { extensions }))), 'ERR_CERTIFICATE_MALFORMED');
  });

  it('with the same extension twice', async () => {
    const keyUsage = { oid: '2.5.29.15', critical: true, value: new Uint8Array([0x03, 0x02, 0x07, 0x80]) };
    const issued = await issueAnna(pki, { extensions: [keyUsage] });
    await assertRefused(present(pki, signToken(issued)), 'ERR_CERTIFICATE_MALFORMED');
  });

  it('with something behind its end', async () => {
    const certificate = Buffer.concat([card.certificate, Buffer.from([0])]);
    await assertRefused(present(pki, signToken({ ...card, certificate })), 'ERR_CERTIFICATE_MALFORMED');
  });

  it('that the issuer has signed with SHA-1', async () => {
    const token = signToken(await issueAnna(pki, { signatureHash: 'SHA-1' }));
    await assertRefused(present(pki, token), 'ERR_CERTIFICATE_UNTRUSTED');
  });

  it('in PEM instead of DER', async () => {
    const certificate = Buffer.from(pemCertificate(card.certificate));
    await assertRefused(present(pki, signToken({ ...card, certificate })), 'ERR_CERTIFICATE_MALFORMED');
  });
});

import 'reflect-metadata';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { createKeyPair } from '../../demo/pki/keys.ts';
import { anna, bertil, cecilia, PERSONS } from '../../demo/pki/persons.ts';
import {
  createTestPki,
  EXTENDED_KEY_USAGE,
  ISSUER_NAME,
  type Issued,
  spkiSha256,
  type TestPki,
} from '../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS, TEST_POLICY, TEST_POLICY_ARC } from '../../demo/pki/policies.ts';

const parse = (der: Uint8Array): X509Certificate => new X509Certificate(der);
const policiesOf = (der: Uint8Array): readonly string[] => [
  ...(new x509.X509Certificate(new Uint8Array(der)).getExtension(x509.CertificatePolicyExtension)?.policies ?? []),
];
const usagesOf = (der: Uint8Array): number | undefined =>
  new x509.X509Certificate(new Uint8Array(der)).getExtension(x509.KeyUsagesExtension)?.usages;

describe('the test PKI', () => {
  let pki: TestPki;
  let annaHsa: Issued;
  before(async () => {
    pki = await createTestPki({ keyKind: 'ec-p256', now: () => new Date('2026-03-01T12:00:00.400Z') });
    annaHsa = await pki.issuePerson({ person: anna, kind: 'authentication', identity: 'hsa-id', key: 'rsa-2048' });
  });

  it('has issuing CAs that chain to the root and may sign certificates', () => {
    const root = parse(pki.root);
    assert.ok(root.verify(root.publicKey));
    for (const [key, der] of Object.entries(pki.issuers)) {
      const issuer = parse(der);
      assert.ok(issuer.ca && issuer.checkIssued(root) && issuer.verify(root.publicKey), key);
    }
    assert.equal(usagesOf(pki.issuers.id3), x509.KeyUsageFlags.keyCertSign + x509.KeyUsageFlags.cRLSign);
  });

  it('issues an authentication certificate with the HSA-id, the names, the title and the organisation', () => {
    const certificate = parse(annaHsa.certificate);
    assert.equal(
      certificate.subject,
      'C=SE\nO=Testkliniken (demo)\nCN=Anna Testsson\nSN=Testsson\nGN=Anna\ntitle=Läkare\nserialNumber=SE0000000000-1ABC',
    );
    assert.match(certificate.issuer, /CN=TEST SITHS e-id Person HSA-id 3 CA v1$/);
    assert.deepEqual(certificate.keyUsage, [EXTENDED_KEY_USAGE.clientAuth, EXTENDED_KEY_USAGE.smartCardLogon]);
    assert.equal(usagesOf(annaHsa.certificate), x509.KeyUsageFlags.digitalSignature);
    assert.deepEqual(policiesOf(annaHsa.certificate), [TEST_POLICY.personHsaId3]);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    assert.ok(certificate.checkPrivateKey(annaHsa.privateKey));
    assert.ok(certificate.verify(parse(pki.issuers.hsaId3).publicKey));
    assert.deepEqual(annaHsa.chain, [pki.issuers.hsaId3]);
  });

  it('issues a personal-number certificate for the same key, without an organisation', async () => {
    const issued = await pki.issuePerson({
      person: anna,
      kind: 'authentication',
      identity: 'personal-number',
      key: annaHsa,
    });
    const certificate = parse(issued.certificate);
    assert.match(certificate.subject, /serialNumber=199001012385$/);
    assert.doesNotMatch(certificate.subject, /^O=/m);
    assert.match(certificate.issuer, /CN=TEST SITHS e-id Person ID 3 CA v1$/);
    assert.ok(certificate.checkPrivateKey(annaHsa.privateKey));
  });

  it('refuses a personal-number certificate for a person without a personal number', async () => {
    const request = pki.issuePerson({ person: bertil, kind: 'authentication', identity: 'personal-number' });
    await assert.rejects(request, /has no personal number/);
  });

  it('issues a signature certificate with nonRepudiation alone', async () => {
    const { certificate } = await pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id' });
    assert.equal(usagesOf(certificate), x509.KeyUsageFlags.nonRepudiation);
    assert.equal(
      new x509.X509Certificate(new Uint8Array(certificate)).getExtension(x509.ExtendedKeyUsageExtension),
      null,
    );
  });

  it('issues a reserve card of level 2 for two weeks', async () => {
    const { certificate } = await pki.issuePerson({ person: cecilia, kind: 'authentication', identity: 'hsa-id' });
    const { issuer, validFrom, validTo } = parse(certificate);
    assert.match(issuer, new RegExp(`CN=${ISSUER_NAME.hsaId2}$`));
    assert.deepEqual(policiesOf(certificate), [TEST_POLICY.personHsaId2]);
    assert.equal(new Date(validFrom).toISOString(), '2026-03-01T11:00:00.000Z');
    assert.equal(new Date(validTo).toISOString(), '2026-03-15T11:00:00.000Z');
  });

  it('issues what an honest authority would not, when a test asks for it', async () => {
    const { certificate } = await pki.issuePerson({
      person: anna,
      kind: 'authentication',
      identity: 'hsa-id',
      issuer: 'hsaId2',
      policies: [TEST_POLICY.personHsaId3],
      keyUsage: ['keyEncipherment', 'nonRepudiation'],
      extendedKeyUsage: [EXTENDED_KEY_USAGE.serverAuth],
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2021-01-01T00:00:00Z'),
      subject: [['CN', '\u202eevil <b>']],
    });
    const { issuer, validTo, keyUsage, subject } = parse(certificate);
    assert.match(issuer, /HSA-id 2/);
    assert.equal(new Date(validTo).getUTCFullYear(), 2021);
    assert.deepEqual(keyUsage, [EXTENDED_KEY_USAGE.serverAuth]);
    assert.equal(usagesOf(certificate), x509.KeyUsageFlags.keyEncipherment + x509.KeyUsageFlags.nonRepudiation);
    assert.equal(subject, 'CN=\u202eevil \\<b\\>');
  });

  it('makes an impostor with the same names and other keys when made twice', async () => {
    const impostor = await createTestPki({ keyKind: 'ec-p256' });
    const [theirs, ours] = [parse(impostor.issuers.hsaId3), parse(pki.issuers.hsaId3)];
    assert.equal(theirs.subject, ours.subject);
    assert.equal(parse(annaHsa.certificate).verify(theirs.publicKey), false);
  });

  it('issues server certificates for names and addresses, under a root of their own', async () => {
    const key = await createKeyPair('ec-p256');
    const server = await pki.issueServer(
      ['journal.localhost', 'recept.localhost', 'localhost', '127.0.0.1', '::1'],
      key,
    );
    const certificate = parse(server.certificate);
    assert.equal(certificate.checkHost('recept.localhost'), 'recept.localhost');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.checkHost('example.org'), undefined);
    assert.ok(certificate.verify(parse(pki.tlsRoot).publicKey));
    assert.equal(certificate.verify(parse(pki.root).publicKey), false);
    assert.match(spkiSha256(server.publicKey), /^[A-Za-z0-9+/]{43}=$/);
  });

  it('keeps all its policies under an arc that is for examples', () => {
    assert.ok(TEST_POLICY_ARC.startsWith('2.999.'));
    for (const [oid, level] of Object.entries(TEST_ASSURANCE_LEVELS)) {
      assert.ok(oid.startsWith(`${TEST_POLICY_ARC}.${level}.`), oid);
    }
  });

  it('has people whose HSA-ids are plainly invented', () => {
    for (const { hsaId } of PERSONS) assert.match(hsaId, /^SE0000000000-\w{4}$/);
  });
});

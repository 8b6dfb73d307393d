// Reading a certificate from a card: honest ones of the test PKI, and ones that no authority would issue.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { identityForm, parseCertificate } from '../../../agent/certificates/certificate.ts';
import { isOutsideValidity } from '../../../agent/certificates/choose.ts';
import { anna, bertil } from '../../../demo/pki/persons.ts';
import { createTestPki, ISSUER_NAME, type PersonRequest, type TestPki } from '../../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../../demo/pki/policies.ts';
import * as der from './der.ts';

const { certificateOf, digitalSignature, extension, sequence } = der;
const usage = (...extensions: Uint8Array[]) => parseCertificate(certificateOf({ extensions }))?.usage;
const extendedUsage = (...purposes: string[]) => extension('2.5.29.37', sequence(...purposes.map(der.oid)));

describe('A certificate from a card', () => {
  let pki: TestPki;
  const issue = async (changes: Partial<PersonRequest> = {}) => {
    const request = { person: anna, kind: 'authentication', identity: 'hsa-id', ...changes } as const;
    return (await pki.issuePerson(request)).certificate;
  };
  before(async () => {
    pki = await createTestPki({ keyKind: 'ec-p256', now: () => new Date('2026-03-01T12:00:00Z') });
  });

  it('is read: holder, organisation, identity, issuer, validity, use, policies', async () => {
    const bytes = await issue();
    const { publicKey, ...rest } = parseCertificate(bytes)!;
    assert.deepEqual(rest, {
      der: bytes,
      fingerprint: createHash('sha256').update(bytes).digest('hex'),
      holder: 'Anna Testsson',
      organisation: 'Testkliniken (demo)',
      holderId: 'SE0000000000-1ABC',
      identity: 'hsa-id',
      issuer: ISSUER_NAME.hsaId3,
      serial: new X509Certificate(bytes).serialNumber,
      notBefore: new Date('2026-03-01T11:00:00Z'),
      notAfter: new Date('2028-02-29T11:00:00Z'),
      usage: 'authentication',
      policies: [TEST_POLICY.personHsaId3],
    });
    assert.equal(publicKey.asymmetricKeyType, 'ec');
  });

  it('with the personal number has no organisation', async () => {
    const certificate = parseCertificate(await issue({ identity: 'personal-number' }));
    assert.deepEqual(
      [certificate?.identity, certificate?.holderId, certificate?.organisation, certificate?.issuer],
      ['personal-number', '199001012385', '', ISSUER_NAME.id3],
    );
  });

  it('for signatures is one, also when it could authenticate too', async () => {
    assert.equal(parseCertificate(await issue({ kind: 'signature' }))?.usage, 'signature');
    const both = await issue({ keyUsage: ['digitalSignature', 'nonRepudiation'] });
    assert.equal(parseCertificate(both)?.usage, 'signature');
  });

  it('that has expired is read, and is known to have', async () => {
    const [notBefore, notAfter] = [new Date('2024-01-01T00:00:00Z'), new Date('2024-12-31T23:59:59Z')];
    const certificate = parseCertificate(await issue({ person: bertil, notBefore, notAfter }))!;
    const times: [string, boolean][] = [
      ['2023-12-31T23:59:59Z', true],
      ['2024-01-01T00:00:00Z', false],
      ['2024-12-31T23:59:59Z', false],
      ['2025-01-01T00:00:00Z', true],
    ];
    for (const [time, outside] of times) assert.equal(isOutsideValidity(certificate, new Date(time)), outside, time);
  });

  it('of an authority is no use here', () => {
    assert.equal(parseCertificate(pki.root)?.usage, 'other');
    assert.equal(parseCertificate(pki.issuers.hsaId3)?.usage, 'other');
  });

  it('with a key that is too weak, or of another kind, is read: who uses it decides', () => {
    const spki = (key: ReturnType<typeof generateKeyPairSync>['publicKey']) =>
      Buffer.from((key as unknown as { export(o: object): Buffer }).export({ type: 'spki', format: 'der' }));
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const edwards = generateKeyPairSync('ed25519').publicKey;
    assert.equal(
      parseCertificate(certificateOf({ publicKey: spki(weak) }))?.publicKey.asymmetricKeyDetails?.modulusLength,
      1024,
    );
    assert.equal(parseCertificate(certificateOf({ publicKey: spki(edwards) }))?.publicKey.asymmetricKeyType, 'ed25519');
  });

  describe('is for', () => {
    const clientAuthentication = '1.3.6.1.5.5.7.3.2';
    const nonRepudiation = extension('2.5.29.15', Buffer.from([3, 2, 6, 0xc0]));
    const cases: [string, Uint8Array[], string][] = [
      ['digitalSignature', [digitalSignature], 'authentication'],
      ['digitalSignature and clientAuth', [digitalSignature, extendedUsage(clientAuthentication)], 'authentication'],
      ['digitalSignature and anyExtendedKeyUsage', [digitalSignature, extendedUsage('2.5.29.37.0')], 'authentication'],
      ['digitalSignature and only serverAuth', [digitalSignature, extendedUsage('1.3.6.1.5.5.7.3.1')], 'other'],
      ['digitalSignature and an empty extKeyUsage', [digitalSignature, extendedUsage()], 'other'],
      ['nonRepudiation beside it', [nonRepudiation, extendedUsage(clientAuthentication)], 'signature'],
      ['no keyUsage', [], 'other'],
      ['no keyUsage but clientAuth', [extendedUsage(clientAuthentication)], 'other'],
      ['a keyUsage without bits', [extension('2.5.29.15', Buffer.from([3, 1, 0]))], 'other'],
      ['a keyUsage that is no bit string', [extension('2.5.29.15', der.integer(0x80))], 'other'],
      ['keyEncipherment alone', [extension('2.5.29.15', Buffer.from([3, 2, 5, 0x20]))], 'other'],
    ];
    for (const [name, extensions, expected] of cases) {
      it(`${expected}: ${name}`, () => assert.equal(usage(...extensions), expected));
    }
  });

  const forms: [string, string][] = [
    ['SE0000000000-1ABC', 'hsa-id'],
    ['TSTNMT2321000156-10NG', 'hsa-id'],
    ['SE162321000000-1ABC', 'hsa-id'],
    ['SE0000000000-', 'other'],
    ['SE0000000000-1abc', 'other'],
    ['SE000000000-1ABC', 'other'],
    [`SE0000000000-${'A'.repeat(19)}`, 'other'],
    ['se0000000000-1ABC', 'other'],
    [' SE0000000000-1ABC', 'other'],
    ['SE0000000000-1ABC\n', 'other'],
    ['199001012385', 'personal-number'],
    ['9001012385', 'other'],
    ['19900101-2385', 'other'],
    ['1990010123850', 'other'],
    ['１９９００１０１２３８５', 'other'],
    ['PNOEE-38001085718', 'other'],
    ['', 'other'],
  ];

  for (const [text, form] of forms) {
    it(`takes "${text}" for ${form}`, () => assert.equal(identityForm(text), form));
  }

  it('with many policies gives the first 32', () => {
    const policies = Array.from({ length: 40 }, (_, i) => sequence(der.oid(`1.2.752.${i + 1}`)));
    const certificate = parseCertificate(
      certificateOf({ extensions: [digitalSignature, extension('2.5.29.32', sequence(...policies))] }),
    );
    assert.equal(certificate?.policies.length, 32);
    assert.equal(certificate.policies[1], '1.2.752.2');
  });

  it('with an extension that holds anything else is read', () => {
    const strange = extension('1.2.3.4', Buffer.from('no DER at all'));
    assert.equal(usage(digitalSignature, strange), 'authentication');
  });
});

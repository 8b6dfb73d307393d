// Reading a certificate from a card: honest ones of the test PKI, and ones that no authority would issue.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { identityForm, parseCertificate } from '../../../agent/certificates/certificate.ts';
import { isOutsideValidity } from '../../../agent/certificates/choose.ts';
import { anna, bertil } from '../../../demo/pki/persons.ts';
import { createTestPki, ISSUER_NAME, type PersonRequest, type TestPki } from '../../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../../demo/pki/policies.ts';
import * as der from './der.ts';

const { certificateOf, digitalSignature, extension, sequence, tlv } = der;
const subject = (commonName: Uint8Array, ...more: (readonly [string, Uint8Array])[]) =>
  der.name([der.commonName, commonName], [der.serialNumber, der.printable('SE0000000000-1ABC')], ...more);
const named = (commonName: Uint8Array) => parseCertificate(certificateOf({ subject: subject(commonName) }));
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

  describe('is not readable when', () => {
    const cases: [string, () => Uint8Array][] = [
      ['it is empty', () => new Uint8Array()],
      ['it is text', () => Buffer.from('certificate of anna')],
      [
        'it is PEM',
        () =>
          Buffer.from(
            `-----BEGIN CERTIFICATE-----\n${certificateOf().toString('base64')}\n-----END CERTIFICATE-----\n`,
          ),
      ],
      ['a byte follows it', () => Buffer.concat([certificateOf(), Buffer.of(0)])],
      ['another certificate follows it', () => Buffer.concat([certificateOf(), certificateOf()])],
      ['its last byte is missing', () => certificateOf().subarray(0, -1)],
      ['it is of version 1', () => certificateOf({ version: undefined, extensions: [] })],
      ['it is of version 2', () => certificateOf({ version: der.integer(1) })],
      ['it is of a version to come', () => certificateOf({ version: der.integer(3) })],
      ['keyUsage stands twice', () => certificateOf({ extensions: [digitalSignature, digitalSignature] })],
      [
        'an unknown extension stands twice',
        () =>
          certificateOf({ extensions: [digitalSignature, extension('1.2.3.4', tlv(5)), extension('1.2.3.4', tlv(5))] }),
      ],
      ['keyUsage is no DER', () => certificateOf({ extensions: [extension('2.5.29.15', Buffer.from('ja'))] })],
      [
        'bytes follow in keyUsage',
        () => certificateOf({ extensions: [extension('2.5.29.15', Buffer.from([3, 2, 7, 0x80, 0]))] }),
      ],
      [
        'extKeyUsage is no list',
        () => certificateOf({ extensions: [digitalSignature, extension('2.5.29.37', der.integer(1))] }),
      ],
      [
        'policies are no list',
        () => certificateOf({ extensions: [digitalSignature, extension('2.5.29.32', der.integer(1))] }),
      ],
      [
        'it names two holders',
        () => certificateOf({ subject: subject(der.utf8('Anna'), [der.commonName, der.utf8('Bertil')]) }),
      ],
      [
        'it names two identities',
        () => certificateOf({ subject: subject(der.utf8('Anna'), [der.serialNumber, der.printable('199001012385')]) }),
      ],
      ['the name is no text', () => certificateOf({ subject: subject(der.integer(5)) })],
      ['the name is broken UTF-8', () => certificateOf({ subject: subject(tlv(0x0c, Buffer.of(0xff, 0xfe))) })],
      ['its end is no date', () => certificateOf({ notAfter: tlv(0x17, Buffer.from('28zz01110000Z')) })],
      [
        'its key is of no kind that is known',
        () => certificateOf({ publicKey: sequence(sequence(der.oid('1.2.3.4')), tlv(3, Buffer.of(0, 1))) }),
      ],
      [
        'its point is not on the curve',
        () => certificateOf({ publicKey: Buffer.from(der.p256.map((byte, i) => (i > 60 ? 1 : byte))) }),
      ],
    ];
    for (const [name, bytes] of cases) it(name, () => assert.equal(parseCertificate(bytes()), undefined));

    it('nothing: the one that these are made from is', () =>
      assert.equal(parseCertificate(certificateOf())?.usage, 'authentication'));
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

  describe('shows a name', () => {
    const cases: [string, Uint8Array, string][] = [
      ['in UTF-8', der.utf8('Åsa Öberg-Test'), 'Åsa Öberg-Test'],
      ['in UTF-16', der.bmp('Åsa Öberg'), 'Åsa Öberg'],
      ['in Latin-1', tlv(0x14, Buffer.from('Åsa', 'latin1')), 'Åsa'],
      ['without a line end', der.utf8('Anna\r\n\u2028Testsson'), 'Anna Testsson'],
      ['without zero bytes', der.utf8('Anna\0Testsson'), 'AnnaTestsson'],
      ['without bidirectional marks', der.utf8('Anna \u202enosstset\u202c \u2066x\u2069\u200f'), 'Anna nosstset x'],
      [
        'without markup',
        der.utf8('<b>Anna</b> & <img src=x onerror=alert(1)>'),
        'bAnna/b & img src=x onerror=alert(1)',
      ],
      ['that is only invisible as nothing', der.utf8('\u200b\u3164\u2800\u00ad'), ''],
      ['bounded', der.utf8('x'.repeat(5000)), `${'x'.repeat(99)}…`],
    ];
    for (const [name, value, expected] of cases) it(name, () => assert.equal(named(value)?.holder, expected));
  });

  it('tells the identity by the exact text, not by what is left when it has been cleaned', () => {
    const hidden = der.name(
      [der.commonName, der.utf8('Anna')],
      [der.serialNumber, der.utf8('SE0000000000-1A\u200bBC')],
    );
    const certificate = parseCertificate(certificateOf({ subject: hidden }));
    assert.deepEqual([certificate?.identity, certificate?.holderId], ['other', 'SE0000000000-1ABC']);
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

  it('of the largest size and the worst build takes a moment, and no stack', () => {
    const nested = (head: number[], times: number) =>
      Buffer.concat(Array.from({ length: times }, () => Buffer.from(head)));
    let deep: Uint8Array = new Uint8Array();
    for (let i = 0; i < 1500; i++) deep = sequence(deep);
    const worst = [deep, nested([0x30, 0x80], 3500), sequence(nested([5, 0], 3500)), nested([0x24, 0x80], 3500)];
    for (const value of worst) {
      for (const type of ['1.2.3.4', '2.5.29.15', '2.5.29.32', '2.5.29.37']) {
        const bytes = certificateOf({ extensions: [extension(type, value)] });
        const started = performance.now();
        parseCertificate(bytes);
        assert.ok(performance.now() - started < 1_000);
      }
    }
  });

  it('that has been tampered with never throws, and what is read of it is fit to be shown', async () => {
    const originals = [await issue(), await issue({ kind: 'signature' }), certificateOf()].map((one) =>
      Buffer.from(one),
    );
    const mutation = fc.record({
      which: fc.integer({ min: 0, max: 2 }),
      at: fc.nat(4_000),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
      kind: fc.constantFrom('overwrite', 'insert', 'remove'),
    });
    const texts = (certificate: ReturnType<typeof parseCertificate>) =>
      certificate === undefined
        ? []
        : [certificate.holder, certificate.organisation, certificate.holderId, certificate.issuer];
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let bytes = Buffer.from(originals[mutations[0]?.which ?? 0] ?? []);
        for (const { at, bytes: inserted, kind } of mutations) {
          const place = at % (bytes.length + 1);
          const rest = kind === 'insert' ? place : place + inserted.length;
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            kind === 'remove' ? Buffer.alloc(0) : inserted,
            bytes.subarray(rest),
          ]);
        }
        const started = performance.now();
        const certificate = parseCertificate(bytes);
        assert.ok(performance.now() - started < 1_000);
        for (const text of texts(certificate)) {
          assert.ok(
            text.length <= 200 && text.isWellFormed() && !/[\p{C}\p{Zl}\p{Zp}<>]/u.test(text),
            JSON.stringify(text),
          );
        }
        if (certificate !== undefined) assert.ok(!Number.isNaN(certificate.notAfter.getTime()));
      }),
      { numRuns: 1500 },
    );
  });
});

// Certificates that no authority would issue: unreadable or harmless, in bounded time, whatever is in them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCertificate } from '../../../agent/certificates/certificate.ts';
import { anna } from '../../../demo/pki/persons.ts';
import { createTestPki, type PersonRequest, type TestPki } from '../../../demo/pki/pki.ts';
import * as der from './der.ts';

const { certificateOf, digitalSignature, extension, sequence, tlv } = der;
const subject = (commonName: Uint8Array, ...more: (readonly [string, Uint8Array])[]) =>
  der.name([der.commonName, commonName], [der.serialNumber, der.printable('SE0000000000-1ABC')], ...more);
const named = (commonName: Uint8Array) => parseCertificate(certificateOf({ subject: subject(commonName) }));

describe('A hostile certificate', () => {
  let pki: TestPki;
  const issue = async (changes: Partial<PersonRequest> = {}) => {
    const request = { person: anna, kind: 'authentication', identity: 'hsa-id', ...changes } as const;
    return (await pki.issuePerson(request)).certificate;
  };
  before(async () => {
    pki = await createTestPki({ keyKind: 'ec-p256', now: () => new Date('2026-03-01T12:00:00Z') });
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

// Revocation: openssl answers for the responder and makes the list; what is not signed by the issuer or its responder, is about
// another certificate, or out of its time, is refused. Lists of other kinds are made by hand.
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { signatureIdentifier } from '../../../agent/signatures/algorithm.ts';
import { certificateParts } from '../../../agent/signatures/certificate-parts.ts';
import {
  contextTag,
  element,
  objectIdentifier,
  octetString,
  sequence,
  smallInteger,
  tag,
  time,
  unsignedInteger,
} from '../../../agent/signatures/der.ts';
import {
  crlEnds,
  ocspRequest,
  ocspResponseEnds,
  readCrl,
  readOcspResponse,
} from '../../../agent/signatures/revocation.ts';
import { SignatureError } from '../../../agent/signatures/signature-error.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';
import { bitFlips, cutOff, nested } from './mutations.ts';

const day = 86_400_000;
const later = (days: number): Date => new Date(Date.now() + days * day);
const critical = Uint8Array.of(tag.boolean, 1, 0xff);

describe('Revocation', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let other: TestAuthority;
  let good: Issued;
  let revoked: Issued;
  let issuer: Uint8Array;

  before(async () => {
    [authority, other] = await Promise.all([TestAuthority.create(), TestAuthority.create()]);
    [good, revoked] = await Promise.all([
      authority.issueSigner({ key: 'ec-p256' }),
      authority.issueSigner({ key: 'ec-p256', commonName: 'Bertil Provsson' }),
    ]);
    await authority.revoke(revoked.certificate);
    issuer = authority.issuer;
  });
  after(() => Promise.all([authority.close(), other.close()]));

  function refuses(read: () => unknown, reason?: RegExp): void {
    assert.throws(read, (error) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, 'ERR_SIGNATURE_REVOCATION');
      if (reason !== undefined) assert.match(error.reason, reason);
      return true;
    });
  }

  describe('by OCSP', () => {
    const ask = (certificate: Uint8Array, signer?: 'ca' | 'tsa'): Promise<Uint8Array> =>
      authority.ocsp(ocspRequest(certificate, issuer), signer);

    it('tells good, revoked and unknown apart', async () => {
      const stranger = await other.issueSigner({ key: 'ec-p256' });
      assert.equal(readOcspResponse(await ask(good.certificate), good.certificate, issuer, new Date()), 'good');
      assert.equal(
        readOcspResponse(await ask(revoked.certificate), revoked.certificate, issuer, new Date()),
        'revoked',
      );
      assert.equal(
        readOcspResponse(await ask(stranger.certificate), stranger.certificate, issuer, new Date()),
        'unknown',
      );
    });

    it('is believed of the issuer itself, and of nobody whom it has not named a responder', async () => {
      const own = await ask(good.certificate, 'ca');
      assert.equal(readOcspResponse(own, good.certificate, issuer, new Date()), 'good');
      const wrong = await ask(good.certificate, 'tsa');
      refuses(() => readOcspResponse(wrong, good.certificate, issuer, new Date()), /not signed by the issuer/);
      const foreign = await other.ocsp(ocspRequest(good.certificate, other.issuer));
      refuses(() => readOcspResponse(foreign, good.certificate, issuer, new Date()), /not signed by the issuer/);
    });

    it('says until when it may be kept', async () => {
      const ends = ocspResponseEnds(await ask(good.certificate)).getTime();
      assert.ok(Math.abs(ends - later(1).getTime()) < 60_000);
      refuses(() => ocspResponseEnds(Buffer.from('30030a0103', 'hex')), /no answer/);
    });

    it('is not believed when it is longer than a verifier takes it, and is not gone through', () => {
      const when = element(tag.generalizedTime, Buffer.from('20261101000000Z'));
      const singles = Buffer.concat(Array.from({ length: 3_000 }, () => sequence(sequence(), element(0x80), when)));
      const data = sequence(element(contextTag(2), octetString(new Uint8Array(20))), when, sequence(singles));
      const basic = sequence(data, signatureIdentifier('ES256'), element(tag.bitString, new Uint8Array(71)));
      const bytes = sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.1'), octetString(basic));
      const long = sequence(element(tag.enumerated, Uint8Array.of(0)), element(contextTag(0), bytes));
      refuses(() => readOcspResponse(long, good.certificate, issuer, new Date()), /longer/);
      refuses(() => ocspResponseEnds(long), /longer/);
    });

    it('is not believed about another certificate, too early or too late', async () => {
      const answer = await ask(good.certificate);
      refuses(() => readOcspResponse(answer, revoked.certificate, issuer, new Date()));
      refuses(() => readOcspResponse(answer, good.certificate, issuer, later(2)), /out of date/);
      refuses(() => readOcspResponse(answer, good.certificate, issuer, later(-0.5)), /future/);
    });

    it('without an answer, cut off, or nested without end is refused', async () => {
      const answer = await ask(good.certificate);
      refuses(
        () => readOcspResponse(Buffer.from('30030a0103', 'hex'), good.certificate, issuer, new Date()),
        /no answer/,
      );
      for (const part of [...cutOff(answer, 200), nested(20_000), nested(200_000, true)])
        refuses(() => readOcspResponse(part, good.certificate, issuer, new Date()));
    });

    it('with a bit turned over tells nothing else than before', async () => {
      const answer = await ask(revoked.certificate);
      for (const changed of bitFlips(answer, 500)) {
        try {
          assert.equal(readOcspResponse(changed, revoked.certificate, issuer, new Date()), 'revoked');
        } catch (error) {
          assert.ok(error instanceof SignatureError, String(error));
        }
      }
    });
  });

  describe('by a list', () => {
    it('tells good and revoked apart', async () => {
      const list = await authority.crl();
      assert.equal(readCrl(list, good.certificate, issuer, new Date()), 'good');
      assert.equal(readCrl(list, revoked.certificate, issuer, new Date()), 'revoked');
    });

    it('says until when it may be kept', async () => {
      const ends = crlEnds(await authority.crl()).getTime();
      assert.ok(Math.abs(ends - later(1).getTime()) < 60_000);
      refuses(() => crlEnds(Buffer.from('3000', 'hex')));
    });

    it('of another issuer, with a bit turned over, cut off, or out of its time is not believed', async () => {
      const list = await authority.crl();
      const foreign = await other.crl();
      refuses(() => readCrl(foreign, good.certificate, issuer, new Date()), /not signed/);
      refuses(() => readCrl(list, good.certificate, authority.root, new Date()), /another issuer/);
      refuses(() => readCrl(list, good.certificate, issuer, later(2)), /out of date/);
      refuses(() => readCrl(list, good.certificate, issuer, later(-0.5)), /future/);
      for (const bytes of [...bitFlips(list, 300), ...cutOff(list, 100), nested(20_000), nested(200_000, true)])
        refuses(() => readCrl(bytes, good.certificate, issuer, new Date()));
    });

    it('of 100 000 entries is read in a few seconds at most', () => {
      const list = listOf([], 100_000, certificateParts(revoked.certificate).serialNumber);
      const start = performance.now();
      assert.equal(readCrl(list, revoked.certificate, issuer, new Date()), 'revoked');
      assert.equal(readCrl(list, good.certificate, issuer, new Date()), 'good');
      assert.ok(performance.now() - start < 6000);
    });

    it('of a distribution point is believed for the certificates that name it, and for end entities', () => {
      const point = (url: string): Uint8Array =>
        element(contextTag(0), element(contextTag(0), element(0x86, Buffer.from(url))));
      const endEntities = element(0x81, Uint8Array.of(0xff));
      const read = (...parts: Uint8Array[]) =>
        readCrl(listOf([distribution(...parts)]), good.certificate, issuer, new Date());
      assert.equal(read(point(authority.urls.crl)), 'good');
      assert.equal(read(point(authority.urls.crl), endEntities), 'good');
      assert.equal(read(endEntities), 'good');
      refuses(() => read(point('http://127.0.0.1/other')), /other certificates/);
      // Indirect; authorities only.
      for (const number of [0x84, 0x82])
        refuses(() => read(endEntities, element(number, Uint8Array.of(0xff))), /other certificates/);
    });

    it('that is a delta, or has something critical that is not known, is not believed', () => {
      const unknown = sequence(objectIdentifier('2.5.29.27'), critical, octetString(smallInteger(1)));
      refuses(() => readCrl(listOf([unknown]), good.certificate, issuer, new Date()), /other certificates/);
      const harmless = sequence(objectIdentifier('2.5.29.20'), octetString(smallInteger(1)));
      assert.equal(readCrl(listOf([harmless]), good.certificate, issuer, new Date()), 'good');
    });
  });

  function distribution(...parts: Uint8Array[]): Uint8Array {
    return sequence(objectIdentifier('2.5.29.28'), critical, octetString(sequence(...parts)));
  }

  /** A list by the issuer's key with these extensions, and so many entries, the last of which is `serialNumber`. */
  function listOf(extensions: Uint8Array[], count = 0, serialNumber = smallInteger(1)): Uint8Array {
    const { subject } = certificateParts(issuer);
    const algorithm = signatureIdentifier('RS256');
    const serial = (index: number): Uint8Array => {
      const octets = Buffer.alloc(16, 0x11);
      octets.writeUInt32BE(index, 12);
      return unsignedInteger(octets);
    };
    const entries = Array.from({ length: count }, (_, index) =>
      sequence(index === count - 1 ? serialNumber : serial(index), time(later(-1))),
    );
    const list = sequence(
      smallInteger(1),
      algorithm,
      subject,
      time(later(-1)),
      time(later(1)),
      ...(count > 0 ? [element(tag.sequence, Buffer.concat(entries))] : []),
      ...(extensions.length > 0 ? [element(contextTag(0), sequence(...extensions))] : []),
    );
    const key = createPrivateKey(readFileSync(authority.path('ca.key')));
    const value = element(tag.bitString, Uint8Array.of(0), sign('sha256', list, key));
    return sequence(list, algorithm, value);
  }
});

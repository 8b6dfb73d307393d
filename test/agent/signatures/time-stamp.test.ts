// Time stamps: openssl reads our request and makes the answers; every answer that is not exactly the one asked for is refused.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  children,
  contextTag,
  element,
  objectIdentifier,
  readElement,
  sequence,
  smallInteger,
  tag,
} from '../../../agent/signatures/der.ts';
import { SignatureError } from '../../../agent/signatures/signature-error.ts';
import { type AskedTimeStamp, readTimeStampResponse, timeStampRequest } from '../../../agent/signatures/time-stamp.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { TestAuthority, timeStampPolicy } from '../../signatures/test-authority.ts';
import { bitFlips, cutOff, nested } from './mutations.ts';
import { judge, opensslTimeStamp, partsOf } from './openssl.ts';

describe('A time stamp', function () {
  this.timeout(60_000);
  const content = Buffer.from('signature value');
  const hash = 'SHA-256';
  const imprint = createHash('sha256').update(content).digest();
  const nonce = randomBytes(16);
  let authority: TestAuthority;
  let other: TestAuthority;
  let answer: Uint8Array;
  let asked: AskedTimeStamp;

  before(async () => {
    [authority, other] = await Promise.all([TestAuthority.create(), TestAuthority.create()]);
    answer = await authority.timeStamp(timeStampRequest(hash, imprint, nonce));
    asked = { hash, imprint, nonce, authorities: [authority.root] };
  });
  after(() => Promise.all([authority.close(), other.close()]));

  function refuses(der: Uint8Array, changes: Partial<AskedTimeStamp> = {}, reason?: RegExp): void {
    assert.throws(
      () => readTimeStampResponse(der, { ...asked, ...changes }),
      (error) => {
        assert.ok(error instanceof SignatureError);
        assert.equal(error.code, 'ERR_SIGNATURE_TIMESTAMP');
        if (reason !== undefined) assert.match(error.reason, reason);
        return true;
      },
    );
  }

  it('is asked for in a way that openssl understands: the imprint, a nonce, the certificate too', () => {
    const query = timeStampRequest(hash, imprint, Buffer.from('ff00000000000001', 'hex'));
    const { output } = judge('openssl', ['ts', '-query', '-in', 'q', '-text'], { q: query });
    assert.match(output, /Hash Algorithm: sha256/);
    assert.match(output, /Nonce: 0xFF00000000000001/);
    assert.match(output, /Certificate required: yes/);
  });

  for (const [name, node] of [
    ['SHA-256', 'sha256'],
    ['SHA-384', 'sha384'],
    ['SHA-512', 'sha512'],
  ] as const) {
    it(`over a ${name} imprint is taken, and openssl verifies it`, async () => {
      const other = { hash: name, imprint: createHash(node).update(content).digest(), nonce };
      const response = await authority.timeStamp(timeStampRequest(name, other.imprint, nonce));
      const { token } = readTimeStampResponse(response, { ...asked, ...other, policy: timeStampPolicy });
      const verdict = opensslTimeStamp(token, content, authority.path('root.pem'));
      assert.equal(verdict.accepted, true, verdict.output);
    });
  }

  it('is trusted by the issuing authority in the list, and by the unit itself', () => {
    for (const trusted of [authority.timeStampIssuer, authority.services.tsa.certificate])
      assert.ok(readTimeStampResponse(answer, { ...asked, authorities: [other.root, trusted] }).token.length > 0);
  });

  it('tells who made it: the unit and its issuers, up to one in the list', () => {
    const unit = authority.services.tsa.certificate;
    const chainTo = (...authorities: Uint8Array[]) =>
      readTimeStampResponse(answer, { ...asked, authorities }).chain.map((one) => Buffer.from(one));
    const expected = [unit, authority.timeStampIssuer, authority.root].map((one) => Buffer.from(one));
    assert.deepEqual(chainTo(other.root, authority.root), expected);
    assert.deepEqual(chainTo(authority.timeStampIssuer), expected.slice(0, 2));
    assert.deepEqual(chainTo(unit), expected.slice(0, 1));
  });

  it('is refused with another nonce, imprint, hash or policy than asked for', () => {
    refuses(answer, { nonce: randomBytes(16) }, /nonce/);
    refuses(answer, { imprint: createHash('sha256').update('another').digest() }, /imprint/);
    refuses(answer, { hash: 'SHA-384' }, /imprint/);
    refuses(answer, { policy: '1.2.3' }, /policy/);
  });

  it('is refused when no authority in the list stands behind it, above all with an empty list', () => {
    refuses(answer, { authorities: [] }, /no authority/);
    refuses(answer, { authorities: [other.root, other.issuer, authority.services.ocsp.certificate] }, /no authority/);
  });

  it('is refused when the authority declines', async () => {
    refuses(await authority.timeStamp(timeStampRequest(hash, imprint, nonce).subarray(0, 20)), {}, /not granted/);
  });

  it('is refused when its certificate may not make time stamps, or is not there', async () => {
    const critical = (...purposes: string[]) => [
      { oid: '2.5.29.37', critical: true, value: sequence(...purposes.map(objectIdentifier)) },
    ];
    const timeStamping = '1.3.6.1.5.5.7.3.8';
    const [good, none, two, lax, ended] = await Promise.all([
      authority.issueSigner({ key: 'ec-p256', keyUsage: ['digitalSignature'], extensions: critical(timeStamping) }),
      authority.issueSigner({ key: 'ec-p256' }),
      authority.issueSigner({ key: 'ec-p256', extensions: critical(timeStamping, '1.3.6.1.5.5.7.3.2') }),
      authority.issueSigner({ key: 'ec-p256', extensions: [{ ...critical(timeStamping)[0]!, critical: false }] }),
      authority.issueSigner({ key: 'ec-p256', extensions: critical(timeStamping), notBefore: -9, notAfter: -3 }),
    ]);
    assert.ok(readTimeStampResponse(signedBy(good), asked).token.length > 0);
    for (const wrong of [none, two, lax]) refuses(signedBy(wrong), {}, /not for time stamping alone/);
    refuses(signedBy(ended), {}, /no authority/);
    refuses(signedBy(good, '-nocerts'), {}, /without the certificate/);
  });

  it('is refused with every bit that counts turned over', () => {
    const token = readElement(children(readElement(answer), tag.sequence)[1]!.der).der;
    const { signedAttributes, signatureValue } = partsOf(token);
    // Words of the answer that nothing signs (its status, versions, other certificates) may change; these may not.
    const counting = [infoOf(answer), signedAttributes, signatureValue, authority.services.tsa.certificate];
    let refused = 0;
    for (const changed of bitFlips(answer, 300)) {
      try {
        readTimeStampResponse(changed, asked);
        for (const part of counting) assert.ok(changed.includes(Buffer.from(part)));
      } catch (error) {
        assert.ok(error instanceof SignatureError, String(error));
        refused += 1;
      }
    }
    assert.ok(refused > 150, String(refused));
  });

  it('that is cut off, nested without end, or followed by something is refused', () => {
    for (const part of cutOff(answer, 200)) refuses(part);
    for (const bytes of [nested(20_000), nested(200_000, true), Buffer.concat([answer, Buffer.alloc(1)])])
      refuses(bytes);
  });

  /** The same TSTInfo, signed by somebody else, as an answer. */
  function signedBy({ certificate, privateKey }: Issued, ...options: string[]): Uint8Array {
    const pem = (label: string, der: Uint8Array): Buffer =>
      Buffer.from(`-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`);
    const key = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const out = authority.path('token.der');
    const words = ['cms', '-sign', '-binary', '-cades', '-nodetach', '-outform', 'DER', '-out', out, '-in', 'info'];
    const type = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-signer', 'c.pem', '-inkey', 'k.pem'];
    const files = { info: infoOf(answer), 'c.pem': pem('CERTIFICATE', certificate), 'k.pem': key };
    const { accepted, output } = judge(
      'openssl',
      [...words, ...type, '-certfile', authority.path('ca.pem'), ...options],
      files,
    );
    assert.equal(accepted, true, output);
    return sequence(sequence(smallInteger(0)), readElement(readFileSync(out)).der);
  }

  /** The same answer with other certificates beside the one that signed it: nothing signs the list of them. */
  function among(certificates: readonly Uint8Array[]): Uint8Array {
    const [status, token] = children(readElement(answer), tag.sequence);
    const [contentType, explicit] = children(token, tag.sequence);
    const parts = children(children(explicit, contextTag(0))[0], tag.sequence).map((part) =>
      part.tag === contextTag(0) ? element(contextTag(0), part.content, ...certificates) : part.der,
    );
    return sequence(status!.der, sequence(contentType!.der, element(contextTag(0), sequence(...parts))));
  }

  it('is refused among more certificates than anybody needs, before each is tried as the issuer of every other', () => {
    const few = among([other.issuer, other.root]);
    assert.ok(readTimeStampResponse(few, asked).token.length > 0);
    const many = among(Array.from({ length: 40 }, () => authority.timeStampIssuer));
    refuses(many, { authorities: [other.root] }, /more certificates/);
  });

  it('is refused when it is longer than any, as a verifier would refuse it', async () => {
    const value = new Uint8Array(6_000);
    const large = await authority.issueSigner({
      key: 'ec-p256',
      extensions: [{ oid: '1.2.3.4', critical: false, value }],
    });
    assert.ok(readTimeStampResponse(among(Array.from({ length: 5 }, () => large.certificate)), asked).token.length > 0);
    refuses(among(Array.from({ length: 12 }, () => large.certificate)), {}, /longer/);
  });

  it('is refused as an answer without a token, or with a status that nobody knows', () => {
    const token = children(readElement(answer), tag.sequence)[1]!.der;
    refuses(sequence(sequence(smallInteger(0))), {}, /no token/);
    refuses(sequence(sequence(smallInteger(5)), token), {}, /not granted/);
    refuses(sequence(sequence(element(tag.integer, Buffer.from('0000', 'hex'))), token), {}, /not granted/);
  });
});

/** The TSTInfo in an answer. */
function infoOf(response: Uint8Array): Uint8Array {
  const [, explicit] = children(children(readElement(response), tag.sequence)[1], tag.sequence);
  const [, , encapsulated] = children(children(explicit, contextTag(0))[0], tag.sequence);
  return children(children(encapsulated, tag.sequence)[1], contextTag(0))[0]!.content;
}

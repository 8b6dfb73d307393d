// XAdES of the levels B-T and B-LT: the agent's signature, time stamps and revocation by openssl, and what the site makes of them.
import assert from 'node:assert/strict';
import { type RevocationValues, type SignatureSurroundings } from '../../../agent/signatures/signer.ts';
import { signXades } from '../../../agent/signatures/xades.ts';
import { type SignatureReport, verifyXades } from '../../../relying-party/src/index.ts';
import { signerOf } from '../../signatures/signing.ts';
import { assertRefused, SignatureSite } from './signature-fixture.ts';
import { DOCUMENT, replaced, textOf } from './xml-site.ts';

describe('A XAdES signature with a time stamp', function () {
  this.timeout(60_000);
  let site: SignatureSite;
  before(async () => {
    site = await SignatureSite.create();
  });
  after(() => site.close());

  /** Two passes with the same signature: the first tells what is to be stamped, and openssl wants it whole. */
  const known = () => ({ certificates: [site.ca.certificate], ocsp: [site.ocsp(site.tsa.certificate)], crls: [] });
  const signed = async (
    level: 'B-T' | 'B-LT',
    stampFor?: Uint8Array,
    ofTimeStamp: () => RevocationValues = known,
  ): Promise<Uint8Array> => {
    const once = signerOf(site.signer, 'RS256');
    const value = once.sign.bind(once);
    let made: Uint8Array | undefined;
    const surroundings = (token: Uint8Array): SignatureSurroundings => ({
      now: new Date(),
      timeStamp: () => Promise.resolve(token),
      ...(level === 'B-LT' && {
        revocation: {
          ofSigner: () =>
            Promise.resolve({
              certificates: [site.responder.certificate],
              ocsp: [site.ocsp(site.signer.certificate)],
              crls: [],
            }),
          ofTimeStamp: () => Promise.resolve(ofTimeStamp()),
        },
      }),
    });
    const signer = { ...once, sign: async (bytes: Uint8Array) => (made = await value(bytes)) };
    const options = { packaging: 'enveloped', mimeType: 'text/xml' } as const;
    const unstamped = await signXades(DOCUMENT, options, signer, surroundings(new Uint8Array([0x30, 0x00])));
    assert.ok(made !== undefined);
    const element = /<ds:SignatureValue .*<\/ds:SignatureValue>/.exec(textOf(unstamped))![0];
    const token = site.timeStamp(stampFor ?? new TextEncoder().encode(element));
    return replaced(unstamped, '>MAA=<', `>${Buffer.from(token).toString('base64')}<`);
  };
  const verify = (signature: Uint8Array): Promise<SignatureReport> =>
    verifyXades({ signature }, site.trust({ timeStampAuthorities: [site.pki.issuers.hsaId3] }));

  it('is of level B-T, and told with the time of its authority', async () => {
    const report = await verify(await signed('B-T'));
    assert.equal(report.level, 'B-T');
    assert.equal(report.timeStamp?.authority, 'TEST Time Stamp Unit 1');
    assert.deepEqual(report.validAt, report.timeStamp.time);
  });

  it('is of level B-LT with OCSP answers in it about its signer and the time-stamping authority', async () => {
    const report = await verify(await signed('B-LT'));
    assert.equal(report.level, 'B-LT');
    assert.deepEqual(report.timeStamp?.revocation, { checked: 'embedded', status: 'good' });
    assert.equal(report.revocation.checked, 'embedded');
    assert.equal(report.revocation.status, 'good');
  });

  it('is of level B-T, and says why, with word about its signer alone', async () => {
    const alone = () => ({ certificates: [], ocsp: [site.ocsp(site.signer.certificate)], crls: [] });
    const report = await verify(await signed('B-LT', undefined, alone));
    assert.equal(report.level, 'B-T');
    assert.equal(report.revocation.checked, 'embedded');
    assert.deepEqual(report.timeStamp?.revocation, { checked: 'not-checked', status: 'unknown' });
  });

  it("is refused once its time stamp's authority is revoked", async () => {
    const revoked = () => ({ certificates: [], ocsp: [], crls: [site.crl(site.tsa.certificate, { revoked: true })] });
    await assertRefused(verify(await signed('B-LT', undefined, revoked)), 'ERR_TIMESTAMP_REVOKED');
  });

  it('is of level B-B where nobody looks at time stamps', async () => {
    assert.equal((await verifyXades({ signature: await signed('B-T') }, site.trust())).level, 'B-B');
  });

  it('is refused with a time stamp of something else, or of nothing', async () => {
    const other = await signed('B-T', new TextEncoder().encode('something else'));
    await assertRefused(verify(other), 'ERR_TIMESTAMP_INVALID');
    const broken = replaced(other, /<xades:EncapsulatedTimeStamp>[^<]*/, '<xades:EncapsulatedTimeStamp>MAA=');
    await assertRefused(verify(broken), 'ERR_TIMESTAMP_MALFORMED');
  });
});

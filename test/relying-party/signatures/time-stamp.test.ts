import assert from 'node:assert/strict';
import { type Issued } from '../../../demo/pki/pki.ts';
import { SignatureError, type SignatureTrustOptions, verifyCms } from '../../../relying-party/src/index.ts';
import {
  assertRefused,
  changeCms,
  DAY_MS,
  DOCUMENT,
  issueService,
  issueSigner,
  signatureValueOf,
  SignatureSite,
} from './signature-fixture.ts';

describe('time stamps on signatures', function () {
  this.timeout(60_000);
  let site: SignatureSite;
  /** A card that has a day left. */
  let signer: Issued;
  let cms: Uint8Array;
  before(async () => {
    site = await SignatureSite.create();
    signer = await issueSigner(site.pki, 'ec-p256', { notAfter: new Date(Date.now() + DAY_MS) });
    cms = site.cms(signer);
  });
  after(() => site.close());
  const verify = (signature: Uint8Array, changes: Partial<SignatureTrustOptions> = {}) =>
    verifyCms(
      { signature, document: DOCUMENT },
      site.trust({ timeStampAuthorities: [site.ca.certificate], ...changes }),
    );
  const later = { clock: () => Date.now() + 30 * DAY_MS };
  const stamped = (tsa?: Issued, essHash?: string) =>
    site.raise(cms, { token: site.timeStamp(signatureValueOf(cms), tsa, essHash) });

  it('keep a signature good when its certificate has expired', async () => {
    await assertRefused(verify(cms, later), 'ERR_CERTIFICATE_EXPIRED');
    const report = await verify(stamped(), later);
    assert.equal(report.level, 'B-T');
    assert.equal(report.timeStamp?.authority, 'TEST Time Stamp Unit 1');
    assert.ok(Math.abs(report.timeStamp.time.getTime() - Date.now()) < 60_000);
    assert.deepEqual(report.validAt, report.timeStamp.time);
  });

  it("may name their certificate by SHA-1, as RFC 3161's own attribute does", async () => {
    assert.equal((await verify(stamped(site.tsa, 'sha1'))).level, 'B-T');
  });

  it("may be the configured authority's own, or one below a configured root", async () => {
    assert.equal((await verify(stamped(), { timeStampAuthorities: [site.tsa.certificate] })).level, 'B-T');
    const token = site.timeStamp(signatureValueOf(cms));
    await assertRefused(
      verify(site.raise(cms, { token }), { timeStampAuthorities: [site.pki.root] }),
      'ERR_TIMESTAMP_UNTRUSTED',
    );
    // With the issuing CA among the signature's certificates the way up is there.
    const withChain = site.cms(signer, { words: ['-cades', '-certfile', 'ca.pem'] });
    const raised = site.raise(withChain, { token: site.timeStamp(signatureValueOf(withChain)) });
    assert.equal((await verify(raised, { timeStampAuthorities: [site.pki.root] })).level, 'B-T');
  });

  it('are not looked at where no authority is configured', async () => {
    const report = await verify(stamped(), { timeStampAuthorities: [] });
    assert.deepEqual([report.level, report.timeStamp], ['B-B', undefined]);
  });

  it('are refused over something else', async () => {
    await assertRefused(verify(site.raise(cms, { token: site.timeStamp(DOCUMENT) })), 'ERR_TIMESTAMP_INVALID');
  });

  it('are refused from strangers', async () => {
    const root = site.pki.authorities.tlsRoot;
    const stranger = await issueService(root, 'TEST Time Stamp Unit 1', { purpose: 8 });
    await assertRefused(verify(stamped(stranger)), 'ERR_TIMESTAMP_UNTRUSTED');
    await assertRefused(verify(stamped(), { timeStampAuthorities: [root.certificate] }), 'ERR_TIMESTAMP_UNTRUSTED');
  });

  it('are refused by a certificate for another purpose', async () => {
    let info = new Uint8Array();
    changeCms(site.timeStamp(signatureValueOf(cms)), ({ encapContentInfo }) => {
      info = new Uint8Array(encapContentInfo.eContent?.getValue() ?? []);
    });
    // `openssl ts` makes none with such a certificate; `openssl cms` signs the same content with any.
    const words = ['-cades', '-econtent_type', '1.2.840.113549.1.9.16.1.4'];
    const tokenBy = (unit: Issued) => site.cms(unit, { attached: true, words, document: info });
    assert.equal((await verify(site.raise(cms, { token: tokenBy(site.tsa) }))).level, 'B-T');
    for (const unit of [site.responder, site.signer, await issueService(site.ca, 'TEST without a purpose')]) {
      await assertRefused(verify(site.raise(cms, { token: tokenBy(unit) })), 'ERR_TIMESTAMP_UNTRUSTED');
    }
  });

  it("are refused once their authority's certificate has ended", async () => {
    const short = await issueService(site.ca, 'TEST Time Stamp Unit 3', { purpose: 8, days: 10 });
    assert.equal((await verify(stamped(short))).level, 'B-T');
    await assertRefused(verify(stamped(short), later), 'ERR_TIMESTAMP_UNTRUSTED');
  });

  it('are refused from the future', async () => {
    const early = { clock: () => Date.now() - 600_000 };
    await assertRefused(verify(stamped(), early), 'ERR_TIMESTAMP_UNTRUSTED');
  });

  it('are refused with a byte changed that they depend on', async () => {
    const token = site.timeStamp(signatureValueOf(cms));
    const trust = site.trust({ timeStampAuthorities: [site.ca.certificate] });
    const honest = site.raise(cms, { token });
    const unchanged = verifyCms({ signature: honest, document: DOCUMENT }, trust);
    for (let at = 0; at < token.length; at += 5) {
      const changed = Uint8Array.from(token);
      changed[at] = (changed[at] ?? 0) ^ 1;
      // Put in as it is: pkijs would not take most of them.
      const signature = replaceBytes(honest, token, changed);
      const outcome = await verifyCms({ signature, document: DOCUMENT }, trust).catch((error: unknown) => error);
      // A version number is all that nobody has signed.
      if (outcome instanceof Error) assert.ok(outcome instanceof SignatureError, String(outcome));
      else assert.deepEqual(outcome, await unchanged);
    }
  });
});

function replaceBytes(whole: Uint8Array, part: Uint8Array, by: Uint8Array): Uint8Array {
  const at = Buffer.from(whole).indexOf(part);
  assert.ok(at > 0);
  const changed = Uint8Array.from(whole);
  changed.set(by, at);
  return changed;
}

// The thread for signatures as the agent uses it: what goes over, what comes back, and every way in which it can end. The real
// thread with the real builders.
import assert from 'node:assert/strict';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { mock } from 'node:test';
import { SignatureError } from '../../../../agent/signatures/signature-error.ts';
import { type SignatureSurroundings } from '../../../../agent/signatures/signer.ts';
import { type SignatureJob } from '../../../../agent/signatures/worker/signature-job.ts';
import { SignatureThread } from '../../../../agent/signatures/worker/signature-thread.ts';
import {
  endIdleSignatureThread,
  prepareSignatureThread,
  withSignatureThread,
} from '../../../../agent/signatures/worker/with-signature-thread.ts';
import { type Issued } from '../../../../demo/pki/pki.ts';
import { KortbroError } from '../../../../shared/errors.ts';
import { limits } from '../../../../shared/limits.ts';
import { type CountingSigner, longTerm, signerOf } from '../../../signatures/signing.ts';
import { TestAuthority } from '../../../signatures/test-authority.ts';
import { opensslCms } from '../openssl.ts';
import { assertRefused, textOf, utf8, xmlsec } from '../xmlsec.ts';

const now: SignatureSurroundings = { now: new Date('2026-11-02T12:00:00Z') };
/** More work than a millisecond is enough for. */
const endless = utf8(`<a>${'<b/>'.repeat(400_000)}</a>`);

describe('The thread for signatures', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let issued: Issued;
  let thread: SignatureThread;
  let signer: CountingSigner;

  before(async () => {
    authority = await TestAuthority.create();
    issued = await authority.issueSigner({ key: 'ec-p256' });
    thread = new SignatureThread();
  });
  beforeEach(() => {
    if (thread.hasEnded) thread = new SignatureThread();
    signer = signerOf(issued, 'ES256');
  });
  after(async () => {
    thread.end();
    endIdleSignatureThread();
    await authority.close();
  });

  const xades = (document = utf8('<intyg>frisk</intyg>')): SignatureJob => ({
    kind: 'xades',
    packaging: 'enveloped',
    mimeType: 'text/xml',
    document,
  });
  const root = (): string => authority.path('root.pem');

  it('makes every kind of container', async () => {
    const text = (): Uint8Array => utf8('Intyg för Anna Testsson');
    assert.equal(xmlsec(await thread.make(xades(), signer, now), root()).accepted, true);
    const cms = await thread.make({ kind: 'cms', attached: false, document: text() }, signer, now);
    assert.equal(opensslCms(cms, root(), text()).accepted, true);
    const jws = await thread.make({ kind: 'jws', detached: true, document: text() }, signer, now);
    assert.match(textOf(jws), /^[\w-]+\.\.[\w-]+$/);
    assert.equal(signer.calls, 3);
  });

  it('makes the value of a given SignedInfo', async () => {
    const dsig = 'http://www.w3.org/2000/09/xmldsig#';
    const empty = (name: string, algorithm: string): string => `<ds:${name} Algorithm="${algorithm}"></ds:${name}>`;
    const digest = createHash('sha256').update('').digest('base64');
    const document = (): Uint8Array =>
      utf8(
        `<ds:SignedInfo xmlns:ds="${dsig}">${empty('CanonicalizationMethod', 'http://www.w3.org/2001/10/xml-exc-c14n#')}` +
          empty('SignatureMethod', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256') +
          `<ds:Reference URI="a.txt">${empty('DigestMethod', 'http://www.w3.org/2001/04/xmlenc#sha256')}` +
          `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
      );
    const value = await thread.make({ kind: 'xmldsig', document: document() }, signer, now);
    const key = new X509Certificate(issued.certificate).publicKey;
    assert.equal(verify('sha256', document(), { key, dsaEncoding: 'ieee-p1363' }, value), true);
  });

  it('asks the agent for time stamps and revocation', async () => {
    authority.requests.length = 0;
    const signed = await thread.make(xades(), signer, { ...now, ...longTerm(authority, issued.certificate) });
    assert.match(textOf(signed), /EncapsulatedTimeStamp.*EncapsulatedCRLValue.*EncapsulatedOCSPValue/s);
    assert.deepEqual([...new Set(authority.requests)].sort(), ['/crl', '/ocsp', '/root-crl', '/tsa']);
  });

  it('takes the document over instead of copying it', async () => {
    const document = new Uint8Array(1_000_000).fill(0x61);
    await thread.make({ kind: 'jws', detached: true, document }, signer, now);
    assert.equal(document.buffer.byteLength, 0);
    const shared = Buffer.from('<a/>');
    await thread.make(xades(shared), signer, now);
    assert.equal(shared.toString(), '<a/>');
  });

  it('refuses a document with its code and goes on with the next one', async () => {
    await assertRefused(() => thread.make(xades(utf8('<!DOCTYPE a><a/>')), signer, now), 'ERR_DOCUMENT_REFUSED');
    assert.equal(signer.calls, 0);
    await thread.make(xades(), signer, now);
    assert.equal(thread.hasEnded, false);
  });

  it('passes on what the signer throws, as it is, and goes on with the next document', async () => {
    const refusal = new KortbroError('ERR_USER_CANCELLED');
    const refusing = { ...signer, sign: () => Promise.reject(refusal) };
    await assert.rejects(thread.make(xades(), refusing, now), (error) => error === refusal);
    const stamp = new SignatureError('ERR_SIGNATURE_TIMESTAMP', 'no answer');
    const stampless = { ...now, timeStamp: () => Promise.reject(stamp) };
    await assert.rejects(thread.make(xades(), signer, stampless), (error) => error === stamp);
    await thread.make(xades(), signer, now);
    assert.equal(thread.hasEnded, false);
  });

  it('is ended when its work is called off, even while the PIN is being asked for', async () => {
    const off = new AbortController();
    const reason = new KortbroError('ERR_CARD_REMOVED');
    const waiting = { ...signer, sign: () => (off.abort(reason), new Promise<Uint8Array>(() => undefined)) };
    await assert.rejects(thread.make(xades(), waiting, now, { signal: off.signal }), (error) => error === reason);
    assert.equal(thread.hasEnded, true);
    await assert.rejects(
      withSignatureThread(xades(), signer, now, { signal: off.signal }),
      (error) => error === reason,
    );
    assert.equal(signer.calls, 0);
  });

  it('that dies takes its work along and nothing else', async () => {
    const small = new SignatureThread(8);
    // More objects than eight megabytes hold: the text of the signature, over and over.
    const chain = Array.from({ length: 400 }, () => new Uint8Array(60_000));
    const work = small.make(xades(), { ...signer, chain }, now);
    await assert.rejects(work, { code: 'ERR_AGENT_INTERNAL' });
    assert.equal(small.hasEnded, true);
  });

  it('that is silent is ended, but not while somebody is being asked', async () => {
    await thread.make(xades(), signer, now);
    const slow = {
      ...signer,
      sign: async (bytes: Uint8Array) => {
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        return signer.sign(bytes);
      },
    };
    await thread.make(xades(), slow, now, { silence: 2_000 });
    const unwilling = { ...signer, sign: () => assert.fail('it was not silent') };
    await assert.rejects(thread.make(xades(endless), unwilling, now, { silence: 1 }), { code: 'ERR_AGENT_INTERNAL' });
    assert.equal(thread.hasEnded, true);
  });

  it('has one document at a time', async () => {
    const first = thread.make(xades(), signer, now);
    assert.throws(() => thread.make(xades(), signer, now), /not free/);
    await first;
  });

  it('is kept for the next document, but not after a large one', async () => {
    endIdleSignatureThread();
    prepareSignatureThread()();
    const jobs = [
      xades(),
      xades(),
      { kind: 'jws', detached: true, document: new Uint8Array(limits.signatureThreadDocument + 1) } as const,
    ];
    for (const job of jobs) await withSignatureThread(job, signer, now);
    assert.equal(signer.calls, 3);
    const together = [withSignatureThread(xades(), signer, now), withSignatureThread(xades(), signer, now)];
    assert.equal((await Promise.all(together)).length, 2);
  });

  it('is kept for a holder who reads for long, and for a moment after', () => {
    endIdleSignatureThread();
    const end = mock.method(SignatureThread.prototype, 'end');
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const [release, other] = [prepareSignatureThread(), prepareSignatureThread()];
      release();
      mock.timers.tick(2 * limits.signatureThreadIdle);
      assert.equal(end.mock.callCount(), 0);
      other();
      mock.timers.tick(limits.signatureThreadIdle - 1);
      assert.equal(end.mock.callCount(), 0);
      mock.timers.tick(1);
      assert.equal(end.mock.callCount(), 1);
    } finally {
      mock.timers.reset();
      end.mock.restore();
    }
  });
});

import assert from 'node:assert/strict';
import { type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { parseCertificate } from '../../../relying-party/src/certificate.ts';
import { verifyCrl } from '../../../relying-party/src/crl.ts';
import { onlyPart, onlyValue, partsOf, TAG } from '../../../relying-party/src/der.ts';
import { encodeDer } from '../../../relying-party/src/der-encode.ts';
import { verifyOcspResponse } from '../../../relying-party/src/ocsp.ts';
import { NO_EVIDENCE } from '../../../relying-party/src/revocation.ts';
import {
  createMemoryRevocationCache,
  createRevocationChecker,
  createTokenVerifier,
  type RevocationOptions,
  SignatureError,
  TokenError,
  verifyCms,
} from '../../../relying-party/src/index.ts';
import { issueAnna, NONCE, signToken, siteOptions } from '../login-fixture.ts';
import {
  assertRefused,
  changeCms,
  DAY_MS,
  DOCUMENT,
  issueService,
  issueSigner,
  signatureValueOf,
  SignatureSite,
  type StatementWish,
} from './signature-fixture.ts';

describe('revocation', function () {
  this.timeout(60_000);
  let site: SignatureSite;
  let server: Server;
  let base = '';
  let answer: RequestListener;
  let asked = 0;
  before(async () => {
    site = await SignatureSite.create();
    server = createServer((request, response) => {
      asked += 1;
      answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  beforeEach(() => (asked = 0));
  after(() => {
    server.close();
    server.closeAllConnections();
    site.close();
  });

  const subject = () => ({
    certificate: parseCertificate(site.signer.certificate),
    issuer: parseCertificate(site.ca.certificate),
  });
  const ask = (options: RevocationOptions, at = Date.now()) =>
    createRevocationChecker(options).check({ ...subject(), at });
  const says = (bytes: Uint8Array): void => {
    answer = (_, response) => void response.end(bytes);
  };
  /** A responder that answers each question. */
  const responds = (revoked = false): void => {
    answer = (request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => response.end(site.ocsp(site.signer.certificate, { revoked }, Buffer.concat(pieces))));
    };
  };
  const later = (ms: number) => ({ clock: () => Date.now() + ms });
  const ocsp = (wish: Parameters<SignatureSite['ocsp']>[1] = {}) => site.ocsp(site.signer.certificate, wish);
  const crl = (wish: Parameters<SignatureSite['crl']>[1] = {}) => site.crl(site.signer.certificate, wish);

  describe('by OCSP', () => {
    it('is asked of the responder, with a nonce, and told', async () => {
      responds();
      const report = await ask({ ocsp: base });
      assert.deepEqual([report.checked, report.status], ['ocsp', 'good']);
      responds(true);
      await assertRefused(ask({ ocsp: base }), 'ERR_CERTIFICATE_REVOKED');
    });

    it('counts by the issuing CA itself, too', async () => {
      says(ocsp({ responder: { ...site.ca.keys, certificate: site.ca.certificate, chain: [] } }));
      assert.equal((await ask({ ocsp: base })).status, 'good');
    });

    it('does not count by a stranger', async () => {
      const purposeless = await issueService(site.ca, 'TEST no responder');
      const other = await issueService(site.pki.authorities.issuers.id3, 'TEST OCSP Responder 1', { purpose: 9 });
      for (const responder of [purposeless, other]) {
        says(ocsp({ responder }));
        await assertRefused(ask({ ocsp: base }), 'ERR_REVOCATION_UNTRUSTED');
      }
    });

    it('does not count by a responder whose certificate had ended when it says to have known', async () => {
      const profile = { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - 2 * DAY_MS) };
      const responder = await issueService(site.ca, 'TEST OCSP Responder 0', { purpose: 9, profile });
      const response = ocsp({ responder });
      assert.throws(() => verifyOcspResponse(response, subject()), { code: 'ERR_REVOCATION_UNTRUSTED' });
      // With the key in his hands somebody writes any time that the certificate was valid at.
      const backdated = producedAt(response, new Date(Date.now() - 3 * DAY_MS), responder.privateKey);
      assert.throws(() => verifyOcspResponse(backdated, subject()), { code: 'ERR_REVOCATION_UNTRUSTED' });
    });

    it('does not count with a byte changed', () => {
      const response = ocsp();
      const who = subject();
      for (let at = 0; at < response.length; at += 3) {
        const changed = Uint8Array.from(response);
        changed[at] = (changed[at] ?? 0) ^ 4;
        try {
          // What names the response's parts outside of the signature may be read otherwise, but never as another answer.
          assert.equal(verifyOcspResponse(changed, who).revokedAt, undefined);
        } catch (error) {
          assert.ok(error instanceof SignatureError, String(error));
        }
      }
    });

    it('does not count about another certificate', async () => {
      says(site.ocsp(site.tsa.certificate));
      await assertRefused(ask({ ocsp: base }), 'ERR_REVOCATION_UNKNOWN');
    });

    it('does not count when it is old: a nonce-less answer cannot be kept and shown again', async () => {
      says(ocsp({ minutes: 60 }));
      assert.equal((await ask({ ocsp: base, ...later(1_800_000) }, Date.now() + 1_800_000)).status, 'good');
      await assertRefused(ask({ ocsp: base, ...later(7_200_000) }, Date.now() + 7_200_000), 'ERR_REVOCATION_STALE');
      const age = { maximumAgeMs: 600_000 };
      await assertRefused(
        ask({ ocsp: base, ...age, ...later(1_800_000) }, Date.now() + 1_800_000),
        'ERR_REVOCATION_STALE',
      );
    });

    it('does not count from the future', async () => {
      says(ocsp());
      await assertRefused(ask({ ocsp: base, ...later(-DAY_MS / 4) }, Date.now() - DAY_MS / 4), 'ERR_REVOCATION_STALE');
    });

    it("does not count with another question's nonce", async () => {
      let first: Uint8Array | undefined;
      answer = (request, response) => {
        const pieces: Buffer[] = [];
        request.on('data', (piece: Buffer) => pieces.push(piece));
        request.on('end', () =>
          response.end((first ??= site.ocsp(site.signer.certificate, {}, Buffer.concat(pieces)))),
        );
      };
      assert.equal((await ask({ ocsp: base })).status, 'good');
      await assertRefused(ask({ ocsp: base }), 'ERR_REVOCATION_STALE');
    });
  });

  describe('by a CRL', () => {
    it('is read from the list', async () => {
      says(crl());
      const report = await ask({ crl: base });
      assert.deepEqual([report.checked, report.status], ['crl', 'good']);
      says(crl({ revoked: true }));
      await assertRefused(ask({ crl: base }), 'ERR_CERTIFICATE_REVOKED');
    });

    it('does not count by another issuer', async () => {
      says(site.crl(site.signer.certificate, {}, site.pki.authorities.issuers.id3));
      await assertRefused(ask({ crl: base }), 'ERR_REVOCATION_UNTRUSTED');
      const twin = await SignatureSite.create();
      says(twin.crl(site.signer.certificate));
      twin.close();
      await assertRefused(ask({ crl: base }), 'ERR_REVOCATION_UNTRUSTED');
    });

    it('does not count when it is old', async () => {
      says(crl({ minutes: 60 }));
      await assertRefused(ask({ crl: base, ...later(7_200_000) }, Date.now() + 7_200_000), 'ERR_REVOCATION_STALE');
    });

    it('does not count with a byte changed', () => {
      const list = crl({ revoked: true });
      const who = subject();
      for (let at = 0; at < list.length; at += 1) {
        const changed = Uint8Array.from(list);
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.throws(() => verifyCrl(changed, who), SignatureError);
      }
    });

    it('is read once for many certificates, also when it is none at its end', () => {
      const when = encodeDer(TAG.utcTime, Buffer.from('261101000000Z'));
      const entry = (serial: number) =>
        encodeDer(TAG.sequence, encodeDer(TAG.integer, Uint8Array.of(1, serial >> 8, serial & 0xff)), when);
      const entries = Buffer.concat(Array.from({ length: 50_000 }, (_, serial) => entry(serial)));
      const algorithm = encodeDer(TAG.sequence, Buffer.from('06092a864886f70d01010b', 'hex'));
      const version = encodeDer(TAG.integer, Uint8Array.of(1));
      const parts = [
        version,
        algorithm,
        encodeDer(TAG.sequence),
        when,
        when,
        encodeDer(TAG.sequence, entries),
        version,
      ];
      const signature = encodeDer(TAG.bitString, new Uint8Array(257));
      const list = encodeDer(TAG.sequence, encodeDer(TAG.sequence, ...parts), algorithm, signature);
      const who = subject();
      const time = () => {
        const started = performance.now();
        assert.throws(() => verifyCrl(list, who), { code: 'ERR_REVOCATION_MALFORMED' });
        return performance.now() - started;
      };
      const first = time();
      assert.ok(first > 20, `its end was not come to: ${first} ms`);
      assert.ok(time() < first / 4);
    });

    it('is fetched once for many', async () => {
      says(crl());
      const checker = createRevocationChecker({ crl: base });
      const question = { ...subject(), at: Date.now() };
      await Promise.all(Array.from({ length: 5 }, () => checker.check(question)));
      await checker.check(question);
      assert.equal(asked, 1);
    });

    it('is a second way when the responder is silent', async () => {
      answer = (request, response) => {
        if (request.method === 'POST') response.writeHead(500).end();
        else response.end(crl());
      };
      assert.equal((await ask({ ocsp: base, crl: base })).checked, 'crl');
    });
  });

  describe('that nobody tells', () => {
    it('is a refusal, or unknown where that is accepted', async () => {
      answer = (_, response) => void response.writeHead(500).end();
      await assertRefused(ask({ ocsp: base }), 'ERR_REVOCATION_UNAVAILABLE');
      await assertRefused(ask({}), 'ERR_REVOCATION_UNKNOWN');
      await assertRefused(ask({ ocsp: 'from certificate' }), 'ERR_REVOCATION_UNKNOWN');
      const report = await ask({ ocsp: base, whenUnknown: 'accept' });
      assert.deepEqual(report, { checked: 'not-checked', status: 'unknown' });
      says(ocsp({ revoked: true }));
      await assertRefused(ask({ ocsp: base, whenUnknown: 'accept' }), 'ERR_CERTIFICATE_REVOKED');
    });

    it('ends in time: no answer, no end, too much, somewhere else', async () => {
      const listeners: RequestListener[] = [
        () => undefined,
        (_, response) => void response.write('x'),
        (_, response) => void response.end(Buffer.alloc(70_000)),
        (_, response) => void response.writeHead(302, { location: base }).end(),
      ];
      for (const listener of listeners) {
        answer = listener;
        await assertRefused(ask({ ocsp: base, timeoutMs: 300 }), 'ERR_REVOCATION_UNAVAILABLE');
      }
      assert.equal(asked, listeners.length, 'a redirect was followed');
      const deaf: typeof fetch = () => new Promise(() => undefined);
      await assertRefused(ask({ ocsp: base, fetch: deaf, timeoutMs: 50 }), 'ERR_REVOCATION_UNAVAILABLE');
    });

    it('is a mistake in the configuration that is told at once', () => {
      for (const url of ['file:///etc/passwd', 'ocsp.example.org', 'https://user:pass@example.org/']) {
        assert.throws(() => createRevocationChecker({ ocsp: url }), TypeError);
      }
      assert.throws(() => createRevocationChecker({ maximumAgeMs: -1 }), TypeError);
    });
  });

  describe('in the cache', () => {
    it('is asked again when the answer has become old', async () => {
      responds();
      let now = Date.now();
      const clock = () => now;
      const checker = createRevocationChecker({ ocsp: base, clock, cacheMs: 60_000 });
      await checker.check({ ...subject(), at: now });
      now += 30_000;
      await checker.check({ ...subject(), at: now });
      assert.equal(asked, 1);
      now += 31_000;
      await checker.check({ ...subject(), at: now });
      assert.equal(asked, 2);
    });

    it('is not believed unseen, and its failure is none of ours', async () => {
      responds();
      const poisoned = {
        get: () => Promise.resolve(new Uint8Array([1])),
        put: () => Promise.reject(new Error('full')),
      };
      assert.equal((await ask({ ocsp: base, cache: poisoned })).status, 'good');
    });

    it('forgets the oldest', async () => {
      const cache = createMemoryRevocationCache();
      for (let entry = 0; entry <= 10_000; entry += 1)
        await cache.put(String(entry), new Uint8Array(1), Date.now() + 1e6);
      assert.equal(await cache.get('0'), undefined);
      assert.ok(await cache.get('10000'));
    });
  });

  describe('of a signature', () => {
    const raised = (more: Parameters<SignatureSite['raise']>[1], cms = site.cms()) =>
      site.raise(cms, { token: site.timeStamp(signatureValueOf(cms)), ...more });
    const verify = (signature: Uint8Array, options?: RevocationOptions, clock = Date.now) =>
      verifyCms(
        { signature, document: DOCUMENT },
        site.trust({
          timeStampAuthorities: [site.ca.certificate],
          clock,
          ...(options && { revocation: createRevocationChecker({ clock, ...options }) }),
        }),
      );

    it('is told by what it brings along: level B-LT, later as well', async () => {
      // The list is of all certificates of the issuer, the authority's among them.
      for (const more of [{ ocsp: ocsp(), moreOcsp: [site.ocsp(site.tsa.certificate)] }, { crl: crl() }]) {
        for (const options of [undefined, {}]) {
          for (const clock of [Date.now, () => Date.now() + 100 * DAY_MS]) {
            const report = await verify(raised(more), options, clock);
            assert.deepEqual(
              [report.level, report.revocation.checked, report.revocation.status],
              ['B-LT', 'embedded', 'good'],
            );
          }
        }
      }
    });

    it('is of level B-T, and says so, without word about the time-stamping authority that holds', async () => {
      const another = await issueService(site.ca, 'TEST Time Stamp Unit 2', { purpose: 8 });
      const stranger = await issueService(site.pki.authorities.tlsRoot, 'TEST OCSP Responder 2', { purpose: 9 });
      const about = (wish?: StatementWish) => site.ocsp(site.tsa.certificate, wish);
      for (const moreOcsp of [[], [site.ocsp(another.certificate)], [about({ responder: stranger })]]) {
        for (const options of [undefined, {}]) {
          const { level, revocation, timeStamp } = await verify(raised({ ocsp: ocsp(), moreOcsp }), options);
          assert.deepEqual([level, revocation.checked], ['B-T', 'embedded']);
          assert.deepEqual(timeStamp?.revocation, { checked: 'not-checked', status: 'unknown' });
        }
      }
      const { level, timeStamp } = await verify(raised({ ocsp: ocsp(), moreOcsp: [about()] }));
      assert.deepEqual([level, timeStamp?.revocation], ['B-LT', { checked: 'embedded', status: 'good' }]);
    });

    it('is of level B-T without word about a CA between the time-stamping authority and a configured one', async () => {
      const cms = site.cms(site.signer, { words: ['-cades', '-certfile', 'ca.pem'] });
      const given = { token: site.timeStamp(signatureValueOf(cms)), crl: crl() };
      const below = (certificate: Uint8Array) => site.trust({ timeStampAuthorities: [certificate] });
      const levelBelow = async (certificate: Uint8Array, signature: Uint8Array) =>
        (await verifyCms({ signature, document: DOCUMENT }, below(certificate))).level;
      assert.equal(await levelBelow(site.ca.certificate, site.raise(cms, given)), 'B-LT');
      assert.equal(await levelBelow(site.pki.root, site.raise(cms, given)), 'B-T');
      const everybody = {
        token: given.token,
        crl: site.crl(site.signer.certificate, {}, site.pki.authorities.root),
        moreOcsp: [ocsp(), site.ocsp(site.tsa.certificate)],
      };
      assert.equal(await levelBelow(site.pki.root, site.raise(cms, everybody)), 'B-LT');
      const revoked = site.crl(site.ca.certificate, { revoked: true }, site.pki.authorities.root);
      await assertRefused(
        levelBelow(site.pki.root, site.raise(cms, { ...everybody, crl: revoked })),
        'ERR_TIMESTAMP_REVOKED',
      );
    });

    it("asks for word about the time-stamping authority's own certificate, also where that is the configured one", async () => {
      const cms = site.cms(site.signer, { words: ['-cades', '-certfile', 'ca.pem'] });
      const token = site.timeStamp(signatureValueOf(cms));
      const reportOf = (moreOcsp: Uint8Array[]) =>
        verifyCms(
          { signature: site.raise(cms, { token, ocsp: ocsp(), moreOcsp }), document: DOCUMENT },
          site.trust({ timeStampAuthorities: [site.tsa.certificate] }),
        );
      const without = await reportOf([]);
      assert.deepEqual([without.level, without.timeStamp?.revocation.checked], ['B-T', 'not-checked']);
      assert.equal((await reportOf([site.ocsp(site.tsa.certificate)])).level, 'B-LT');
      const revoked = [site.ocsp(site.tsa.certificate, { revoked: true })];
      await assertRefused(reportOf(revoked), 'ERR_TIMESTAMP_REVOKED');
    });

    it("is refused once its time stamp's authority is revoked, even since", async () => {
      for (const revoked of [true, 5]) {
        const moreOcsp = [site.ocsp(site.tsa.certificate, { revoked })];
        for (const options of [undefined, {}]) {
          const later = () => Date.now() + 600_000;
          await assertRefused(verify(raised({ ocsp: ocsp(), moreOcsp }), options, later), 'ERR_TIMESTAMP_REVOKED');
        }
      }
    });

    it('ends it when it says "revoked", with a checker and without', async () => {
      for (const more of [{ ocsp: ocsp({ revoked: true }) }, { crl: crl({ revoked: true }) }]) {
        for (const options of [undefined, {}]) {
          await assertRefused(verify(raised(more), options), 'ERR_CERTIFICATE_REVOKED');
        }
      }
      assert.ok(await verify(raised({ ocsp: ocsp() })));
      await assertRefused(verify(raised({ ocsp: ocsp(), crl: crl({ revoked: true }) })), 'ERR_CERTIFICATE_REVOKED');
    });

    it('is asked for when the evidence is from a stranger', async () => {
      const responder = await issueService(site.pki.authorities.issuers.id3, 'TEST OCSP Responder 1', { purpose: 9 });
      const signature = raised({ ocsp: ocsp({ responder }) });
      assert.equal((await verify(signature)).level, 'B-T');
      await assertRefused(verify(signature, {}), 'ERR_REVOCATION_UNTRUSTED');
      responds();
      const report = await verify(signature, { ocsp: base });
      assert.deepEqual([report.level, report.revocation.checked], ['B-T', 'ocsp']);
    });

    it('that is older than the signature does not hide that the card was blocked since', async () => {
      const evidence = { ...NO_EVIDENCE, ocsp: [ocsp()] };
      const at = Date.now() + 3_000;
      const question = { ...subject(), at, evidence };
      const check = (options: RevocationOptions) =>
        createRevocationChecker({ ...later(3_000), ...options }).check(question);
      responds(true);
      await assertRefused(check({ ocsp: base }), 'ERR_CERTIFICATE_REVOKED');
      says(crl({ revoked: true }));
      await assertRefused(check({ crl: base }), 'ERR_CERTIFICATE_REVOKED');
      // It still counts where nobody else tells, or nobody says otherwise.
      responds();
      assert.equal((await check({ ocsp: base })).checked, 'embedded');
      answer = (_, response) => void response.writeHead(500).end();
      assert.equal((await check({ ocsp: base })).checked, 'embedded');
      assert.equal((await check({})).checked, 'embedded');
    });

    it('that was made since needs nobody else', async () => {
      const question = { ...subject(), at: Date.now() - 3_000, evidence: { ...NO_EVIDENCE, ocsp: [ocsp()] } };
      assert.equal((await createRevocationChecker({ ocsp: base }).check(question)).checked, 'embedded');
      assert.equal(asked, 0);
    });

    it('leaves it good when the card was blocked afterwards', async () => {
      // The index says: revoked an hour ago. The signature is of a time before that only by its time stamp.
      says(ocsp({ revoked: true }));
      await assertRefused(verify(site.cms(), { ocsp: base }), 'ERR_CERTIFICATE_REVOKED');
      const at = Date.now() - 7_200_000;
      const report = await createRevocationChecker({ ocsp: base }).check({ ...subject(), at });
      assert.equal(report.status, 'revoked-later');
      assert.ok(report.revokedAt && Math.abs(report.revokedAt.getTime() + 3_600_000 - Date.now()) < 60_000);
    });

    it('does not take the silence of an authority about what has expired', async () => {
      const signer = await issueSigner(site.pki, 'ec-p256', { notAfter: new Date(Date.now() - 60_000) });
      const question = {
        certificate: parseCertificate(signer.certificate),
        issuer: subject().issuer,
        at: Date.now() - 600_000,
      };
      says(site.crl(site.signer.certificate));
      await assertRefused(createRevocationChecker({ crl: base }).check(question), 'ERR_REVOCATION_STALE');
    });

    it('does not depend on what else the container brings', async () => {
      const noise = changeCms(site.cms(), (signedData) => void (signedData.crls = []));
      assert.equal((await verify(noise)).level, 'B-B');
    });
  });

  describe('of a login', () => {
    const login = async (options: RevocationOptions) => {
      const card = await issueAnna(site.pki);
      const revocation = createRevocationChecker(options);
      const nonces = { consume: () => Promise.resolve(NONCE) };
      const verifier = createTokenVerifier({ ...siteOptions(site.pki), nonces, clock: Date.now, revocation });
      const revoked = (value: boolean) => says(site.crl(card.certificate, { revoked: value }));
      return { revoked, verify: () => verifier.verify({ token: signToken(card), session: 'session-1' }) };
    };
    const refused = (code: string) => (error: unknown) => error instanceof TokenError && error.code === code;

    it('is checked after everything else', async () => {
      const { revoked, verify } = await login({ crl: base, cacheMs: 0 });
      revoked(false);
      assert.equal((await verify()).revocation?.status, 'good');
      revoked(true);
      await assert.rejects(verify(), refused('ERR_CERTIFICATE_REVOKED'));
    });

    it('is a refusal of its own when nobody tells', async () => {
      const { verify } = await login({ crl: base });
      answer = (_, response) => void response.writeHead(500).end();
      await assert.rejects(verify(), refused('ERR_REVOCATION_UNAVAILABLE'));
    });
  });
});

/** The answer as one that was made at another time, by the same responder. A BasicOCSPResponse. */
function producedAt(response: Uint8Array, time: Date, key: KeyObject): Uint8Array {
  const outer = partsOf(onlyValue(response, TAG.sequence));
  outer.next();
  const wrapped = partsOf(onlyPart(outer.next(), TAG.sequence));
  wrapped.next();
  const basic = partsOf(onlyValue(wrapped.next(TAG.octetString).content, TAG.sequence));
  const toBeSigned = Buffer.from(basic.next().bytes);
  const at = toBeSigned.indexOf(Buffer.of(TAG.generalizedTime, 15));
  toBeSigned.write(`${time.toISOString().replace(/[-:T]|\.\d+Z/g, '')}Z`, at + 2, 'latin1');
  const algorithm = basic.next().bytes;
  basic.next();
  const signature = encodeDer(TAG.bitString, Uint8Array.of(0), sign('sha256', toBeSigned, key));
  return encodeDer(TAG.sequence, toBeSigned, algorithm, signature, basic.next().bytes);
}

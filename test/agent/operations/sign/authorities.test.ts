// What level B-LT is built from, asked of a real test authority: its own answers by openssl, over HTTP.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { certificateParts } from '../../../../agent/signatures/certificate-parts.ts';
import { ocspRequest } from '../../../../agent/signatures/revocation.ts';
import { SignatureError, type SignatureErrorCode } from '../../../../agent/signatures/signature-error.ts';
import { type RevocationValues, type SignatureSurroundings } from '../../../../agent/signatures/signer.ts';
import { limits } from '../../../../shared/limits.ts';
import { type Policy } from '../../../../shared/policy.ts';
import { pem, TestAuthority } from '../../../signatures/test-authority.ts';
import { FakeClock } from '../../fake-clock.ts';
import { batchOf } from './authority-batch.ts';
import { judge } from '../../signatures/openssl.ts';

const stamped = 'signature value';
const imprint = createHash('sha256').update(stamped).digest();

describe('The surroundings of a signature of level B-LT', function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let certificate: Uint8Array;
  let clock: FakeClock;
  let calling: AbortController;

  before(async () => {
    authority = await TestAuthority.create();
    ({ certificate } = await authority.issueSigner({ key: 'ec-p256' }));
  });
  after(() => authority.close());
  beforeEach(() => {
    clock = new FakeClock();
    calling = new AbortController();
    authority.instead.clear();
    authority.requests.length = 0;
  });

  function batch(changes: Partial<Policy['signing']> = {}): () => SignatureSurroundings {
    return batchOf(authority, certificate, { clock, signal: calling.signal, ...changes });
  }

  async function both({ timeStamp, revocation }: SignatureSurroundings) {
    const ofSigner = await revocation!.ofSigner();
    const token = await timeStamp!('SHA-256', imprint);
    return { ofSigner, token, ofTimeStamp: await revocation!.ofTimeStamp(token) };
  }

  async function refuses(attempt: Promise<unknown>, code: SignatureErrorCode, reason: RegExp): Promise<void> {
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.deepEqual([error.code, reason.test(error.reason)], [code, true], error.reason);
      return true;
    });
  }

  const counts = ({ certificates, ocsp, crls }: RevocationValues) => [certificates.length, ocsp.length, crls.length];

  it('have what is known of the signer and of the time-stamping authority, up to the root', async () => {
    const { ofSigner, ofTimeStamp } = await both(batch()());
    assert.deepEqual(counts(ofSigner), [2, 1, 1]);
    // The CA and the root are in the token.
    assert.deepEqual(counts(ofTimeStamp), [0, 1, 1]);
    const { serialNumber } = certificateParts(authority.services.tsa.certificate);
    assert.ok(Buffer.from(ofTimeStamp.ocsp[0]!).includes(Buffer.from(serialNumber)));
  });

  it('take the list where no responder answers about the time-stamping authority', async () => {
    authority.instead.set('ts-ocsp', 'nothing');
    const { crl, timeStampCrl, rootCrl } = authority.urls;
    const { token, ofTimeStamp } = await both(batch({ crl: [crl, timeStampCrl, rootCrl] })());
    assert.deepEqual(counts(ofTimeStamp), [0, 0, 2]);
    // With the root and these lists openssl needs nothing else.
    const verdict = (crls: Uint8Array[]) => {
      const lists = crls.map(
        (der) => `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`,
      );
      const words = [
        'ts',
        '-verify',
        '-token_in',
        '-in',
        'token',
        '-data',
        'data',
        '-crl_check_all',
        '-CAfile',
        'all.pem',
      ];
      const all = Buffer.from(pem(authority.root) + lists.join(''));
      return judge('openssl', words, { token, data: Buffer.from(stamped), 'all.pem': all });
    };
    assert.equal(verdict(ofTimeStamp.crls).accepted, true, verdict(ofTimeStamp.crls).output);
    for (const list of ofTimeStamp.crls) assert.match(verdict([list]).output, /unable to get certificate CRL/);
  });

  it('are refused where nobody answers about the time-stamping authority, or about its CA', async () => {
    authority.instead.set('ts-ocsp', 'nothing');
    await refuses(both(batch()()), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
    authority.instead.clear();
    const surroundings = batch({ crl: [authority.urls.crl] })();
    const token = await surroundings.timeStamp!('SHA-256', imprint);
    await refuses(surroundings.revocation!.ofTimeStamp(token), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
  });

  it('are refused with a changed answer about the time-stamping authority', async () => {
    const changed = (answer: Uint8Array) => answer.map((byte, at) => (at === answer.length >> 2 ? byte ^ 1 : byte));
    authority.instead.set('ts-ocsp', changed);
    await refuses(both(batch()()), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
    const another = await authority.ocsp(ocspRequest(certificate, authority.issuer));
    authority.instead.set('ts-ocsp', () => another);
    await refuses(both(batch()()), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
  });

  it('tell of no time stamp but the one that was given for this document', async () => {
    const one = batch();
    const { token } = await both(one());
    const other = one();
    await refuses(other.revocation!.ofTimeStamp(token), 'ERR_SIGNATURE_REVOCATION', /somebody else/);
  });

  it('are asked for once in a batch, time stamps for each document', async () => {
    const one = batch();
    const first = await both(one());
    const second = await both(one());
    assert.notDeepEqual(second.token, first.token);
    assert.deepEqual(second.ofTimeStamp, first.ofTimeStamp);
    const asked = (path: string) => authority.requests.filter((request) => request === path).length;
    // About the signer, its CA, the unit and its CA: the last and the second are told by the root's list.
    assert.deepEqual([asked('/tsa'), asked('/ocsp'), asked('/crl'), asked('/root-crl')], [2, 4, 1, 1]);
    await both(batch()());
    assert.equal(asked('/root-crl'), 2, 'another batch asks anew');
  });

  it('leave a responder that has no answer alone for the next document', async () => {
    const one = batch();
    authority.instead.set('ocsp', () => Buffer.from('30030a0106', 'hex')); // unauthorized
    await both(one());
    const asked = () => authority.requests.filter((request) => request === '/ocsp').length;
    const before = asked();
    assert.deepEqual(counts((await both(one())).ofSigner), [2, 0, 2]);
    assert.equal(asked(), before);
  });

  it('ask a source that failed again, in a while', async () => {
    const one = batch();
    authority.instead.set('root-crl', 'nothing');
    await refuses(both(one()), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
    authority.instead.clear();
    await refuses(both(one()), 'ERR_SIGNATURE_REVOCATION', /nobody says/);
    clock.advance(limits.authorityRest);
    assert.deepEqual(counts((await both(one())).ofSigner), [2, 1, 1]);
  });

  it('are refused once the CA of the time-stamping authority is revoked, or the authority itself', async () => {
    const own = await TestAuthority.create();
    const used = authority;
    const signer = certificate;
    try {
      authority = own;
      ({ certificate } = await own.issueSigner({ key: 'ec-p256' }));
      await both(batch()());
      await own.revoke(own.timeStampIssuer);
      await refuses(both(batch()()), 'ERR_SIGNATURE_REVOCATION', /is revoked/);
      await own.revoke(own.services.tsa.certificate);
      // By the list as well.
      own.instead.set('ts-ocsp', 'nothing');
      const lists = [own.urls.crl, own.urls.timeStampCrl, own.urls.rootCrl];
      await refuses(both(batch({ crl: lists })()), 'ERR_SIGNATURE_REVOCATION', /is revoked/);
    } finally {
      authority = used;
      certificate = signer;
      await own.close();
    }
  });

  describe('of authorities that never answer', () => {
    let mute: Server;
    let open: ServerResponse[];
    let heard: () => Promise<unknown>;
    let url: string;

    beforeEach(async () => {
      open = [];
      mute = createServer((_request, response) => {
        open.push(response);
        mute.emit('heard');
      });
      mute.listen(0, '127.0.0.1');
      await once(mute, 'listening');
      heard = () => once(mute, 'heard');
      url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      mute.closeAllConnections();
      mute.close();
    });
    const nobody = () => batch({ ocsp: url, crl: Array.from({ length: 8 }, (_, index) => `${url}/${index}`) })();

    it('are waited for so long altogether, however many they are', async () => {
      const started = clock.now();
      const refused = refuses(nobody().revocation!.ofSigner(), 'ERR_SIGNATURE_REVOCATION', /too long/);
      for (let left: number = limits.authoritiesTime; left > 0; left -= limits.authorityTime) {
        await heard();
        clock.advance(limits.authorityTime);
      }
      await refused;
      assert.equal(clock.now() - started, limits.authoritiesTime);
      assert.ok(open.length <= limits.authoritiesTime / limits.authorityTime);
    });

    it('are counted together with the time stamp, and without the time between', async () => {
      const surroundings = batch({ timeStamp: url })();
      await surroundings.revocation!.ofSigner();
      clock.advance(10 * limits.authoritiesTime);
      const refused = refuses(surroundings.timeStamp!('SHA-256', imprint), 'ERR_SIGNATURE_TIMESTAMP', /did not answer/);
      await heard();
      clock.advance(limits.authorityTime);
      await refused;
    });

    it('are left at once when the request is called off', async () => {
      const reason = new Error('called off');
      const asked = nobody().revocation!.ofSigner();
      asked.catch(() => undefined);
      await heard();
      const closed = once(open[0]!, 'close');
      calling.abort(reason);
      await assert.rejects(asked, (error) => error === reason);
      await closed;
      assert.equal(open.length, 1, 'nobody else is asked');
      assert.equal(clock.pending, 0);
    });
  });
});

// JSON Web Signatures and bare values as the agent makes them, by every algorithm; and headers that somebody has made to be misread.
import assert from 'node:assert/strict';
import { createHash, sign } from 'node:crypto';
import { signJws } from '../../../agent/signatures/jws.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { createTestPki } from '../../../demo/pki/pki.ts';
import { anna } from '../../../demo/pki/persons.ts';
import {
  SignatureError,
  type SignatureErrorCode,
  type SignatureReport,
  verifyJws,
  verifyRaw,
} from '../../../relying-party/src/index.ts';
import { signerOf } from '../../signatures/signing.ts';
import { COMBINATIONS, SIGNING_TIME, textOf, utf8, XmlSite } from './xml-site.ts';

const payload = utf8('{"intyg":"frisk.","namn":"Anna Testsson"}');
const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');

describe('A JSON Web Signature at a site', function () {
  this.timeout(60_000);
  let site: XmlSite;
  let signer: Issued;
  before(async () => {
    site = await XmlSite.create();
    signer = await site.signer();
  });

  const verify = (signature: string | Uint8Array, document?: Uint8Array): Promise<SignatureReport> =>
    verifyJws({ signature, ...(document && { document }) }, site.trust);
  const refusal = (attempt: Promise<unknown>, code: SignatureErrorCode): Promise<void> =>
    assert.rejects(attempt, (error: unknown) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, code, String(error.cause));
      return true;
    });
  const refused = (code: SignatureErrorCode, signature: string, document?: Uint8Array): Promise<void> =>
    refusal(verify(signature, document), code);

  const honest = (issued = signer) => ({
    alg: 'ES256',
    x5c: [issued.certificate, ...issued.chain].map((der) => Buffer.from(der).toString('base64')),
    'x5t#S256': createHash('sha256').update(issued.certificate).digest('base64url'),
  });
  /** A signature that is good in itself whatever its header says. `header`: an object, or JSON text as it is. */
  const made = (header: object | string, body = base64url(payload), issued = signer, hash = 'sha256'): string => {
    const start = `${base64url(typeof header === 'string' ? header : JSON.stringify(header))}.${body}`;
    const key = { key: issued.privateKey, dsaEncoding: 'ieee-p1363' as const };
    return `${start}.${base64url(sign(hash, Buffer.from(start), key))}`;
  };

  for (const [key, algorithm] of COMBINATIONS) {
    it(`by ${algorithm} with ${key} is verified, within, detached and bare, and not once a byte is changed`, async () => {
      const issued = await site.signer(key);
      const by = signerOf(issued, algorithm);
      const now = { now: SIGNING_TIME };
      const within = await signJws(payload, { detached: false, mimeType: 'application/json' }, by, now);
      const report = await verify(within);
      assert.deepEqual(Buffer.from(report.documentBytes), Buffer.from(payload));
      assert.equal(report.algorithm, algorithm);
      const detached = await signJws(payload, { detached: true }, by, now);
      assert.deepEqual(Buffer.from((await verify(detached, payload)).documentBytes), Buffer.from(payload));
      const other = utf8('{"intyg":"sjuk."}');
      await refused('ERR_SIGNATURE_INVALID', textOf(detached), other);
      await refused('ERR_SIGNATURE_INVALID', textOf(within).replace(base64url(payload), base64url(other)));

      const raw = { certificate: issued.certificate, algorithm: by.algorithm as SignatureReport['algorithm'] };
      const signature = await by.sign(payload);
      const bare = await verifyRaw({ ...raw, signature, document: payload }, site.trust);
      assert.equal(bare.level, undefined);
      assert.equal(bare.holder.name, 'Anna Testsson');
      await refusal(verifyRaw({ ...raw, signature, document: other }, site.trust), 'ERR_SIGNATURE_INVALID');
    });
  }

  it('is reported with its holder and its time', async () => {
    const report = await verify(
      textOf(await signJws(payload, { detached: false }, signerOf(signer, 'ES256'), { now: SIGNING_TIME })),
    );
    assert.equal(report.format, 'jws');
    assert.equal(report.level, 'B-B');
    assert.deepEqual(report.holder.identity, { kind: 'hsa-id', hsaId: anna.hsaId });
    assert.deepEqual(report.claimedSigningTime, SIGNING_TIME);
    assert.deepEqual((await verify(made({ ...honest(), iat: 1_772_452_800 }))).claimedSigningTime, SIGNING_TIME);
    assert.equal((await verify(made(honest()))).claimedSigningTime, undefined);
  });

  it('takes the payload unencoded within, and encoded beside it', async () => {
    const unencoded = { ...honest(), b64: false, crit: ['b64'] };
    assert.equal(textOf((await verify(made(unencoded, 'frisk'))).documentBytes), 'frisk');
    const [head = '', , value = ''] = made(honest()).split('.');
    assert.equal(textOf((await verify(`${head}..${value}`, payload)).documentBytes), textOf(payload));
    await refused('ERR_SIGNATURE_MALFORMED', made(unencoded, 'frisk.'));
  });

  it('wants its document exactly when it is detached', async () => {
    const detached = textOf(
      await signJws(payload, { detached: true }, signerOf(signer, 'ES256'), { now: SIGNING_TIME }),
    );
    await refused('ERR_DOCUMENT_MISSING', detached);
    await refused('ERR_DOCUMENT_UNEXPECTED', made(honest()), payload);
  });

  const headers: Record<string, readonly [SignatureErrorCode, () => object | string]> = {
    'no algorithm': ['ERR_ALGORITHM_UNSUPPORTED', () => ({ ...honest(), alg: undefined })],
    'the algorithm none': ['ERR_ALGORITHM_UNSUPPORTED', () => ({ ...honest(), alg: 'none' })],
    'the algorithm nOnE': ['ERR_ALGORITHM_UNSUPPORTED', () => ({ ...honest(), alg: 'nOnE' })],
    'an algorithm with a shared secret': ['ERR_ALGORITHM_UNSUPPORTED', () => ({ ...honest(), alg: 'HS256' })],
    'an algorithm in a list': ['ERR_ALGORITHM_UNSUPPORTED', () => ({ ...honest(), alg: ['ES256'] })],
    'an algorithm for another key': ['ERR_ALGORITHM_MISMATCH', () => ({ ...honest(), alg: 'RS256' })],
    'an algorithm for another curve': ['ERR_ALGORITHM_MISMATCH', () => ({ ...honest(), alg: 'ES384' })],
    'a key of its own': ['ERR_HEADER_REFUSED', () => ({ ...honest(), jwk: {} })],
    'an address of keys': ['ERR_HEADER_REFUSED', () => ({ ...honest(), jku: 'https://example.org/' })],
    'an address of certificates': ['ERR_HEADER_REFUSED', () => ({ ...honest(), x5u: 'https://example.org/' })],
    'something critical that is unknown': ['ERR_HEADER_REFUSED', () => ({ ...honest(), exp: 1, crit: ['exp'] })],
    'a policy that must be understood': ['ERR_HEADER_REFUSED', () => ({ ...honest(), sigPId: {}, crit: ['sigPId'] })],
    'something critical that is not there': ['ERR_HEADER_REFUSED', () => ({ ...honest(), crit: ['sigT'] })],
    'something critical twice': ['ERR_HEADER_REFUSED', () => ({ ...honest(), b64: true, crit: ['b64', 'b64'] })],
    'nothing critical': ['ERR_HEADER_REFUSED', () => ({ ...honest(), crit: [] })],
    'a critical list that is none': ['ERR_HEADER_REFUSED', () => ({ ...honest(), b64: true, crit: 'b64' })],
    'b64 that is not critical': ['ERR_HEADER_REFUSED', () => ({ ...honest(), b64: false })],
    'b64 that is text': ['ERR_HEADER_REFUSED', () => ({ ...honest(), b64: 'false', crit: ['b64'] })],
    'a time that is none': ['ERR_HEADER_REFUSED', () => ({ ...honest(), sigT: '2026-13-02T12:00:00Z' })],
    'two times': ['ERR_HEADER_REFUSED', () => ({ ...honest(), sigT: '2026-03-02T12:00:00Z', iat: 1 })],
    'a time beyond all times': ['ERR_HEADER_REFUSED', () => ({ ...honest(), iat: 1e300 })],
    'no certificate': ['ERR_CERTIFICATE_MISSING', () => ({ ...honest(), x5c: undefined })],
    'an empty list of certificates': ['ERR_HEADER_REFUSED', () => ({ ...honest(), x5c: [] })],
    'a certificate in base64url': [
      'ERR_HEADER_REFUSED',
      () => ({ ...honest(), x5c: [`${base64url(signer.certificate)}-_`] }),
    ],
    'no digest of the certificate': ['ERR_SIGNATURE_ATTRIBUTES', () => ({ ...honest(), 'x5t#S256': undefined })],
    'the digest of another': [
      'ERR_SIGNING_CERTIFICATE_MISMATCH',
      () => ({ ...honest(), 'x5t#S256': base64url(Buffer.alloc(32)) }),
    ],
    'an algorithm twice': ['ERR_HEADER_REFUSED', () => JSON.stringify(honest()).replace('{', '{"alg":"none",')],
    'an algorithm twice, once escaped': [
      'ERR_HEADER_REFUSED',
      () => JSON.stringify(honest()).replace('{', '{"\\u0061lg":"none",'),
    ],
    'a prototype': ['ERR_HEADER_REFUSED', () => JSON.stringify(honest()).replace('{', '{"__proto__":{},')],
    'a list': ['ERR_HEADER_REFUSED', () => [honest()]],
    null: ['ERR_HEADER_REFUSED', () => 'null'],
    'something else than JSON': ['ERR_HEADER_REFUSED', () => '{'],
    'depth without end': ['ERR_HEADER_REFUSED', () => `{"alg":${'['.repeat(30_000)}`],
    'a byte-order mark': ['ERR_HEADER_REFUSED', () => `\ufeff${JSON.stringify(honest())}`],
    'too many bytes': ['ERR_HEADER_REFUSED', () => ({ ...honest(), kid: 'a'.repeat(70_000) })],
  };
  for (const [what, [code, header]] of Object.entries(headers)) {
    it(`is refused with ${what} in its header`, async () => refused(code, made(header())));
  }

  it('takes a header with white space and names that occur within others', async () => {
    const spaced = JSON.stringify({ ...honest(), kid: '"alg":"{' }, null, 2);
    assert.ok(await verify(made(spaced)));
  });

  it('is refused when its parts are not canonical', async () => {
    const whole = made(honest());
    for (const broken of [
      '',
      '.',
      '..',
      'a.b',
      `${whole}.`,
      `${whole}=`,
      `${whole}\n`,
      ` ${whole}`,
      whole.replace('.', '..'),
    ])
      await assert.rejects(verify(broken), SignatureError);
    await refused('ERR_SIGNATURE_MALFORMED', `${whole}=`);
    await refused('ERR_SIGNATURE_MALFORMED', whole.slice(0, whole.lastIndexOf('.') + 1));
    await refused('ERR_SIGNATURE_INVALID', `${whole.slice(0, whole.lastIndexOf('.'))}.AAAA`);
  });

  it('is refused from an issuer that only has the right name', async () => {
    const stranger = await createTestPki({ keyKind: 'ec-p256' });
    const forged = await stranger.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id' });
    await refused('ERR_CERTIFICATE_UNTRUSTED', made(honest(forged), base64url(payload), forged));
  });

  it('is refused bare when its algorithm or its certificate is none', async () => {
    const raw = { signature: new Uint8Array(64), document: payload, certificate: signer.certificate };
    const weak = { ...raw, algorithm: 'RS1' as SignatureReport['algorithm'] };
    await refusal(verifyRaw(weak, site.trust), 'ERR_ALGORITHM_UNSUPPORTED');
    const junk = { ...raw, certificate: payload, algorithm: 'ES256' as const };
    await refusal(verifyRaw(junk, site.trust), 'ERR_CERTIFICATE_MALFORMED');
    const long = { ...raw, signature: new Uint8Array(2_000), algorithm: 'ES256' as const };
    await refusal(verifyRaw(long, site.trust), 'ERR_SIGNATURE_TOO_LARGE');
  });
});

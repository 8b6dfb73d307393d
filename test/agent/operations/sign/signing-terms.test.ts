// What policy lets a site have signed: a table. Nothing that costs the holder a look is asked before it.
import assert from 'node:assert/strict';
import { signingTerms } from '../../../../agent/operations/sign/signing-terms.ts';
import { algorithmFor } from '../../../../agent/operations/sign/signing-places.ts';
import { generateKeyPairSync } from 'node:crypto';
import { type RequestOf } from '../../../../shared/messages.ts';
import { policySchema, type PolicySettings } from '../../../../shared/policy.ts';
import { kortbroError } from '../../fake-backend.ts';

const journal = 'https://journal.example.se';
type SignRequest = Pick<RequestOf<'sign'>, 'documents' | 'format' | 'level' | 'algorithm'>;

const documents = (count: number, size = 10) =>
  Array.from({ length: count }, (_, i) => ({ name: `${i}.txt`, type: 'text/plain', size }));
const raw: SignRequest = { documents: documents(1), format: { type: 'raw' } };
const cms: SignRequest = { documents: documents(1), format: { type: 'cms', attached: true } };
const named = (name: string, type = 'text/plain') => [{ name, type, size: 10 }];
const hash = (name: 'SHA-1' | 'SHA-256', size = 32): SignRequest => ({
  documents: documents(1, size),
  format: { type: 'hash', hash: name },
});
const withSite = (signing: object, more: PolicySettings = {}): PolicySettings => ({
  sites: [{ origin: journal, signing }],
  ...more,
});
const authority = { signing: { timeStamp: 'http://tsa.example.se/' } };

const refused: [string, PolicySettings, SignRequest, string][] = [
  ['a site that is refused', { otherSites: 'refuse' }, raw, 'ERR_POLICY_ORIGIN'],
  ['two documents at a site that policy does not name', {}, { ...raw, documents: documents(2) }, 'ERR_POLICY_SIGNING'],
  ['more than policy allows', withSite({ documents: 4 }), { ...raw, documents: documents(5) }, 'ERR_POLICY_SIGNING'],
  ['a hash at a site that policy does not name', {}, hash('SHA-256'), 'ERR_POLICY_SIGNING'],
  ['a hash of another length', withSite({ hash: true }), hash('SHA-256', 20), 'ERR_DOCUMENT_FORMAT'],
  [
    'a hash with another algorithm',
    withSite({ hash: true }),
    { ...hash('SHA-256'), algorithm: { hash: 'SHA-384' } },
    'ERR_SIGNATURE_ALGORITHM',
  ],
  ['a hash by SHA-1', withSite({ hash: true }), hash('SHA-1', 20), 'ERR_SIGNATURE_ALGORITHM'],
  [
    'SHA-1 in a container',
    withSite({ sha1: true }),
    { ...cms, algorithm: { hash: 'SHA-1' } },
    'ERR_SIGNATURE_ALGORITHM',
  ],
  ['SHA-1', withSite({}), { ...raw, algorithm: { hash: 'SHA-1' } }, 'ERR_SIGNATURE_ALGORITHM'],
  ['a time stamp without an authority', withSite({}), { ...cms, level: 'B-T' }, 'ERR_POLICY_SIGNING'],
  ['long-term without revocation', withSite({}, authority), { ...cms, level: 'B-LT' }, 'ERR_POLICY_SIGNING'],
  [
    'a level that a raw signature does not have',
    withSite({}, authority),
    { ...raw, level: 'B-T' },
    'ERR_REQUEST_INVALID',
  ],
  ['a name of which nothing can be shown', {}, { ...raw, documents: named('\u202e<\u200b>') }, 'ERR_REQUEST_INVALID'],
  ['a PDF signature of a text', {}, { ...raw, format: { type: 'pades' } }, 'ERR_DOCUMENT_FORMAT'],
  [
    'a signature within XML of what is shown as a PDF',
    {},
    { documents: named('a', 'application/pdf'), format: { type: 'xades', packaging: 'enveloped' } },
    'ERR_DOCUMENT_FORMAT',
  ],
];

const allowed: [string, PolicySettings, SignRequest, boolean][] = [
  ['one document at any site', {}, cms, false],
  ['a PDF as one', {}, { documents: named('a', 'application/pdf'), format: { type: 'pades' } }, false],
  ...['application/xml', 'text/xml', 'application/fhir+xml'].map(
    (type): [string, PolicySettings, SignRequest, boolean] => [
      `a signature within ${type}`,
      {},
      { documents: named('a', type), format: { type: 'xades', packaging: 'enveloped' } },
      false,
    ],
  ),
  ['a batch', withSite({ documents: 5 }), { ...cms, documents: documents(5) }, false],
  ['SHA-1 where policy lets it', withSite({ sha1: true }), { ...raw, algorithm: { hash: 'SHA-1' } }, false],
  ['a time stamp with an authority', withSite({}, authority), { ...cms, level: 'B-T' }, false],
  ['a container by the authentication key', withSite({ authenticationKey: true }), cms, true],
  ['raw bytes, never by the authentication key', withSite({ authenticationKey: true }), raw, false],
  [
    'a hash, never by the authentication key',
    withSite({ authenticationKey: true, hash: true }),
    hash('SHA-256'),
    false,
  ],
];

describe('Policy about signing', () => {
  for (const [name, policy, request, code] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => signingTerms(policySchema.parse(policy), journal, request), kortbroError(code));
    });
  }

  for (const [name, policy, request, mayUseAuthentication] of allowed) {
    it(`allows ${name}`, () => {
      assert.equal(
        signingTerms(policySchema.parse(policy), journal, request).mayUseAuthentication,
        mayUseAuthentication,
      );
    });
  }
});

describe('The algorithm of a signature', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const ed = generateKeyPairSync('ed25519').publicKey;
  const all = ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA'] as const;

  it('is SHA-256 with PKCS#1, or what the curve has, unless the site wants another', () => {
    assert.equal(algorithmFor(rsa, [...all], undefined, undefined), 'RS256');
    assert.equal(algorithmFor(rsa, [...all], 'SHA-512', 'pss'), 'PS512');
    assert.equal(algorithmFor(rsa, [...all], 'SHA-1', undefined), 'RS1');
    assert.equal(algorithmFor(rsa, ['CKM_RSA_PKCS_PSS'], undefined, undefined), 'PS256');
    assert.equal(algorithmFor(p256, [...all], undefined, undefined), 'ES256');
    assert.equal(algorithmFor(p384, [...all], 'SHA-384', undefined), 'ES384');
  });

  it('is refused where key, hash, padding and driver do not go together', () => {
    const refusal = kortbroError('ERR_SIGNATURE_ALGORITHM');
    assert.throws(() => algorithmFor(p256, [...all], 'SHA-384', undefined), refusal);
    assert.throws(() => algorithmFor(p256, [...all], undefined, 'pss'), refusal);
    assert.throws(() => algorithmFor(p256, ['CKM_RSA_PKCS'], undefined, undefined), refusal);
    assert.throws(() => algorithmFor(rsa, ['CKM_RSA_PKCS'], undefined, 'pss'), refusal);
    assert.throws(() => algorithmFor(rsa, [...all], 'SHA-1', 'pss'), refusal);
    assert.throws(() => algorithmFor(ed, [...all], undefined, undefined), refusal);
    assert.throws(
      () => algorithmFor(short, [...all], undefined, undefined),
      kortbroError('ERR_CARD_CERTIFICATE_INVALID'),
    );
  });
});

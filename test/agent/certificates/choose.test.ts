// Which certificates fit a site: a table. It never takes "the first", and the code says which sieve left nothing.
import assert from 'node:assert/strict';
import { parseCertificate, type CardCertificate } from '../../../agent/certificates/certificate.ts';
import { assuranceLevel, fitForLogin, type Candidate } from '../../../agent/certificates/choose.ts';
import { type SitePolicy } from '../../../shared/policy.ts';
import { certificateOf } from './der.ts';

const plain = parseCertificate(certificateOf())!;
const now = new Date('2026-06-01T00:00:00Z');
const rules = [
  { policyOid: '2.999.3', issuer: 'CA 3', level: 3 },
  { policyOid: '2.999.2', issuer: 'CA 2', level: 2 },
];

const person = (place: string, changes: Partial<CardCertificate> = {}): Candidate<string> => ({
  place,
  certificate: { ...plain, issuer: 'CA 3', policies: ['2.999.3'], ...changes },
});
const hsa = person('hsa');
const personal = person('personal', { identity: 'personal-number' });
const signature = person('signature', { usage: 'signature' });
const other = person('other', { usage: 'other' });
const expired = person('expired', { notAfter: new Date('2026-05-31T23:59:59Z') });
const future = person('future', { notBefore: new Date('2026-06-01T00:00:01Z') });
const reserve = person('reserve', { issuer: 'CA 2', policies: ['2.999.2'] });
const boasting = person('boasting', { issuer: 'CA 2', policies: ['2.999.3'] });
const employer = person('employer', { issuer: 'CA 3', organisation: 'Another' });

type Wish = Pick<SitePolicy, 'identity' | 'issuers' | 'minimumAssuranceLevel'>;
const any: Wish = { identity: 'any', issuers: [] };
const hsaId: Wish = { identity: 'hsa-id', issuers: [] };
const level3: Wish = { ...any, minimumAssuranceLevel: 3 };

const cases: [string, Candidate<string>[], Wish, string[] | string][] = [
  ['the one that fits', [hsa, personal, signature], hsaId, ['hsa']],
  ['the other identity', [hsa, personal], { identity: 'personal-number', issuers: [] }, ['personal']],
  ['both where the site takes any', [hsa, personal], any, ['hsa', 'personal']],
  ['every employer, never the first', [hsa, employer], hsaId, ['hsa', 'employer']],
  ['no card', [], any, 'ERR_CARD_NO_CERTIFICATE'],
  ['only a signature certificate', [signature], any, 'ERR_CARD_NO_CERTIFICATE'],
  ['only a certificate for something else', [other], any, 'ERR_CARD_NO_CERTIFICATE'],
  ['only the wrong identity', [personal], hsaId, 'ERR_CARD_NO_CERTIFICATE'],
  ['a named issuer', [hsa, reserve], { ...any, issuers: ['CA 2'] }, ['reserve']],
  ['no named issuer', [hsa], { ...any, issuers: ['CA 2'] }, 'ERR_CARD_NO_CERTIFICATE'],
  ['an issuer by its whole name only', [hsa], { ...any, issuers: ['CA', 'ca 3', 'CA 3 '] }, 'ERR_CARD_NO_CERTIFICATE'],
  ['only one that has expired', [expired], any, 'ERR_CARD_CERTIFICATE_INVALID'],
  ['only one that is not valid yet', [future], any, 'ERR_CARD_CERTIFICATE_INVALID'],
  ['the valid one of two', [expired, hsa], any, ['hsa']],
  [
    'an expired one of the wrong identity',
    [{ ...expired, certificate: { ...expired.certificate, identity: 'other' } }],
    hsaId,
    'ERR_CARD_NO_CERTIFICATE',
  ],
  ['the level that the site asks for', [reserve, hsa], level3, ['hsa']],
  ['a higher level than it asks for', [hsa, reserve], { ...any, minimumAssuranceLevel: 2 }, ['hsa', 'reserve']],
  ['only a reserve card', [reserve], level3, 'ERR_POLICY_ASSURANCE'],
  [
    'a level that no rule gives',
    [person('x', { policies: [] })],
    { ...any, minimumAssuranceLevel: 1 },
    'ERR_POLICY_ASSURANCE',
  ],
  ['a policy OID of another issuer', [boasting], level3, 'ERR_POLICY_ASSURANCE'],
  [
    'expired before too low',
    [{ ...expired, certificate: { ...expired.certificate, policies: [] } }],
    level3,
    'ERR_CARD_CERTIFICATE_INVALID',
  ],
];

describe('The choice of certificates for a login', () => {
  for (const [name, candidates, wish, expected] of cases) {
    it(`${Array.isArray(expected) ? 'offers' : expected}: ${name}`, () => {
      const outcome = fitForLogin(candidates, wish, rules, now);
      assert.deepEqual('fit' in outcome ? outcome.fit.map(({ place }) => place) : outcome.code, expected);
    });
  }

  it('gives the highest level that OID and issuer agree on, or none', () => {
    const two = { ...hsa.certificate, policies: ['2.999.2', '2.999.3'] };
    const both = [...rules, { policyOid: '2.999.2', issuer: 'CA 3', level: 2 }];
    assert.equal(assuranceLevel(two, both), 3);
    assert.equal(assuranceLevel(two, []), undefined);
    assert.equal(assuranceLevel(boasting.certificate, rules), undefined);
  });
});

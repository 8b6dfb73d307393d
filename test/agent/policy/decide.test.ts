// What policy says about a site: every case in a table.
import assert from 'node:assert/strict';
import { decideSite } from '../../../agent/policy/decide.ts';
import { policySchema, type Policy } from '../../../shared/policy.ts';

const policyOf = (settings: Record<string, unknown>): Policy => policySchema.parse(settings);
const sites = [
  { origin: 'https://silent.se', access: 'silent' },
  { origin: 'https://ask.se' },
  { origin: 'https://refuse.se', access: 'refuse' },
  { origin: 'https://level.se:8443', identity: 'any', issuers: ['CA'], minimumAssuranceLevel: 3 },
];
const open = policyOf({ sites });
const closed = policyOf({ sites, otherSites: 'refuse' });
const development = policyOf({ sites: [{ origin: 'http://localhost:3000', access: 'silent' }], allowLocalhost: true });

const cases: [string, Policy, string, string][] = [
  ['a site that policy lets in silently', open, 'https://silent.se', 'silent'],
  ['a site that policy names', open, 'https://ask.se', 'ask'],
  ['a site that policy refuses', open, 'https://refuse.se', 'ERR_POLICY_ORIGIN'],
  ['a site that policy does not name', open, 'https://other.se', 'ask'],
  ['a site that policy does not name, where others are refused', closed, 'https://other.se', 'ERR_POLICY_ORIGIN'],
  ['a site that policy names, where others are refused', closed, 'https://ask.se', 'ask'],
  ['another port', closed, 'https://silent.se:8443', 'ERR_POLICY_ORIGIN'],
  ['no port where policy has one', closed, 'https://level.se', 'ERR_POLICY_ORIGIN'],
  ['a subdomain', closed, 'https://a.silent.se', 'ERR_POLICY_ORIGIN'],
  ['a name that begins alike', closed, 'https://silent.se.example', 'ERR_POLICY_ORIGIN'],
  ['a name that is written alike (punycode)', closed, 'https://xn--slent-6ra.se', 'ERR_POLICY_ORIGIN'],
  ['http', open, 'http://silent.se', 'ERR_REQUEST_ORIGIN'],
  ['a slash', open, 'https://silent.se/', 'ERR_REQUEST_ORIGIN'],
  ['a path', open, 'https://silent.se/x', 'ERR_REQUEST_ORIGIN'],
  ['the standard port, written out', open, 'https://silent.se:443', 'ERR_REQUEST_ORIGIN'],
  ['capital letters', open, 'https://Silent.se', 'ERR_REQUEST_ORIGIN'],
  ['a user', open, 'https://a@silent.se', 'ERR_REQUEST_ORIGIN'],
  ['letters that are no ASCII', open, 'https://sílent.se', 'ERR_REQUEST_ORIGIN'],
  ['null', open, 'null', 'ERR_REQUEST_ORIGIN'],
  ['nothing', open, '', 'ERR_REQUEST_ORIGIN'],
  ['a file', open, 'file://', 'ERR_REQUEST_ORIGIN'],
  ['an extension', open, 'chrome-extension://enkfobeibilnjcamendfcdpkdeoammnj', 'ERR_REQUEST_ORIGIN'],
  ['a space', open, ' https://silent.se', 'ERR_REQUEST_ORIGIN'],
  ['a name that is too long', open, `https://${'a'.repeat(260)}.se`, 'ERR_REQUEST_ORIGIN'],
  ['localhost over http', open, 'http://localhost:3000', 'ERR_REQUEST_ORIGIN'],
  ['localhost over http, for development', development, 'http://localhost:3000', 'silent'],
  ['another host over http, for development', development, 'http://localhost.se', 'ERR_REQUEST_ORIGIN'],
  ['127.0.0.1 over http, for development', development, 'http://127.0.0.1:3000', 'ERR_REQUEST_ORIGIN'],
];

describe('What policy decides', () => {
  for (const [name, policy, origin, expected] of cases) {
    it(`${expected}: ${name}`, () => {
      const decision = decideSite(policy, origin);
      assert.equal(decision.access === 'refuse' ? decision.code : decision.access, expected);
    });
  }

  it('is also which certificate the site wants', () => {
    const named = decideSite(open, 'https://level.se:8443');
    assert.deepEqual(named.access === 'ask' && named.wanted, {
      identity: 'any',
      issuers: ['CA'],
      minimumAssuranceLevel: 3,
    });
    const other = decideSite(open, 'https://other.se');
    assert.deepEqual(other.access === 'ask' && other.wanted, { identity: 'hsa-id', issuers: [] });
  });

  it('never lets in silently whom policy does not name', () => {
    assert.throws(() => policyOf({ otherSites: 'silent' }));
  });
});

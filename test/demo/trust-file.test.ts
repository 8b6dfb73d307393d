// A file that says who issues the cards: sites and policy are made from it alike.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { createTestPki, ISSUER_NAME } from '../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../demo/pki/policies.ts';
import { readTrustFile } from '../../demo/trust-file.ts';
import { createNonces, createTokenVerifier } from '../../relying-party/src/index.ts';
import { policySchema } from '../../shared/policy.ts';

describe('a trust file', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-trust-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };

  it('is fit for the sites and for the policy', async () => {
    const pki = await createTestPki({ keyKind: 'ec-p256' });
    write('root.pem', pemCertificate(pki.root));
    write('ca.pem', pemCertificate(pki.issuers.hsaId3));
    const issuer = {
      certificate: 'ca.pem',
      name: ISSUER_NAME.hsaId3,
      assuranceLevel: 3,
      policyOid: TEST_POLICY.personHsaId3,
    };
    const trust = readTrustFile(write('trust.json', JSON.stringify({ roots: ['root.pem'], issuers: [issuer] })));
    createTokenVerifier({ ...trust, origin: 'https://journal.example.org', nonces: createNonces(), minimumLevel: 3 });
    const policy = policySchema.parse({ assuranceLevels: trust.policyLevels });
    assert.deepEqual(policy.assuranceLevels, [
      { policyOid: TEST_POLICY.personHsaId3, issuer: ISSUER_NAME.hsaId3, level: 3 },
    ]);
  });

  it('is refused when it is incomplete, or names what is not there', () => {
    assert.throws(() => readTrustFile(write('trust.json', '{"roots":[],"issuers":[]}')));
    const issuer = { certificate: 'ca.pem', name: 'x', assuranceLevel: 3, policyOid: '1.2.3' };
    const path = write('trust.json', JSON.stringify({ roots: ['no.pem'], issuers: [issuer] }));
    assert.throws(() => readTrustFile(path), /no\.pem/);
  });
});

import assert from 'node:assert/strict';
import { cecilia } from '../../demo/pki/persons.ts';
import { type TestPki } from '../../demo/pki/pki.ts';
import { TEST_POLICY } from '../../demo/pki/policies.ts';
import { assertRefused, createPki, issueAnna, present, signToken } from './login-fixture.ts';

describe('the token verifier decides the assurance level', () => {
  let pki: TestPki;
  before(async () => {
    pki = await createPki();
  });

  it('and refuses level 2 where 3 is asked for', async () => {
    const token = signToken(await issueAnna(pki, { person: cecilia }));
    await assertRefused(present(pki, token), 'ERR_ASSURANCE_LEVEL_TOO_LOW');
  });

  it('and refuses a level 3 policy from a level 2 issuer', async () => {
    const issued = await issueAnna(pki, { issuer: 'hsaId2', policies: [TEST_POLICY.personHsaId3] });
    await assertRefused(present(pki, signToken(issued), { minimumLevel: 2 }), 'ERR_ASSURANCE_LEVEL_CONFLICT');
  });

  it('and refuses a level 2 policy from a level 3 issuer', async () => {
    const issued = await issueAnna(pki, { policies: [TEST_POLICY.personHsaId2] });
    await assertRefused(present(pki, signToken(issued), { minimumLevel: 2 }), 'ERR_ASSURANCE_LEVEL_CONFLICT');
  });

  it('and refuses policies of two levels at once', async () => {
    const issued = await issueAnna(pki, { policies: [TEST_POLICY.personHsaId3, TEST_POLICY.personHsaId2] });
    await assertRefused(present(pki, signToken(issued)), 'ERR_ASSURANCE_LEVEL_CONFLICT');
  });

  it('and refuses a certificate without a known policy', async () => {
    for (const policies of [[], ['2.999.1.2.3'], ['2.5.29.32.0']]) {
      const token = signToken(await issueAnna(pki, { policies }));
      await assertRefused(present(pki, token), 'ERR_ASSURANCE_LEVEL_UNKNOWN');
    }
  });

  it('and is not disturbed by a policy beside the known one', async () => {
    const issued = await issueAnna(pki, { policies: ['2.999.1.2.3', TEST_POLICY.personHsaId3] });
    assert.equal((await present(pki, signToken(issued))).assuranceLevel, 3);
  });
});

// Certificate policies of the test PKI: which object identifier stands for which assurance level (tillitsnivå).
// Every identifier here is invented. They stand under 2.999, the arc that the registry keeps for examples, so they can
// never be mistaken for the policies of SITHS, which a real installation must put in its own configuration.

/** Assurance levels that the test PKI issues: 3 is the ordinary card, 2 the reserve card. */
export type AssuranceLevel = 2 | 3;

/** Which identity the subject's serialNumber (2.5.4.5) carries. */
export type Identity = 'hsa-id' | 'personal-number';

/** The invented arc: 2.999 (examples) and 752 (the country code of Sweden, for the reader's eye only). */
export const TEST_POLICY_ARC = '2.999.752.1';

/** Policy identifiers, one for each kind of person certificate. All invented. */
export const TEST_POLICY = {
  personHsaId3: `${TEST_POLICY_ARC}.3.1`,
  personId3: `${TEST_POLICY_ARC}.3.2`,
  personHsaId2: `${TEST_POLICY_ARC}.2.1`,
  personId2: `${TEST_POLICY_ARC}.2.2`,
} as const;

/** The table a relying party is configured with: policy identifier -> assurance level. */
export const TEST_ASSURANCE_LEVELS: Readonly<Record<string, AssuranceLevel>> = {
  [TEST_POLICY.personHsaId3]: 3,
  [TEST_POLICY.personId3]: 3,
  [TEST_POLICY.personHsaId2]: 2,
  [TEST_POLICY.personId2]: 2,
};

/** The policy that an honest certificate of this kind carries. */
export function policyFor(identity: Identity, level: AssuranceLevel): string {
  if (identity === 'hsa-id') return level === 3 ? TEST_POLICY.personHsaId3 : TEST_POLICY.personHsaId2;
  return level === 3 ? TEST_POLICY.personId3 : TEST_POLICY.personId2;
}

// The machine policy of a demonstration, as a file: both sites may use the card without a question once the PIN is given, the
// invented policy OIDs of the test PKI mean assurance levels, and its TLS root is believed when the agent calls a site.
import { renameSync, writeFileSync } from 'node:fs';
import { type z } from 'zod';
import { policySchema, type TokenSource } from '../shared/policy.ts';
import { ISSUER_NAME } from './pki/pki.ts';
import { TEST_POLICY } from './pki/policies.ts';

/** What can be written into a policy file. */
export type PolicyFile = z.input<typeof policySchema>;

/** Which policy OID of which issuer means which level: that of the test PKI. */
export const testAssuranceLevels: NonNullable<PolicyFile['assuranceLevels']> = [
  { policyOid: TEST_POLICY.personHsaId3, issuer: ISSUER_NAME.hsaId3, level: 3 },
  { policyOid: TEST_POLICY.personHsaId2, issuer: ISSUER_NAME.hsaId2, level: 2 },
  { policyOid: TEST_POLICY.personId3, issuer: ISSUER_NAME.id3, level: 3 },
  { policyOid: TEST_POLICY.personId2, issuer: ISSUER_NAME.id2, level: 2 },
];

/** What a demonstration's policy is made of. */
export interface DemoPolicyParts {
  readonly sites: NonNullable<PolicyFile['sites']>;
  readonly source: TokenSource;
  /** The program that asks for the PIN; undefined: the system's own. */
  readonly pinentry: string | undefined;
  /** PEM file with the root above the sites' certificates. */
  readonly authorities: string;
}

/** The demonstration's policy. */
export function demoPolicy({ sites, source, pinentry, authorities }: DemoPolicyParts): PolicyFile & { logout: object } {
  return {
    tokens: [source],
    sites,
    assuranceLevels: testAssuranceLevels,
    logout: { authorities },
    ...(pinentry === undefined ? {} : { pin: { program: pinentry } }),
  };
}

/** Writes `policy` in one step: a running agent reads the old one or the new one, whole. @throws ZodError when it is none */
export function writePolicy(path: string, policy: PolicyFile): void {
  policySchema.parse(policy);
  writeFileSync(`${path}.new`, `${JSON.stringify(policy, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

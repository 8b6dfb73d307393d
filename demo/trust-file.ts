// Who issues the cards, where it is not the test PKI: read from a file that names the certificates. Both the sites and the
// agent's policy are made from it, so that they cannot disagree.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type HarnessOptions } from './harness.ts';

const trustFile = z.strictObject({
  /** PEM files, relative to this one. */
  roots: z.array(z.string().min(1)).min(1),
  issuers: z
    .array(
      z.strictObject({
        certificate: z.string().min(1),
        /** The common name in it. */
        name: z.string().min(1),
        assuranceLevel: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
        /** The policy that its certificates of that level carry. */
        policyOid: z.string().min(1),
      }),
    )
    .min(1),
});

/** @throws Error when the file, or one that it names, cannot be read */
export function readTrustFile(path: string): NonNullable<HarnessOptions['trust']> {
  const { roots, issuers } = trustFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const pem = (name: string) => readFileSync(resolve(dirname(path), name), 'utf8');
  return {
    roots: roots.map(pem),
    trustedIssuers: issuers.map(({ certificate, assuranceLevel }) => ({
      certificate: pem(certificate),
      assuranceLevel,
    })),
    assuranceLevels: Object.fromEntries(issuers.map(({ policyOid, assuranceLevel }) => [policyOid, assuranceLevel])),
    policyLevels: issuers.map(({ policyOid, name, assuranceLevel }) => ({
      policyOid,
      issuer: name,
      level: assuranceLevel,
    })),
  };
}

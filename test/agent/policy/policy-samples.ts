// A policy that says everything there is to say, and what a reader of policies answers, in one line.
import { type PolicyOutcome } from '../../../agent/policy/policy-file.ts';

/** A policy that has every setting. */
export const full = {
  $schema: './policy.schema.json',
  tokens: [{ type: 'pkcs11', module: '/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so' }],
  pin: { program: '/usr/bin/pinentry-gtk-2', dialogSeconds: 60, idleMinutes: 30, absoluteMinutes: 480 },
  card: { operationSeconds: 30 },
  sites: [
    {
      origin: 'https://journal.example.se',
      access: 'silent',
      identity: 'any',
      issuers: ['CA'],
      minimumAssuranceLevel: 3,
    },
    { origin: 'https://recept.example.se:8443' },
  ],
  otherSites: 'refuse',
  assuranceLevels: [{ policyOid: '2.999.1', issuer: 'CA', level: 3 }],
  allowLocalhost: true,
};

/** The line and the reason of a refusal, or that there is none. */
export function refusal(outcome: PolicyOutcome): string {
  return outcome.ok ? 'accepted' : `${outcome.line}: ${outcome.reason}`;
}

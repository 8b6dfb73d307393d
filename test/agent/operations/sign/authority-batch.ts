// The surroundings that the agent makes for a batch of level B-LT, with policy that names a test authority.
import { TrustStore } from '../../../../agent/network/trust-store.ts';
import { chainOf, surroundingsFor } from '../../../../agent/operations/sign/authorities.ts';
import { type SignatureSurroundings } from '../../../../agent/signatures/signer.ts';
import { type Clock } from '../../../../shared/clock.ts';
import { type Policy, policySchema } from '../../../../shared/policy.ts';
import { type TestAuthority } from '../../../signatures/test-authority.ts';

/** The issuer and the root are in policy; the issuer of the time-stamping authority is in its token alone. */
export function batchOf(
  authority: TestAuthority,
  certificate: Uint8Array,
  { clock, signal, ...changes }: { clock: Clock; signal: AbortSignal } & Partial<Policy['signing']>,
): () => SignatureSurroundings {
  const { timeStamp, ocsp, crl, rootCrl } = authority.urls;
  const policy = policySchema.parse({});
  Object.assign(policy.signing, { timeStamp, ocsp, crl: [crl, rootCrl], ...changes });
  const authorities = [authority.issuer, authority.root];
  const identity = { certificate, chain: chainOf(certificate, authorities), authorities };
  const trust = new TrustStore({ system: { version: () => '', read: () => [] }, unreadable: () => undefined });
  const environment = { clock, trust, systemProxy: () => undefined, fileTrust: undefined };
  return surroundingsFor(environment, policy, 'B-LT', identity, () => new Date(), signal);
}

// What a site gets: nonces to hand out, a verifier for the tokens that come back, and the errors of both.
export { type AssuranceLevel, type AssuranceLevels } from './assurance-level.ts';
export { type Clock } from './clock.ts';
export { type HolderIdentity, type HolderNames } from './holder.ts';
export {
  createMemoryNonceStore,
  createNonces,
  type NonceOptions,
  type Nonces,
  type NonceStore,
  type StoredNonce,
} from './nonces.ts';
export { TOKEN_ERROR_TEXT, TokenError, type TokenErrorCode } from './token-error.ts';
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedHolder,
} from './token-verifier.ts';
export { type CertificateInput, type TrustedIssuer, type TrustOptions } from './trust.ts';

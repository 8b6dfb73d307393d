// What a site gets: nonces to hand out, a verifier for the tokens that come back, logouts for when the card leaves, and errors.
export { type AssuranceLevel, type AssuranceLevels } from './assurance-level.ts';
export { type Clock, type Schedule } from './clock.ts';
export { type HolderIdentity, type HolderNames } from './holder.ts';
export { type EndReason, type LogoutReason, type StoredLogout } from './logout-state.ts';
export { createMemoryLogoutStore, type LogoutStore, type MemoryLogoutStoreOptions } from './logout-store.ts';
export { type LogoutTermsOptions } from './logout-terms.ts';
export {
  createLogouts,
  type LogoutAnswer,
  type LogoutOptions,
  type LogoutRegistration,
  type Logouts,
} from './logouts.ts';
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

// What a site gets: nonces to hand out, a verifier for the tokens that come back, logouts for when the card leaves,
// verification of signatures, and errors.
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
export { createMemoryRevocationCache, type RevocationCache } from './revocation-cache.ts';
export {
  createRevocationChecker,
  type RevocationChecker,
  type RevocationOptions,
  type RevocationQuestion,
} from './revocation-checker.ts';
export { SIGNATURE_ERROR_TEXT, SignatureError, type SignatureErrorCode } from './signature-error.ts';
export {
  type RevocationReport,
  type SignatureAlgorithm,
  type SignatureFormat,
  type SignatureHolder,
  type SignatureLevel,
  type SignatureReport,
  type TimeStampReport,
} from './signature-report.ts';
export { createSignatureTrust, type SignatureTrust, type SignatureTrustOptions } from './signature-trust.ts';
export { TOKEN_ERROR_TEXT, TokenError, type TokenErrorCode } from './token-error.ts';
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedHolder,
} from './token-verifier.ts';
export { type LaterChanges } from './pdf-later-changes.ts';
export { type CmsSignature, verifyCms } from './verify-cms.ts';
export { type JwsGiven, verifyJws } from './verify-jws.ts';
export { type PadesOptions, type PadesReport, verifyPades } from './verify-pades.ts';
export { type RawSignature, verifyRaw } from './verify-raw.ts';
export { verifyXades, verifyXmlDsig, type XmlSignatureGiven } from './verify-xml.ts';
export { type CertificateInput, type TrustedIssuer, type TrustOptions } from './trust.ts';

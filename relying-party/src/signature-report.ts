// What a verified signature is told as, the same for every format. A report is made only of what was verified; what is
// the signer's own word is named `claimed`. A signature that is refused has no report: it is a SignatureError.
import { type AssuranceLevel } from './assurance-level.ts';
import { type HolderIdentity, type HolderNames } from './holder.ts';

export type SignatureFormat = 'cms' | 'pades' | 'xades' | 'xmldsig' | 'jws' | 'raw';

/**
 * ETSI's baseline levels. B-T: with an accepted time stamp. B-LT: and with accepted evidence in it that no certificate was revoked,
 * neither the signer's nor those of the time stamp's authority.
 */
export type SignatureLevel = 'B-B' | 'B-T' | 'B-LT';

/** JWA names (RFC 7518 3.1), whatever the format itself calls them. */
export type SignatureAlgorithm =
  'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'RS256' | 'RS384' | 'RS512';

/** The certificate's holder, as at a login. */
export interface SignatureHolder extends HolderNames {
  readonly identity: HolderIdentity;
  readonly assuranceLevel: AssuranceLevel;
  /** commonName of the issuing CA. */
  readonly issuer: string;
  /** Lower-case hexadecimal SHA-256 of the certificate. */
  readonly certificateSha256: string;
  readonly notAfter: Date;
}

/** A time that one of the configured time-stamping authorities vouches for. */
export interface TimeStampReport {
  readonly time: Date;
  /** commonName of the authority's certificate. */
  readonly authority: string;
  /**
   * Of the authority's certificate and the CAs between it and a configured one, by what came with the signature: `embedded` and
   * `good`, or `not-checked` and `unknown` where some of it is missing or cannot be used.
   */
  readonly revocation: Pick<RevocationReport, 'checked' | 'status'>;
}

/** What is known about revocation. A certificate that was revoked in time is a refusal, so it has no word here. */
export interface RevocationReport {
  /** Where the evidence came from. */
  readonly checked: 'ocsp' | 'crl' | 'embedded' | 'not-checked';
  /** `revoked-later`: revoked since, but after the time that the time stamp vouches for. */
  readonly status: 'good' | 'revoked-later' | 'unknown';
  /** thisUpdate of the evidence. */
  readonly asOf?: Date;
  /** With `revoked-later`. */
  readonly revokedAt?: Date;
}

export interface SignatureReport {
  readonly format: SignatureFormat;
  /** Absent where the format has no levels (xmldsig, raw). */
  readonly level?: SignatureLevel;
  readonly holder: SignatureHolder;
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array;
  /** The issuing CA and the root above it, DER, from the configuration. */
  readonly issuers: readonly Uint8Array[];
  readonly algorithm: SignatureAlgorithm;
  /** By the signer's own word. */
  readonly claimedSigningTime?: Date;
  readonly timeStamp?: TimeStampReport;
  /** The time that certificates were judged for: the time stamp's, or the moment of verification. */
  readonly validAt: Date;
  readonly revocation: RevocationReport;
  /** What the signature covers, byte for byte. Use this, not another copy of the document. */
  readonly documentBytes: Uint8Array;
}

/** For formats that have no levels. */
export function withoutLevel(report: SignatureReport): SignatureReport {
  const rest: { -readonly [Key in keyof SignatureReport]: SignatureReport[Key] } = { ...report };
  delete rest.level;
  return rest;
}

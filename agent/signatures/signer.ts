// What a signature container is made around: a key that signs on its holder's word, and what the higher levels need
// from elsewhere. Who signs and who fetches stand behind these two faces; the containers are bytes in, bytes out.
import { type SignatureAlgorithm } from '../../shared/signing.ts';

export interface Signer {
  /** DER of the signing certificate, and of the issuers that are known (leaf's issuer first; may be empty). */
  certificate: Uint8Array;
  chain: readonly Uint8Array[];
  /** JWA name (RFC 7518 3.1). */
  algorithm: SignatureAlgorithm;
  /** Signs the hash of these bytes (the caller hashes by the algorithm). ECDSA values are raw r||s. */
  sign(toBeSigned: Uint8Array): Promise<Uint8Array>;
}

/** What a higher level needs beyond the key; absent: B-B. */
export interface SignatureSurroundings {
  /** Signing time. */
  now: Date;
  /** RFC 3161: the hash algorithm's name and the imprint -> DER of the TimeStampToken (a ContentInfo), already checked to be over that imprint. */
  timeStamp?: (hash: 'SHA-256' | 'SHA-384' | 'SHA-512', imprint: Uint8Array) => Promise<Uint8Array>;
  /** For B-LT, which is neither's alone. */
  revocation?: {
    /** Of the signing certificate and its issuers; asked for before the key is used. */
    ofSigner: () => Promise<RevocationValues>;
    /** Of whoever made this token, which `timeStamp` has given, and of their issuers. */
    ofTimeStamp: (token: Uint8Array) => Promise<RevocationValues>;
  };
}

/** What shows that the certificates of a chain were not revoked, each DER. */
export interface RevocationValues {
  /** Up to the root. */
  certificates: Uint8Array[];
  /** OCSPResponse. */
  ocsp: Uint8Array[];
  crls: Uint8Array[];
}

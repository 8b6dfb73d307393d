// The one error that verifying a signature throws for what comes from outside, and the closed list of its codes.
// Messages are fixed sentences: nothing of the document, the signature or the certificate is ever repeated in them.

/** Code -> the sentence for the developer. A code never changes its meaning. */
export const SIGNATURE_ERROR_TEXT = {
  ERR_DOCUMENT_FORMAT: 'The document is not what its type says, or is damaged.',
  ERR_DOCUMENT_REFUSED: 'The document is of a kind that cannot be verified safely: encrypted, or XML with a DOCTYPE.',
  ERR_DOCUMENT_TOO_LARGE: 'The document is larger than this package verifies.',
  ERR_DOCUMENT_MISSING: 'The signature is detached: give the document that it was made for.',
  ERR_DOCUMENT_UNEXPECTED: 'The signature brings its document along: give none, and use the one in the report.',
  ERR_DOCUMENT_CHANGED: 'The document is not the one that was signed.',
  ERR_PDF_BYTE_RANGE: 'The signature covers something other than all bytes of the PDF up to its end but its own.',
  ERR_PDF_LATER_CHANGES: 'The PDF was changed after it was signed.',
  ERR_REFERENCE_REFUSED:
    'The signature refers to its document in a way that is not accepted: a part of it, another transform, or more than once.',
  ERR_HEADER_REFUSED: 'The header of the signature has a parameter that is missing, occurs twice or is not understood.',
  ERR_SIGNATURE_MISSING: 'The document carries no signature.',
  ERR_SIGNATURE_MULTIPLE: 'The container has more than one signature where one was expected, or none.',
  ERR_SIGNATURE_MALFORMED: 'The signature is not strictly encoded, or has parts that contradict each other.',
  ERR_SIGNATURE_TOO_LARGE: 'The signature, or a part of it, is larger than this package verifies.',
  ERR_SIGNATURE_FORMAT_UNSUPPORTED: 'The container or its content is of a type that is not accepted here.',
  ERR_SIGNATURE_ATTRIBUTES: 'A signed attribute or property that the format asks for is missing or occurs twice.',
  ERR_SIGNATURE_INVALID: "The signature is not the certificate's over this document.",
  ERR_SIGNING_CERTIFICATE_MISMATCH: 'The certificate is not the one that the signature names as its own.',
  ERR_ALGORITHM_UNSUPPORTED: 'The signature uses an algorithm that is unknown or too weak, such as SHA-1.',
  ERR_ALGORITHM_MISMATCH:
    "The signature's algorithm does not fit the certificate's key, or two places name two of them.",
  ERR_CERTIFICATE_MISSING: "The signature does not bring its signer's certificate along.",
  ERR_CERTIFICATE_MALFORMED: 'The certificate is not strict DER, or has parts that contradict each other.',
  ERR_CERTIFICATE_UNTRUSTED: 'No trusted issuer has signed the certificate with an accepted algorithm.',
  ERR_CERTIFICATE_NOT_YET_VALID: 'The certificate was not valid yet when the signature was made.',
  ERR_CERTIFICATE_EXPIRED:
    'The certificate has expired, and no accepted time stamp shows that the signature was made before.',
  ERR_CERTIFICATE_PURPOSE:
    'The certificate is not for signatures; one for authentication needs the verifier to allow it.',
  ERR_CERTIFICATE_KEY_UNSUPPORTED:
    'The key of the certificate is neither RSA of 2048 to 8192 bits nor on P-256, P-384 or P-521.',
  ERR_CERTIFICATE_REVOKED: 'The certificate was revoked before the signature is known to have been made.',
  ERR_ISSUER_NOT_VALID:
    'The issuing CA or the root above it is outside its validity period. Update the configured certificates.',
  ERR_ASSURANCE_LEVEL_UNKNOWN: 'No policy of the certificate is in the configured table of assurance levels.',
  ERR_ASSURANCE_LEVEL_CONFLICT: "The certificate's policies and its issuer do not agree about the assurance level.",
  ERR_ASSURANCE_LEVEL_TOO_LOW: 'The card has a lower assurance level than is asked for.',
  ERR_HOLDER_UNREADABLE: 'The subject of the certificate has no usable name, or no single HSA-id or personal number.',
  ERR_TIMESTAMP_MALFORMED: 'The time stamp is not a strictly encoded RFC 3161 token.',
  ERR_TIMESTAMP_INVALID: 'The time stamp is for something else, or its own signature is wrong.',
  ERR_TIMESTAMP_UNTRUSTED: 'The time stamp is not from one of the configured authorities, or theirs is not valid.',
  ERR_TIMESTAMP_REVOKED: "The certificate of the time stamp's authority, or of a CA above it, is revoked.",
  ERR_REVOCATION_MALFORMED: 'The OCSP response or the CRL is not strictly encoded, or is for another certificate.',
  ERR_REVOCATION_UNTRUSTED: 'The OCSP response or the CRL is signed by somebody who may not speak for the issuer.',
  ERR_REVOCATION_STALE: 'The OCSP response or the CRL is too old, or from the future.',
  ERR_REVOCATION_UNKNOWN: 'Nothing says whether the certificate is revoked: no answer for it was given or found.',
  ERR_REVOCATION_UNAVAILABLE: 'The OCSP responder or the CRL could not be fetched. Try again later; answer 503.',
  ERR_VERIFIER_FAILED: 'Something failed that should not have. The cause is attached; please report it.',
} as const;

export type SignatureErrorCode = keyof typeof SIGNATURE_ERROR_TEXT;

/** A signature that was refused. `code` is for programs; `message` is the developer's sentence, not the holder's. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;

  constructor(code: SignatureErrorCode, options?: ErrorOptions) {
    super(SIGNATURE_ERROR_TEXT[code], options);
    this.code = code;
  }
}

// The one error that this package throws for what comes from outside, and the closed list of its codes.
// Messages are fixed sentences: nothing of the token, the certificate or the nonce is ever repeated in them.

/** Code -> the sentence for the developer. A code never changes its meaning. */
export const TOKEN_ERROR_TEXT = {
  ERR_SESSION_INVALID:
    'The session identifier must be a string of 1 to 1024 characters. Check that the session middleware ran.',
  ERR_NONCE_UNKNOWN:
    'This session has no nonce left: none was issued, or an attempt has used it up. Issue a new one and ask again.',
  ERR_NONCE_EXPIRED: 'The nonce is too old. Issue a new one and ask again.',
  ERR_NONCE_STORE_UNAVAILABLE: 'The nonce store failed or answered nonsense. The cause is attached; answer 503.',
  ERR_LOGGED_OUT:
    'The card holder has left before the login was finished. Make no session; a new login may be asked for.',
  ERR_LOGOUT_UNKNOWN:
    'This login has no logout token left: none was registered, it is too old, or a session has it. Make no session; ask again.',
  ERR_LOGOUT_STORE_UNAVAILABLE: 'The logout store failed or answered nonsense. The cause is attached; answer 503.',
  ERR_TOKEN_MALFORMED: 'The token is not a Web eID token: its size, its fields or their encoding are wrong.',
  ERR_TOKEN_FORMAT_UNSUPPORTED:
    'The token has a format other than web-eid:1.x. Update this package or the software that made the token.',
  ERR_ALGORITHM_UNSUPPORTED: 'The token names an algorithm other than ES, PS or RS with 256, 384 or 512.',
  ERR_ALGORITHM_MISMATCH: "The token's algorithm does not fit the certificate's key.",
  ERR_SIGNATURE_INVALID:
    "The signature is not the certificate's over this site's origin and this session's nonce. Check the configured origin first.",
  ERR_CERTIFICATE_MALFORMED: 'The certificate is not strict DER, or has parts that contradict each other.',
  ERR_CERTIFICATE_UNTRUSTED: 'No trusted issuer has signed the certificate with an accepted algorithm.',
  ERR_CERTIFICATE_NOT_YET_VALID: "The certificate is not valid yet. Check the server's clock.",
  ERR_CERTIFICATE_EXPIRED: 'The certificate has expired. The holder needs a new card or a renewed certificate.',
  ERR_CERTIFICATE_PURPOSE:
    'The certificate is not for authentication: key usage, extended key usage or basic constraints forbid it.',
  ERR_CERTIFICATE_KEY_UNSUPPORTED:
    'The key of the certificate is neither RSA of 2048 to 8192 bits nor on P-256, P-384 or P-521.',
  ERR_CERTIFICATE_REVOKED: 'The certificate is revoked. The holder needs a new card.',
  ERR_REVOCATION_UNAVAILABLE:
    'Nobody could tell whether the certificate is revoked. The cause is attached; answer 503.',
  ERR_ISSUER_NOT_VALID:
    'The issuing CA or the root above it is outside its validity period. Update the configured certificates.',
  ERR_ASSURANCE_LEVEL_UNKNOWN: 'No policy of the certificate is in the configured table of assurance levels.',
  ERR_ASSURANCE_LEVEL_CONFLICT: "The certificate's policies and its issuer do not agree about the assurance level.",
  ERR_ASSURANCE_LEVEL_TOO_LOW: 'The card has a lower assurance level than this site asks for.',
  ERR_HOLDER_UNREADABLE: 'The subject of the certificate has no usable name, or no single HSA-id or personal number.',
  ERR_VERIFIER_FAILED: 'Something failed that should not have. The cause is attached; please report it.',
} as const;

export type TokenErrorCode = keyof typeof TOKEN_ERROR_TEXT;

/** A login attempt that was refused. `code` is for programs; `message` is the developer's sentence, not the holder's. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode, options?: ErrorOptions) {
    super(TOKEN_ERROR_TEXT[code], options);
    this.code = code;
  }
}

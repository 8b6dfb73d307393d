// Verifies a login token from end to end, and says who logged in. Read `verify` downward: that is the whole order.
import { createHash } from 'node:crypto';
import { type AuthenticationToken, parseAuthenticationToken } from './authentication-token.ts';
import {
  type AssuranceLevel,
  type AssuranceLevels,
  decideAssuranceLevel,
  isAssuranceLevel,
  readAssuranceLevels,
} from './assurance-level.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type Clock, systemClock } from './clock.ts';
import { type HolderIdentity, type HolderNames, readHolder } from './holder.ts';
import { type Nonces } from './nonces.ts';
import { type RevocationChecker, type RevocationQuestion } from './revocation-checker.ts';
import { SignatureError } from './signature-error.ts';
import { type RevocationReport } from './signature-report.ts';
import { TokenError } from './token-error.ts';
import { verifyTokenSignature } from './token-signature.ts';
import { findIssuer, readTrustedIssuers, type TrustOptions } from './trust.ts';

export interface TokenVerifierOptions extends TrustOptions {
  /** The site's origin as browsers write it: `https://journal.example.org`, no slash at the end. */
  readonly origin: string;
  /** The nonces that this site issues. */
  readonly nonces: Pick<Nonces, 'consume'>;
  readonly assuranceLevels: AssuranceLevels;
  /** The lowest level that may log in. */
  readonly minimumLevel: AssuranceLevel;
  /** Asks whether the certificate is revoked. Absent: nobody is asked. */
  readonly revocation?: RevocationChecker;
  readonly clock?: Clock;
}

/** Someone whose card signed this site's origin and this session's nonce just now. */
export interface VerifiedHolder extends HolderNames {
  readonly identity: HolderIdentity;
  readonly assuranceLevel: AssuranceLevel;
  /** commonName of the issuing CA. */
  readonly issuer: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** Lower-case hexadecimal SHA-256 of `certificate`: the same card and identity have the same. */
  readonly certificateSha256: string;
  /** Until when the certificate is valid: no session should outlive it. */
  readonly notAfter: Date;
  /** By the token's own word; for statistics only. */
  readonly appVersion: string;
  /** The nonce that was signed, used up by now: it names this login to `Logouts.open`. */
  readonly nonce: string;
  /** What the revocation checker found, if one is configured. */
  readonly revocation?: RevocationReport;
}

export interface TokenVerifier {
  /**
   * @param attempt.token the token as JSON text, or as a body parser made it.
   * @param attempt.session the identifier that the nonce was issued to. The attempt uses up its nonce, whatever comes of it.
   * @throws TokenError, and nothing else
   */
  verify(attempt: { readonly token: unknown; readonly session: string }): Promise<VerifiedHolder>;
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const COMMON_NAME = '2.5.4.3';
const MAX_ORIGIN_LENGTH = 255;

/** @throws TypeError that names what is wrong, if the configuration is. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { nonces, minimumLevel, clock = systemClock } = options;
  const origin = readOrigin(options.origin);
  const issuers = readTrustedIssuers(options);
  const table = readAssuranceLevels(options.assuranceLevels);
  if (!isAssuranceLevel(minimumLevel)) throw new TypeError('minimumLevel must be 1, 2, 3 or 4.');

  const verify = async (attempt: { readonly token: unknown; readonly session: string }): Promise<VerifiedHolder> => {
    const nonce = await nonces.consume(attempt.session);
    const token = parseAuthenticationToken(attempt.token);
    const certificate = parseCertificate(token.unverifiedCertificate);
    const now = clock();
    const issuer = findIssuer(certificate, issuers, now);
    assertValidAt(certificate, now);
    assertForAuthentication(certificate);
    const { algorithm, signature } = token;
    verifyTokenSignature({ origin, nonce, algorithm, signature, publicKey: certificate.publicKey });
    const { policies } = certificate;
    const assuranceLevel = decideAssuranceLevel({
      policies,
      issuerLevel: issuer.assuranceLevel,
      table,
      minimum: minimumLevel,
    });
    const holder = verifiedHolder(certificate, issuer.certificate, assuranceLevel, token);
    if (options.revocation === undefined) return { ...holder, nonce };
    const revocation = await checkRevocation(options.revocation, { certificate, issuer: issuer.certificate, at: now });
    return { ...holder, nonce, revocation };
  };

  return {
    async verify(attempt) {
      try {
        return await verify(attempt);
      } catch (error) {
        if (error instanceof TokenError) throw error;
        // Nothing is known to come here. Should something yet, it is a refusal like any other.
        throw new TokenError('ERR_VERIFIER_FAILED', { cause: error });
      }
    },
  };
}

/** Last of all: only a token that is good in everything else makes this server ask others. */
async function checkRevocation(checker: RevocationChecker, question: RevocationQuestion): Promise<RevocationReport> {
  try {
    return await checker.check(question);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    const revoked = cause.code === 'ERR_CERTIFICATE_REVOKED';
    throw new TokenError(revoked ? 'ERR_CERTIFICATE_REVOKED' : 'ERR_REVOCATION_UNAVAILABLE', { cause });
  }
}

function verifiedHolder(
  certificate: Certificate,
  issuer: Certificate,
  assuranceLevel: AssuranceLevel,
  token: AuthenticationToken,
): Omit<VerifiedHolder, 'nonce' | 'revocation'> {
  return {
    ...readHolder(certificate),
    assuranceLevel,
    issuer: issuer.subjectValues(COMMON_NAME)[0] ?? '',
    certificate: certificate.der,
    certificateSha256: createHash('sha256').update(certificate.der).digest('hex'),
    notAfter: new Date(certificate.notAfter),
    appVersion: token.appVersion,
  };
}

function assertValidAt({ notBefore, notAfter }: Certificate, now: number): void {
  if (!(now >= notBefore)) throw new TokenError('ERR_CERTIFICATE_NOT_YET_VALID');
  if (!(now <= notAfter)) throw new TokenError('ERR_CERTIFICATE_EXPIRED');
}

/** An end entity, digitalSignature, and clientAuth or no word about extended usage. */
function assertForAuthentication({ isAuthority, keyUsage, extendedKeyUsage }: Certificate): void {
  const forClients = extendedKeyUsage === undefined || extendedKeyUsage.includes(CLIENT_AUTH);
  if (isAuthority || keyUsage?.digitalSignature !== true || keyUsage.keyCertSign || !forClients) {
    throw new TokenError('ERR_CERTIFICATE_PURPOSE');
  }
}

/** The origin exactly as a browser writes it (HTML: "ASCII serialization of an origin"). */
function readOrigin(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.origin !== origin || origin.length > MAX_ORIGIN_LENGTH) {
    throw new TypeError(
      'origin must be as browsers write it: https://host or https://host:port, with no slash at the end.',
    );
  }
  const local = url.hostname === 'localhost' || url.hostname.endsWith('.localhost');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new TypeError('origin must be https (http is for localhost alone).');
  }
  return origin;
}

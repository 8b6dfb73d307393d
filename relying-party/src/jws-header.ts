// Reads the protected header of a JSON Web Signature from a closed set of parameters (RFC 7515, RFC 7797, ETSI TS 119 182-1): an
// unknown one, or one that occurs twice, is a refusal.
import { decodeBase64 } from './base64.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureAlgorithm } from './signature-report.ts';

export interface JwsHeader {
  readonly algorithm: SignatureAlgorithm;
  /** x5c, DER: the signer's first. */
  readonly certificates: readonly Uint8Array[];
  /** x5t#S256: base64url of the SHA-256 of the signer's certificate. */
  readonly certificateDigest: string;
  /** Milliseconds since 1970: sigT, or iat of later versions. */
  readonly claimedSigningTime: number | undefined;
  /** b64 is false: the payload is signed as it is. */
  readonly isUnencoded: boolean;
}

const ALGORITHMS: ReadonlySet<unknown> = new Set<SignatureAlgorithm>([
  ...(['ES256', 'ES384', 'ES512'] as const),
  ...(['PS256', 'PS384', 'PS512'] as const),
  ...(['RS256', 'RS384', 'RS512'] as const),
]);
/** cty, typ and kid are hints that nothing here depends on. */
const KNOWN = new Set(['alg', 'cty', 'typ', 'kid', 'x5c', 'x5t#S256', 'sigT', 'iat', 'b64', 'crit']);
const MAY_BE_CRITICAL = new Set<unknown>(['sigT', 'b64']);
const SIGNING_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const MAX_LENGTH = 65_536;
const MAX_CERTIFICATES = 8;
const MAX_SECONDS = 253_402_300_799; // the end of the year 9999

/** @throws SignatureError ERR_HEADER_REFUSED, ERR_ALGORITHM_UNSUPPORTED, ERR_CERTIFICATE_MISSING, ERR_SIGNATURE_ATTRIBUTES */
export function readJwsHeader(json: Uint8Array): JwsHeader {
  const header = parse(json);
  const has = (name: string): boolean => header.has(name);
  if ([...header.keys()].some((name) => !KNOWN.has(name))) throw new SignatureError('ERR_HEADER_REFUSED');
  if (!ALGORITHMS.has(header.get('alg'))) throw new SignatureError('ERR_ALGORITHM_UNSUPPORTED');
  assertCritical(header);
  const b64 = header.get('b64') ?? true;
  if (typeof b64 !== 'boolean') throw new SignatureError('ERR_HEADER_REFUSED');
  if (!has('x5c')) throw new SignatureError('ERR_CERTIFICATE_MISSING');
  const certificateDigest = header.get('x5t#S256');
  if (typeof certificateDigest !== 'string') throw new SignatureError('ERR_SIGNATURE_ATTRIBUTES');
  return {
    algorithm: header.get('alg') as SignatureAlgorithm,
    certificates: certificatesOf(header.get('x5c')),
    certificateDigest,
    claimedSigningTime: timeOf(header),
    isUnencoded: !b64,
  };
}

function parse(json: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    if (json.length > MAX_LENGTH) throw new RangeError();
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    const header: unknown = JSON.parse(text);
    if (typeof header !== 'object' || header === null || Array.isArray(header)) throw new TypeError();
    const entries = Object.entries(header);
    if (countKeys(text) !== entries.length) throw new RangeError();
    return new Map(entries);
  } catch {
    throw new SignatureError('ERR_HEADER_REFUSED');
  }
}

/** Of the outermost object in well-formed JSON, each as often as it occurs: JSON.parse would keep the last one alone. */
function countKeys(text: string): number {
  let depth = 0;
  let keys = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':' && depth === 1) keys += 1;
  }
  return keys;
}

/** What must be understood is, is there, and is named once (RFC 7515 4.1.11). b64 must be among it (RFC 7797 6). */
function assertCritical(header: ReadonlyMap<string, unknown>): void {
  const critical = header.get('crit') ?? [];
  const isList =
    Array.isArray(critical) &&
    new Set(critical).size === critical.length &&
    (critical as unknown[]).every((name) => MAY_BE_CRITICAL.has(name) && header.has(name as string));
  const isEmpty = header.has('crit') && isList && critical.length === 0;
  if (!isList || isEmpty || (header.has('b64') && !(critical as unknown[]).includes('b64'))) {
    throw new SignatureError('ERR_HEADER_REFUSED');
  }
}

/** Plain base64, unlike all else in a header (RFC 7515 4.1.6). */
function certificatesOf(list: unknown): Uint8Array[] {
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_CERTIFICATES) {
    throw new SignatureError('ERR_HEADER_REFUSED');
  }
  return (list as unknown[]).map((text) => {
    const der = typeof text === 'string' ? decodeBase64(text) : undefined;
    if (der === undefined) throw new SignatureError('ERR_HEADER_REFUSED');
    return der;
  });
}

function timeOf(header: ReadonlyMap<string, unknown>): number | undefined {
  const [sigT, iat] = [header.get('sigT'), header.get('iat')];
  if (sigT === undefined && iat === undefined) return undefined;
  if (sigT === undefined && Number.isInteger(iat) && Number(iat) >= 0 && Number(iat) <= MAX_SECONDS) {
    return Number(iat) * 1000;
  }
  const time = typeof sigT === 'string' && SIGNING_TIME.test(sigT) ? Date.parse(sigT) : Number.NaN;
  if (Number.isNaN(time) || iat !== undefined) throw new SignatureError('ERR_HEADER_REFUSED');
  return time;
}

// Parses a Web eID authentication token, format 1.x. Says only that the fields have their form; nothing of it is
// trusted yet. A token that says 1.0 has exactly the five fields of 1.0. A later minor version may carry more (the
// specification promises that it stays compatible): these are counted and otherwise never looked at.
import { decodeBase64 } from './base64.ts';
import { TokenError } from './token-error.ts';

export interface AuthenticationToken {
  /** DER, by its own word only. */
  readonly unverifiedCertificate: Uint8Array;
  readonly algorithm: string;
  readonly signature: Uint8Array;
  /** `web-eid:1.x`. */
  readonly format: string;
  /** Not covered by the signature: for statistics and fault reports, never for decisions. */
  readonly appVersion: string;
}

/** Limits of the token, as the other validators of the format have them. */
const MIN_LENGTH = 100;
const MAX_LENGTH = 10_000;
const MAX_FIELDS = 16;
const MAX_ALGORITHM_LENGTH = 16;
const MAX_FORMAT_LENGTH = 32;
const MAX_APP_VERSION_LENGTH = 255;

const FIELDS = ['unverifiedCertificate', 'algorithm', 'signature', 'format', 'appVersion'] as const;
type Field = (typeof FIELDS)[number];

const FORMAT = /^web-eid:1\.(?:0|[1-9][0-9]{0,3})$/;

/**
 * @param token the JSON text, or what a body parser made of it.
 * @throws TokenError ERR_TOKEN_MALFORMED, ERR_TOKEN_FORMAT_UNSUPPORTED
 */
export function parseAuthenticationToken(token: unknown): AuthenticationToken {
  const fields = readFields(typeof token === 'string' ? parseJson(token) : token);
  const unverifiedCertificate = decodeBase64(fields.unverifiedCertificate);
  const signature = decodeBase64(fields.signature);
  if (unverifiedCertificate === undefined || signature === undefined) throw new TokenError('ERR_TOKEN_MALFORMED');
  const { algorithm, format, appVersion } = fields;
  return { unverifiedCertificate, algorithm, signature, format, appVersion };
}

function parseJson(text: string): unknown {
  if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) throw new TokenError('ERR_TOKEN_MALFORMED');
  try {
    return JSON.parse(text);
  } catch {
    // Not attached as the cause: JSON's message quotes the text.
    throw new TokenError('ERR_TOKEN_MALFORMED');
  }
}

/** Copies the five fields; each is read once. */
function readFields(value: unknown): Record<Field, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TokenError('ERR_TOKEN_MALFORMED');
  const names = Object.keys(value);
  if (names.length > MAX_FIELDS) throw new TokenError('ERR_TOKEN_MALFORMED');
  const given = new Map<string, unknown>(Object.entries(value));
  const text = (field: Field, maxLength: number): string => {
    const content = given.get(field);
    if (typeof content !== 'string' || content.length === 0 || content.length > maxLength) {
      throw new TokenError('ERR_TOKEN_MALFORMED');
    }
    return content;
  };
  // First the format: a token of another version is not malformed, it is not ours.
  const format = text('format', MAX_FORMAT_LENGTH);
  if (!FORMAT.test(format)) throw new TokenError('ERR_TOKEN_FORMAT_UNSUPPORTED');
  if (format === 'web-eid:1.0' && names.length !== FIELDS.length) throw new TokenError('ERR_TOKEN_MALFORMED');
  return {
    unverifiedCertificate: text('unverifiedCertificate', MAX_LENGTH),
    algorithm: text('algorithm', MAX_ALGORITHM_LENGTH),
    signature: text('signature', MAX_LENGTH),
    format,
    appVersion: text('appVersion', MAX_APP_VERSION_LENGTH),
  };
}

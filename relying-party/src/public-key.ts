// Which keys are accepted anywhere in this package.
import { type KeyObject } from 'node:crypto';

const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** RSA of 2048 to 8192 bits, or P-256, P-384, P-521. */
export function isSupportedKey({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  const bits = details?.modulusLength ?? 0;
  return asymmetricKeyType === 'rsa'
    ? bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS
    : asymmetricKeyType === 'ec' && CURVES.has(details?.namedCurve ?? '');
}

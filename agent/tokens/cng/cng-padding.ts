// From a JWA algorithm to how NCryptSignHash is to pad a digest (RFC 7518 3.1). The digest is ready: no provider hashes for us. Pure.
import { type SignaturePadding } from '../../native/cng.ts';
import { hashOf } from '../digest-info.ts';
import { type SignatureAlgorithm, TokenError } from '../token.ts';

const hashNames = { sha1: 'SHA1', sha256: 'SHA256', sha384: 'SHA384', sha512: 'SHA512' } as const;

/** @throws TokenError ERR_CARD_FAILED when the digest is not of the algorithm's hash, or the key of another kind */
export function paddingOf(algorithm: SignatureAlgorithm, digest: Uint8Array, group: 'RSA' | 'ECDSA'): SignaturePadding {
  const hash = hashOf(algorithm);
  if (digest.length !== hash.length) throw new TokenError('ERR_CARD_FAILED', { native: 'NTE_BAD_LEN (0x80090004)' });
  if (algorithm.startsWith('ES') !== (group === 'ECDSA')) {
    throw new TokenError('ERR_CARD_FAILED', { native: 'NTE_BAD_ALGID (0x80090008)' });
  }
  if (group === 'ECDSA') return { padding: 'none', hash: '' };
  return { padding: algorithm.startsWith('PS') ? 'pss' : 'pkcs1', hash: hashNames[hash.name] };
}

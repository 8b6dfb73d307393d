// DigestInfo (RFC 8017 9.2, note 1): what PKCS#1 v1.5 signs, made from a ready digest. Pure.
import { type SignatureAlgorithm } from './token.ts';

/** The hash that an algorithm's digest was made with, by its name in node:crypto, and its length in bytes. */
export function hashOf(algorithm: SignatureAlgorithm): {
  name: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  length: number;
} {
  switch (algorithm.slice(2)) {
    case '1':
      return { name: 'sha1', length: 20 };
    case '256':
      return { name: 'sha256', length: 32 };
    case '384':
      return { name: 'sha384', length: 48 };
    default:
      return { name: 'sha512', length: 64 };
  }
}

const prefixes = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

/** The DER of DigestInfo for a digest of the algorithm's hash. */
export function digestInfo(algorithm: SignatureAlgorithm, digest: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(prefixes[hashOf(algorithm).name], 'hex'), digest]);
}

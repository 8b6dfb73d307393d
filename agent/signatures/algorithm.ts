// The signature algorithms as CMS and X.509 write them (RFC 5754, RFC 4056, RFC 5758), and their reading back: which hash,
// which padding. SHA-1 is known nowhere here.
import { constants, type KeyObject, verify } from 'node:crypto';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import {
  children,
  contextTag,
  element,
  nullElement,
  objectIdentifier,
  readElement,
  sequence,
  smallInteger,
  tag,
  unsignedInteger,
} from './der.ts';
import { SignatureError } from './signature-error.ts';

export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512';

interface Hash {
  /** As node:crypto calls it. */
  node: string;
  length: number;
  oid: string;
  rsa: string;
  ecdsa: string;
}

const hashes: Readonly<Record<HashName, Hash>> = {
  'SHA-256': {
    node: 'sha256',
    length: 32,
    oid: '2.16.840.1.101.3.4.2.1',
    rsa: '1.2.840.113549.1.1.11',
    ecdsa: '1.2.840.10045.4.3.2',
  },
  'SHA-384': {
    node: 'sha384',
    length: 48,
    oid: '2.16.840.1.101.3.4.2.2',
    rsa: '1.2.840.113549.1.1.12',
    ecdsa: '1.2.840.10045.4.3.3',
  },
  'SHA-512': {
    node: 'sha512',
    length: 64,
    oid: '2.16.840.1.101.3.4.2.3',
    rsa: '1.2.840.113549.1.1.13',
    ecdsa: '1.2.840.10045.4.3.4',
  },
};
const hashNames = Object.keys(hashes) as HashName[];

const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const rsaEncryption = '1.2.840.113549.1.1.1';

/** The hash that a JWA name speaks of. */
export function hashOf(algorithm: SignatureAlgorithm): HashName {
  const name = hashNames.find((candidate) => candidate.endsWith(algorithm.slice(2)) && algorithm !== 'RS1');
  if (name === undefined) throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'SHA-1 is in no container');
  return name;
}

/** As node:crypto calls it. */
export function nodeHash(hash: HashName): string {
  return hashes[hash].node;
}

export function hashLength(hash: HashName): number {
  return hashes[hash].length;
}

/** AlgorithmIdentifier of a hash, without parameters (RFC 5754 2). */
export function hashIdentifier(hash: HashName): Uint8Array {
  return sequence(objectIdentifier(hashes[hash].oid));
}

/** AlgorithmIdentifier of a signature. PSS: parameters in full, salt as long as the hash (RFC 4056). */
export function signatureIdentifier(algorithm: SignatureAlgorithm): Uint8Array {
  const hash = hashOf(algorithm);
  const { rsa, ecdsa, length } = hashes[hash];
  if (algorithm.startsWith('ES')) return sequence(objectIdentifier(ecdsa));
  if (algorithm.startsWith('RS')) return sequence(objectIdentifier(rsa), nullElement);
  const digest = sequence(objectIdentifier(hashes[hash].oid), nullElement);
  return sequence(
    objectIdentifier(rsassaPss),
    sequence(
      element(contextTag(0), digest),
      element(contextTag(1), sequence(objectIdentifier(mgf1), digest)),
      element(contextTag(2), smallInteger(length)),
    ),
  );
}

/** The value as CMS holds it: r and s of ECDSA as a SEQUENCE of two INTEGERs. */
export function signatureValue(algorithm: SignatureAlgorithm, value: Uint8Array): Uint8Array {
  if (!algorithm.startsWith('ES')) return value;
  const half = value.length / 2;
  if (!Number.isInteger(half) || half === 0)
    throw new SignatureError('ERR_SIGNATURE_ALGORITHM', 'an ECDSA value of odd length');
  return sequence(unsignedInteger(value.subarray(0, half)), unsignedInteger(value.subarray(half)));
}

/** The hash that an AlgorithmIdentifier names; parameters are absent or NULL. */
export function hashOfIdentifier(der: Uint8Array): HashName | undefined {
  const [id, parameters, ...more] = children(readElement(der), tag.sequence);
  if (more.length > 0 || (parameters !== undefined && !same(parameters.der, nullElement))) return undefined;
  return hashNames.find((name) => id !== undefined && same(id.der, objectIdentifier(hashes[name].oid)));
}

/**
 * Whether `signature` is by `key` over `signed`, with the algorithm that the AlgorithmIdentifier `identifier` names; `digest` is
 * the hash where the identifier leaves it open (rsaEncryption in a SignerInfo). Any algorithm that is not above: false.
 */
export function verifies(
  identifier: Uint8Array,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
  digest?: HashName,
): boolean {
  const isRsa = key.asymmetricKeyType === 'rsa';
  // RSA's parameters are NULL, or left out by those who know no better; ECDSA has none.
  const is = (oid: string): boolean =>
    same(identifier, sequence(objectIdentifier(oid))) ||
    (isRsa && same(identifier, sequence(objectIdentifier(oid), nullElement)));
  const ofKey = (name: HashName): boolean => is(isRsa ? hashes[name].rsa : hashes[name].ecdsa);
  if (!isRsa && key.asymmetricKeyType !== 'ec') return false;
  if (isRsa && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return false;
  const hash = hashNames.find(ofKey) ?? (isRsa && is(rsaEncryption) ? digest : undefined);
  if (hash !== undefined) return verify(hashes[hash].node, signed, key, signature);
  const pss = (['PS256', 'PS384', 'PS512'] as const).find((name) => same(identifier, signatureIdentifier(name)));
  if (!isRsa || pss === undefined) return false;
  const { node, length } = hashes[hashOf(pss)];
  return verify(node, signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: length }, signature);
}

/** Whether two byte strings are the same. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

// Key pairs of the test PKI, always made at run time. No key of this project is ever committed.
import { createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

/** RSA-2048 is what the cards carry; the curves are there for the tests of the other algorithms. */
export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'ec-p256' | 'ec-p384' | 'ec-p521';

export type SignatureHash = 'SHA-256' | 'SHA-1';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const CURVES = {
  'ec-p256': { openssl: 'prime256v1', webcrypto: 'P-256' },
  'ec-p384': { openssl: 'secp384r1', webcrypto: 'P-384' },
  'ec-p521': { openssl: 'secp521r1', webcrypto: 'P-521' },
} as const;

const generate = promisify(generateKeyPair);

/** Makes a key pair. RSA takes 0.1-0.5 s, in a thread of its own; a curve takes about a millisecond. */
export async function createKeyPair(kind: KeyKind = 'rsa-2048'): Promise<KeyPair> {
  if (kind === 'rsa-2048' || kind === 'rsa-3072') {
    return generate('rsa', { modulusLength: kind === 'rsa-2048' ? 2048 : 3072, publicExponent: 0x10001 });
  }
  return generate('ec', { namedCurve: CURVES[kind].openssl });
}

/** The pair that belongs to a private key which the caller already has. */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The key in the form that @peculiar/x509 signs certificates with: PKCS#1 v1.5 for RSA. */
export async function signingKeyOf(privateKey: KeyObject, hash: SignatureHash): Promise<webcrypto.CryptoKey> {
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, webAlgorithm(privateKey, hash), false, ['sign']);
}

/** The public key in the form that @peculiar/x509 puts into certificates. */
export async function subjectKeyOf(publicKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', spki, webAlgorithm(publicKey, 'SHA-256'), true, ['verify']);
}

function webAlgorithm(
  key: KeyObject,
  hash: SignatureHash,
): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash };
  const curve = Object.values(CURVES).find(({ openssl }) => openssl === key.asymmetricKeyDetails?.namedCurve);
  if (key.asymmetricKeyType !== 'ec' || curve === undefined)
    throw new TypeError('The test PKI knows RSA and NIST curves.');
  return { name: 'ECDSA', namedCurve: curve.webcrypto };
}

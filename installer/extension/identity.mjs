// Which extension this build is made for: the product's own, or that of a key of the organisation's. The variable below names
// a PEM file with an RSA key; the public half is enough. Host manifests, MSI, policies and programs then carry its id.
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Environment variable: path of the PEM file. */
export const keyVariable = 'KORTBRO_EXTENSION_KEY';

/** The key that the environment names; undefined: the product's own, shared/names.ts. */
export function givenIdentity(environment = process.env) {
  const path = environment[keyVariable] ?? '';
  return path === '' ? undefined : identityOf(readFileSync(path));
}

/** `key` as in an extension's manifest (base64 of the DER), and the id that follows from it. */
export function identityOf(pem) {
  const publicKey = createPublicKey(pem);
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < 2048)
    throw new Error('an extension needs an RSA key of 2048 bits');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest('hex').slice(0, 32);
  const id = Array.from(hash, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('');
  return { key: der.toString('base64'), id };
}

/** For a bundle: what stands in the place of the mark in shared/names.ts. */
export function identityDefinitions(environment = process.env) {
  const identity = givenIdentity(environment);
  return { __EXTENSION_ID__: identity === undefined ? 'undefined' : JSON.stringify(identity.id) };
}

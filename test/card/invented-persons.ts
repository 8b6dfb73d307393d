// Cards for two plainly invented persons, with self-signed certificates made at the spot: for these tests and for trying the
// virtual reader by hand. What needs a real chain of issuers makes its own certificates and passes them in.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { KeyObject, webcrypto } from 'node:crypto';
import { type CardDefinition, type CardKey, type TwoPinCardDefinition } from './card-definition.ts';

export interface InventedPerson {
  readonly givenName: string;
  readonly surname: string;
  /** In the subject's serialNumber. */
  readonly hsaId: string;
  readonly pin: string;
}

export const ANNA: InventedPerson = {
  givenName: 'Anna',
  surname: 'Testsson',
  hsaId: 'SE0000000000-1ABC',
  pin: '123456',
};
export const BERTIL: InventedPerson = {
  givenName: 'Bertil',
  surname: 'Provsson',
  hsaId: 'SE0000000000-2DEF',
  pin: '654321',
};
export const PUK = '87654321';
/** Of cards with two PINs. */
export const SIGNATURE_PIN = '112233';

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
};

/** An authentication and a signature key, both behind the card's one PIN. */
export async function inventedCard(person: InventedPerson): Promise<CardDefinition> {
  return {
    id: person.hsaId,
    label: `${person.givenName} ${person.surname}`,
    pin: person.pin,
    puk: PUK,
    keys: await Promise.all([
      selfSigned(person, x509.KeyUsageFlags.digitalSignature),
      selfSigned(person, x509.KeyUsageFlags.nonRepudiation),
    ]),
  };
}

/** The same keys on a card with two PINs: the person's own for login, another for signatures. */
export async function inventedTwoPinCard(person: InventedPerson): Promise<TwoPinCardDefinition> {
  const { id, label, keys } = await inventedCard(person);
  const [login, signature] = keys;
  return {
    kind: 'myeid',
    id: `two PINs ${id}`,
    label,
    authentication: { pin: person.pin, puk: PUK, keys: login === undefined ? [] : [login] },
    signature: { pin: SIGNATURE_PIN, puk: PUK, keys: signature === undefined ? [] : [signature] },
  };
}

async function selfSigned(person: InventedPerson, usage: x509.KeyUsageFlags): Promise<CardKey> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [
      { C: ['SE'] },
      { CN: [`${person.givenName} ${person.surname}`] },
      { SN: [person.surname] },
      { G: [person.givenName] },
      { '2.5.4.5': [person.hsaId] },
    ],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.KeyUsagesExtension(usage, true)],
  });
  return { privateKey: KeyObject.from(keys.privateKey), certificate: new Uint8Array(certificate.rawData) };
}

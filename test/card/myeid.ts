// A PKCS#15 card as OpenSC 0.23's MyEID driver sees it: a PIN for login and one for signatures, each with its PUK and keys of its own,
// RSA 2048 and 3072, P-256 and P-384. The layout satisfies that driver; a real card's was not at hand. See README.md.
import { createHash, type KeyObject } from 'node:crypto';
import { integer, sequence, tlv } from '../agent/certificates/der.ts';
import { signEcdsa } from '../../agent/tokens/simulator/simulated-key.ts';
import { type CardKey, checkTwoPinCard, type TwoPinCardDefinition } from './card-definition.ts';
import { signPkcs1, signRaw } from './emsa.ts';
import { type Instruction, IsoCard, type Reply } from './iso7816.ts';
import { PinObject } from './pin-object.ts';
import {
  certificateDirectory,
  objectDirectory,
  pinDirectory,
  type Pkcs15Certificate,
  type Pkcs15Key,
  privateKeyDirectory,
  tokenInfo,
} from './pkcs15.ts';
import { simpleTlv } from './simple-tlv.ts';
import { SW } from './status-words.ts';

/** P2 of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER. */
export const MYEID_PINS = { authentication: 1, signature: 2 } as const;

const ATR = '3bf59600008031fe454d7945494414';
const APPLICATION = 'a000000063504b43532d3135';
const FILES = { pins: '4401', privateKeys: '4402', certificates: '4403' } as const;
const FIRST_KEY_FILE = 0x4b01;
const FIRST_CERTIFICATE_FILE = 0x4301;
const FIRST_ISSUER_FILE = 0x4381;
const FIRST_ID = 0x45;
const FIRST_ISSUER_ID = 0x90;
const PIN_BYTES = 8;

/** The algorithm byte of MSE: whole RSA blocks, RSA over a DigestInfo that the card pads (PKCS #1 v1.5), ECDSA. */
const RSA_RAW = 0x00;
const RSA_PKCS1 = 0x02;
const ECDSA = 0x04;

interface KeyOnCard {
  readonly file: string;
  readonly id: number;
  readonly key: CardKey;
  readonly pin: PinObject;
  readonly authId: number;
  readonly isForSignatures: boolean;
  /** One signature spends the verification of the PIN. */
  readonly spends: boolean;
}

/** A card that has just been made for its holder: full tries unless the definition says otherwise, nothing verified. */
export function createMyEid(definition: TwoPinCardDefinition): IsoCard {
  const { id, label, authentication, signature, issuers = [] } = checkTwoPinCard(definition);
  const pins = { authentication: pinOf(authentication), signature: pinOf(signature) };
  const keys = [...authentication.keys, ...signature.keys].map((key, index): KeyOnCard => {
    const isForSignatures = index >= authentication.keys.length;
    return {
      file: hex(FIRST_KEY_FILE + index),
      id: FIRST_ID + index,
      key,
      pin: isForSignatures ? pins.signature : pins.authentication,
      authId: isForSignatures ? MYEID_PINS.signature : MYEID_PINS.authentication,
      isForSignatures,
      spends: isForSignatures && (signature.alwaysAuthenticate ?? true),
    };
  });
  const serialNumber = createHash('sha256').update(`myeid\0${id}`).digest().subarray(0, 10);
  const signing = createSigning(keys);
  const logOut: Instruction = ({ p1, p2 }) => {
    if (p1 !== 0) return { sw: SW.wrongP1P2 };
    const all = [...Object.values(pins)];
    const pin = all[p2 - 1];
    if (p2 !== 0 && pin === undefined) return { sw: SW.referenceNotFound };
    for (const each of p2 === 0 ? all : [pin]) each?.forget();
    return { sw: SW.ok };
  };
  return new IsoCard({
    atr: Buffer.from(ATR, 'hex'),
    applications: [APPLICATION],
    files: createFiles(label, serialNumber, keys, issuers),
    pins: new Map([
      [MYEID_PINS.authentication, pins.authentication],
      [MYEID_PINS.signature, pins.signature],
    ]),
    instructions: new Map<number, Instruction>([
      [0xca, getData(serialNumber)],
      [0x2e, logOut],
      ...signing.instructions,
    ]),
    signatures: signing.counts,
    describeFile: fileControlInformation,
    onPowerChange: signing.forget,
  });
}

function pinOf({ pin, puk, triesLeft }: TwoPinCardDefinition['authentication']): PinObject {
  return new PinObject({ pin, puk, storedLength: PIN_BYTES, ...(triesLeft === undefined ? {} : { triesLeft }) });
}

/** GET DATA. 01A0: the applet with its version 4.5.0, the card's serial number, a counter of changes. 01AA: what it can do. */
function getData(serialNumber: Buffer): Instruction {
  const objects = new Map([
    [0x01a0, Buffer.concat([Buffer.from('MyEID'), Buffer.of(4, 5, 0), serialNumber, Buffer.alloc(2)])],
    // Version 1; RSA and ECC; RSA to 4096 bits, no DES, no AES, ECC to 521.
    [0x01aa, Buffer.from('01' + '0009' + '1000' + '0000' + '0000' + '0209', 'hex')],
  ]);
  return ({ p1, p2 }) => {
    const body = objects.get((p1 << 8) | p2);
    return body === undefined ? { sw: SW.referenceNotFound } : { sw: SW.ok, body };
  };
}

/** MSE SET and PSO: COMPUTE DIGITAL SIGNATURE, with what they remember between them. */
function createSigning(keys: readonly KeyOnCard[]) {
  let environment: { algorithm: number; index: number } | undefined;
  const counts = keys.map(() => 0);

  const setEnvironment: Instruction = ({ p1, p2, data }) => {
    if (p1 !== 0x41 || p2 !== 0xb6) return { sw: SW.wrongP1P2 };
    environment = undefined;
    const values = simpleTlv(data);
    const algorithm = values?.get(0x80);
    const file = values?.get(0x81);
    if (algorithm?.length !== 1 || file?.length !== 2) return { sw: SW.wrongData };
    const index = keys.findIndex((key) => key.file === file.toString('hex'));
    const key = keys[index];
    if (key === undefined) return { sw: SW.referenceNotFound };
    const [wanted = -1] = algorithm;
    const fits = kindOf(key.key.privateKey) === 'ec' ? wanted === ECDSA : wanted === RSA_RAW || wanted === RSA_PKCS1;
    if (!fits) return { sw: SW.wrongData };
    environment = { algorithm: wanted, index };
    return { sw: SW.ok };
  };

  const performSecurityOperation: Instruction = ({ p1, p2, data }): Reply => {
    if (p1 !== 0x9e || p2 !== 0x9a) return { sw: SW.wrongP1P2 };
    const key = environment === undefined ? undefined : keys[environment.index];
    if (environment === undefined || key === undefined) return { sw: SW.conditionsNotSatisfied };
    if (!key.pin.verified) return { sw: SW.notSatisfied };
    // Also by what then comes to nothing: a verification is good for one command.
    if (key.spends) key.pin.forget();
    const body = sign(key.key.privateKey, environment.algorithm, data);
    if (body === undefined) return { sw: SW.wrongData };
    counts[environment.index] = (counts[environment.index] ?? 0) + 1;
    return { sw: SW.ok, body };
  };

  return {
    counts,
    instructions: new Map<number, Instruction>([
      [0x22, setEnvironment],
      [0x2a, performSecurityOperation],
    ]),
    forget: (): void => {
      environment = undefined;
    },
  };
}

/** Undefined when the data does not fit the algorithm or the key. ECDSA signatures are in DER, as this card has them. */
function sign(key: KeyObject, algorithm: number, data: Buffer): Buffer | undefined {
  try {
    if (algorithm === RSA_RAW) return signRaw(key, data);
    if (algorithm === RSA_PKCS1) return data.length === 0 ? undefined : signPkcs1(key, data);
    const size = bitsOf(key) / 8;
    if (data.length !== size) return undefined;
    const signature = signEcdsa(key, data);
    return sequence(derInteger(signature.subarray(0, size)), derInteger(signature.subarray(size)));
  } catch {
    return undefined;
  }
}

function derInteger(value: Uint8Array): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  const significant = value.subarray(first);
  return (significant[0] ?? 0) >= 0x80 ? integer(0, ...significant) : integer(...significant);
}

function createFiles(
  label: string,
  serialNumber: Buffer,
  keys: readonly KeyOnCard[],
  issuers: readonly Uint8Array[],
): ReadonlyMap<string, Uint8Array> {
  const { authentication, signature } = MYEID_PINS;
  // A PUK has a reference of its own in the directory; the card takes it with RESET RETRY COUNTER alone.
  const pins = [
    { label: 'Legitimering', authId: authentication, reference: authentication, puk: 3 },
    { label: 'Underskrift', authId: signature, reference: signature, puk: 4 },
    { label: 'PUK legitimering', authId: 3, reference: 3 },
    { label: 'PUK underskrift', authId: 4, reference: 4 },
  ];
  const names = keys.map(({ isForSignatures }) => (isForSignatures ? 'Underskrift' : 'Legitimering'));
  const directory = keys.map((key, index): Pkcs15Key => {
    const { privateKey } = key.key;
    const entry = { label: names[index] ?? '', id: key.id, file: key.file, authId: key.authId };
    const kind = { kind: kindOf(privateKey), bits: bitsOf(privateKey), nonRepudiation: key.isForSignatures };
    return { ...entry, ...kind, ...(key.spends ? { userConsent: 1 } : {}) };
  });
  const own = keys.map(({ id, key }, index) => {
    const entry: Pkcs15Certificate = { label: names[index] ?? '', id, file: hex(FIRST_CERTIFICATE_FILE + index) };
    return { ...entry, content: key.certificate };
  });
  const above = issuers.map((content, index) => {
    const [id, file] = [FIRST_ISSUER_ID + index, hex(FIRST_ISSUER_FILE + index)];
    return { label: `CA ${index + 1}`, id, file, content };
  });
  return new Map<string, Uint8Array>([
    ['3f00', Buffer.alloc(0)],
    ['5015', Buffer.alloc(0)],
    ['5031', objectDirectory(FILES)],
    ['5032', tokenInfo(serialNumber, label)],
    [FILES.pins, pinDirectory(pins)],
    [FILES.privateKeys, privateKeyDirectory(directory)],
    [FILES.certificates, certificateDirectory([...own, ...above])],
    ...keys.map(({ file }): [string, Uint8Array] => [file, Buffer.alloc(0)]),
    ...[...own, ...above].map(({ file, content }): [string, Uint8Array] => [file, content]),
  ]);
}

/** ISO 7816-4 7.4.3: size, kind (a directory, a key, a transparent file), identifier, access rules, in use. */
function fileControlInformation(fileId: string, { length: size }: Uint8Array): Uint8Array {
  const identifier = tlv(0x83, Buffer.from(fileId, 'hex'));
  const inUse = tlv(0x8a, Buffer.of(5));
  if (fileId === '3f00' || fileId === '5015') return tlv(0x6f, tlv(0x82, Buffer.of(0x38)), identifier, inUse);
  const kind = tlv(0x82, Buffer.of(fileId.startsWith('4b') ? 0x11 : 0x01));
  const rules = tlv(0x86, Buffer.alloc(3));
  return tlv(0x6f, tlv(0x80, Buffer.of(size >> 8, size & 0xff)), kind, identifier, rules, inUse);
}

function kindOf({ asymmetricKeyType }: KeyObject): 'rsa' | 'ec' {
  return asymmetricKeyType === 'ec' ? 'ec' : 'rsa';
}

function bitsOf({ asymmetricKeyDetails }: KeyObject): number {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  return modulusLength ?? (namedCurve === 'secp384r1' ? 384 : 256);
}

function hex(file: number): string {
  return file.toString(16);
}

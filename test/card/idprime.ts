// An IDPrime 940 as OpenSC 0.23's `idprime` driver sees it: one PIN (0x11), RSA-2048 keys from reference 0x56 on, compressed
// certificates from file 0210 on. The layout satisfies that driver; a real card's was not at hand. See README.md.
import { createHash, type KeyObject } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { type CardDefinition, checkCardDefinition } from './card-definition.ts';
import { type CommandApdu } from './command-apdu.ts';
import { type HashName, signPkcs1, signPkcs1Digest, signPssDigest } from './emsa.ts';
import { type Instruction, IsoCard, type Reply } from './iso7816.ts';
import { PinObject } from './pin-object.ts';
import { simpleTlv } from './simple-tlv.ts';
import { SW } from './status-words.ts';

/** P2 of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER. */
export const IDPRIME_PIN = 0x11;

const ATR_940 = '3b7f96000080318065b0855956fb120ffe829000';
const APPLICATION = 'a000000018800000000662';
const FIRST_KEY = 0x56;

/** The algorithm byte of MSE: the upper half names the hash (none for raw PKCS #1), the lower the padding. */
const PKCS1_RAW = 0x02;
const ALGORITHMS: ReadonlyMap<number, { hash: HashName; padding: 'pkcs1' | 'pss' }> = new Map([
  [0x42, { hash: 'sha256', padding: 'pkcs1' }],
  [0x52, { hash: 'sha384', padding: 'pkcs1' }],
  [0x62, { hash: 'sha512', padding: 'pkcs1' }],
  [0x45, { hash: 'sha256', padding: 'pss' }],
  [0x55, { hash: 'sha384', padding: 'pss' }],
  [0x65, { hash: 'sha512', padding: 'pss' }],
]);

/** A card that has just been manufactured for its holder: full tries unless the definition says otherwise, not verified. */
export function createIdPrime(definition: CardDefinition): IsoCard {
  const { id, label, pin, puk, keys, triesLeft } = checkCardDefinition(definition);
  const pinObject = new PinObject({ pin, puk, ...(triesLeft === undefined ? {} : { triesLeft }) });
  const signing = createSigning(keys, pinObject);
  const cplc = productionLifeCycle(id);
  return new IsoCard({
    atr: Buffer.from(ATR_940, 'hex'),
    applications: [APPLICATION],
    files: createFiles(id, label, keys),
    pins: new Map([[IDPRIME_PIN, pinObject]]),
    instructions: new Map<number, Instruction>([[0xca, getData(cplc)], ...signing.instructions]),
    signatures: signing.counts,
    describeFile: fileControlInformation,
    onPowerChange: signing.forget,
  });
}

/** GET DATA. 9F7F is the card's identity (see `productionLifeCycle`), DF30 the version of the applet. */
function getData(cplc: Buffer): Instruction {
  const objects = new Map([
    [0x9f7f, cplc],
    [0xdf30, Buffer.from([0xdf, 0x30, 0x07, ...Buffer.from('4.4.2.A')])],
  ]);
  return ({ p1, p2 }) => {
    const body = objects.get((p1 << 8) | p2);
    return body === undefined ? { sw: SW.referenceNotFound } : { sw: SW.ok, body };
  };
}

/** MSE SET and the two halves of PSO: COMPUTE DIGITAL SIGNATURE, with what they remember between them. */
function createSigning(keys: CardDefinition['keys'], pin: PinObject) {
  let environment: { algorithm: number; key: number } | undefined;
  let hash: Buffer | undefined;
  const counts = keys.map(() => 0);

  const setEnvironment: Instruction = ({ p1, p2, data }) => {
    if (p1 !== 0x41 || p2 !== 0xb6) return { sw: SW.wrongP1P2 };
    const values = simpleTlv(data);
    const algorithm = values?.get(0x80)?.[0];
    const key = values?.get(0x84)?.[0];
    if (algorithm === undefined || key === undefined) return { sw: SW.wrongData };
    if (keys[key - FIRST_KEY] === undefined) return { sw: SW.referenceNotFound };
    environment = { algorithm, key };
    hash = undefined;
    return { sw: SW.ok };
  };

  const takeHash = ({ data }: CommandApdu): Reply => {
    if (data[0] !== 0x90 || data[1] === undefined || data.length !== 2 + data[1]) return { sw: SW.wrongData };
    hash = Buffer.from(data.subarray(2));
    return { sw: SW.ok, body: hash };
  };

  const computeSignature = (): Reply => {
    const privateKey = environment === undefined ? undefined : keys[environment.key - FIRST_KEY]?.privateKey;
    if (environment === undefined || privateKey === undefined || hash === undefined) {
      return { sw: SW.conditionsNotSatisfied };
    }
    if (!pin.verified) return { sw: SW.notSatisfied };
    const body = sign(privateKey, environment.algorithm, hash);
    hash = undefined;
    if (body === undefined) return { sw: SW.wrongData };
    const index = environment.key - FIRST_KEY;
    counts[index] = (counts[index] ?? 0) + 1;
    return { sw: SW.ok, body };
  };

  const performSecurityOperation: Instruction = (command) => {
    const operation = (command.p1 << 8) | command.p2;
    if (operation === 0x90a0) return takeHash(command);
    if (operation === 0x9e9a) return computeSignature();
    return { sw: SW.wrongP1P2 };
  };

  return {
    counts,
    instructions: new Map<number, Instruction>([
      [0x22, setEnvironment],
      [0x2a, performSecurityOperation],
    ]),
    forget: (): void => {
      environment = undefined;
      hash = undefined;
    },
  };
}

/** Undefined when the algorithm is not the card's, or the hash does not fit it or the key. */
function sign(key: KeyObject, reference: number, hash: Buffer): Buffer | undefined {
  const algorithm = ALGORITHMS.get(reference);
  try {
    if (reference === PKCS1_RAW) return signPkcs1(key, hash);
    if (algorithm === undefined) return undefined;
    return algorithm.padding === 'pss'
      ? signPssDigest(key, algorithm.hash, hash)
      : signPkcs1Digest(key, algorithm.hash, hash);
  } catch {
    return undefined;
  }
}

/** Files by identifier, with 0101 as the index of those that a minidriver would see. */
function createFiles(id: string, label: string, keys: CardDefinition['keys']): ReadonlyMap<string, Buffer> {
  const listed: { fileId: string; name: string; folder: string; content: Buffer }[] = [
    { fileId: '0201', name: 'cardid', folder: '', content: derive(id, 'cardid', 16) },
    { fileId: '0202', name: 'cardcf', folder: '', content: Buffer.alloc(6) },
    { fileId: '0203', name: 'cardapps', folder: '', content: Buffer.from('mscp\0\0\0\0') },
    { fileId: '0204', name: 'cmapfile', folder: 'mscp', content: containerMap(id, keys.length) },
    ...keys.map(({ certificate }, index) => ({
      fileId: (0x0210 + index).toString(16).padStart(4, '0'),
      name: `kxc0${index}`,
      folder: 'mscp',
      content: compressed(certificate),
    })),
  ];
  // Index byte, length, text ended by a zero: read as the token's label.
  const text = Buffer.from(`${label}\0`);
  listed.push({ fileId: '0230', name: 'tinfo', folder: 'p11', content: Buffer.from([1, text.length, ...text]) });

  const entries = listed.map(({ fileId, name, folder, content }) => {
    const entry = Buffer.alloc(21);
    entry.write(fileId, 0, 'hex');
    entry.writeUInt16BE(content.length, 2);
    entry.write(name, 4, 8, 'latin1');
    entry.write(folder, 12, 8, 'latin1');
    return entry;
  });
  const files = new Map(listed.map(({ fileId, content }) => [fileId, content]));
  files.set('0101', Buffer.concat([Buffer.from([entries.length]), ...entries]));
  files.set('0005', keyReferences(keys.length));
  return files;
}

/** A certificate file: 01 00, the length before compression (little-endian), zlib. */
function compressed(certificate: Uint8Array): Buffer {
  const head = Buffer.from([0x01, 0x00, certificate.length & 0xff, certificate.length >> 8]);
  return Buffer.concat([head, deflateSync(certificate)]);
}

/** The minidriver's container map: 86 bytes a container, name in UTF-16, flags, sizes of signature and exchange key in bits. */
function containerMap(id: string, count: number): Buffer {
  const map = Buffer.alloc(86 * 15);
  for (let index = 0; index < count; index += 1) {
    const at = 86 * index;
    const name = derive(id, `container ${index}`, 16).toString('hex');
    map.write(name, at, 'utf16le');
    map[at + 80] = index === 0 ? 0x03 : 0x01;
    map.writeUInt16LE(2048, at + 84);
  }
  return map;
}

/** Which key belongs to which container, and the index of its PIN. OpenSC 0.23 does not read it; 0.25 and later do. */
function keyReferences(count: number): Buffer {
  const records = Buffer.alloc(8 * 15);
  for (let index = 0; index < count; index += 1) records.set([1, FIRST_KEY + index, index, 0, 0, 0, 0, 1], 8 * index);
  return records;
}

/**
 * The card production life cycle (GET DATA 9F7F): 9F7F, length, then 42 bytes. Byte 11 of the answer is the OS release level;
 * 04 makes OpenSC fill PINs up to 16 bytes. Serial number and batch come from the card's id, so no two cards agree.
 */
function productionLifeCycle(id: string): Buffer {
  const chip = Buffer.from('40906178129100000400' + '3101', 'hex');
  const serialAndBatch = derive(id, 'cplc', 6);
  const manufacture = Buffer.from('129231011293310112943101' + '00000001' + '12953101' + '00000002', 'hex');
  return Buffer.concat([Buffer.from('9f7f2a', 'hex'), chip, serialAndBatch, manufacture]);
}

/** ISO 7816-4 7.4.3: size, kind (a transparent file), identifier, in use. */
function fileControlInformation(fileId: string, content: Uint8Array): Uint8Array {
  const size = content.length;
  const fields = [0x81, 2, size >> 8, size & 0xff, 0x82, 1, 1, 0x83, 2, ...Buffer.from(fileId, 'hex'), 0x8a, 1, 5];
  return Uint8Array.from([0x6f, fields.length, ...fields]);
}

function derive(id: string, purpose: string, length: number): Buffer {
  return createHash('sha256').update(`${purpose}\0${id}`).digest().subarray(0, length);
}

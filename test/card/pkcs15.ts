// The directories of a PKCS#15 card (ISO/IEC 7816-15, PKCS #15 v1.1), as far as a card with two PINs and some keys needs them: what is
// on the card, where it stands, and which PIN guards it.
import { integer, sequence, tlv, utf8 } from '../agent/certificates/der.ts';

/** Files below 3F00/5015. */
export interface Pkcs15Paths {
  readonly pins: string;
  readonly privateKeys: string;
  readonly certificates: string;
}

/** A PIN, or the PUK of one. */
export interface Pkcs15Pin {
  readonly label: string;
  readonly authId: number;
  /** P2 of VERIFY. */
  readonly reference: number;
  /** The authId of its PUK; a PUK has none itself. */
  readonly puk?: number;
}

export interface Pkcs15Key {
  readonly label: string;
  readonly id: number;
  readonly file: string;
  readonly kind: 'rsa' | 'ec';
  readonly bits: number;
  /** Key usage: login keys sign and decrypt, the others are for nonRepudiation alone. */
  readonly nonRepudiation: boolean;
  /** The authId of the PIN that guards it. */
  readonly authId: number;
  /** How many signatures one verification is good for (CKA_ALWAYS_AUTHENTICATE when it is 1). */
  readonly userConsent?: number;
}

export interface Pkcs15Certificate {
  readonly label: string;
  readonly id: number;
  readonly file: string;
}

const byte = (value: number): Buffer => tlv(0x04, Buffer.of(value));

/** BIT STRING with these bits set, counted from the most significant one. */
function bits(...set: number[]): Buffer {
  const highest = Math.max(-1, ...set);
  if (highest < 0) return tlv(0x03, Buffer.of(0));
  const content = Buffer.alloc((highest >> 3) + 1);
  for (const bit of set) content[bit >> 3] = (content[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return tlv(0x03, Buffer.of(7 - (highest & 7)), content);
}

function unsigned(value: number): Buffer {
  return value < 0x80 ? integer(value) : integer(value >> 8, value & 0xff);
}

const pathOf = (file: string): Buffer => sequence(tlv(0x04, Buffer.from(file, 'hex')));

/** Object directory (EF.ODF): where the other directories stand. */
export function objectDirectory({ pins, privateKeys, certificates }: Pkcs15Paths): Buffer {
  const at = (file: string): Buffer => pathOf(`3f005015${file}`);
  return Buffer.concat([tlv(0xa8, at(pins)), tlv(0xa0, at(privateKeys)), tlv(0xa4, at(certificates))]);
}

/** EF.TokenInfo: serial number, maker, label. Flags: login required, random numbers. */
export function tokenInfo(serialNumber: Uint8Array, label: string): Buffer {
  const version = integer(0);
  return sequence(version, tlv(0x04, serialNumber), utf8('Kortbro test'), tlv(0x80, Buffer.from(label)), bits(1, 2));
}

/** EF.AODF. PINs of 6 to 8 digits, stored in eight bytes that are filled up with FF. Private and modifiable. */
export function pinDirectory(pins: readonly Pkcs15Pin[]): Buffer {
  const object = ({ label, authId, reference, puk }: Pkcs15Pin): Buffer => {
    const guardian = puk === undefined ? [] : [byte(puk)];
    // local, initialised, filled up; a PUK: unblocking too.
    const flags = puk === undefined ? bits(1, 4, 5, 6) : bits(1, 4, 5);
    const asciiDigits = tlv(0x0a, Buffer.of(1));
    const lengths = [integer(6), integer(8), integer(8)];
    const rest = [tlv(0x80, Buffer.of(reference)), tlv(0x04, Buffer.of(0xff)), pathOf('3f005015')];
    const attributes = sequence(flags, asciiDigits, ...lengths, ...rest);
    return sequence(sequence(utf8(label), bits(0, 1), ...guardian), sequence(byte(authId)), tlv(0xa1, attributes));
  };
  return Buffer.concat(pins.map(object));
}

/** EF.PrKDF. Private; sensitive, never to be extracted, made on the card. */
export function privateKeyDirectory(keys: readonly Pkcs15Key[]): Buffer {
  const object = (key: Pkcs15Key): Buffer => {
    const consent = key.userConsent === undefined ? [] : [integer(key.userConsent)];
    const signs = key.kind === 'ec' ? bits(2) : bits(1, 2, 5);
    const usage = key.nonRepudiation ? bits(9) : signs;
    const parts = [
      sequence(utf8(key.label), bits(0), byte(key.authId), ...consent),
      sequence(byte(key.id), usage, bits(0, 2, 3, 4), integer(0)),
      tlv(0xa1, sequence(pathOf(`3f005015${key.file}`), unsigned(key.bits))),
    ];
    return key.kind === 'ec' ? tlv(0xa0, ...parts) : sequence(...parts);
  };
  return Buffer.concat(keys.map(object));
}

/** EF.CDF. */
export function certificateDirectory(certificates: readonly Pkcs15Certificate[]): Buffer {
  const object = ({ label, id, file }: Pkcs15Certificate): Buffer =>
    sequence(sequence(utf8(label), bits()), sequence(byte(id)), tlv(0xa1, sequence(pathOf(`3f005015${file}`))));
  return Buffer.concat(certificates.map(object));
}
